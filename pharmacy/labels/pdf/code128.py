"""
Code 128: a text as bars and spaces.

Digits stand in pairs where at least four follow each other, everything else letter by letter.
Source: ISO/IEC 15417.
"""

import re
from typing import Final

WIDTHS: Final = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 "
    "112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 "
    "311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 "
    "112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 "
    "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 "
    "122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 "
    "124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
)
"""Of each value: how many modules wide its bars and spaces are, in turn."""
PAIRS: Final = 99
LETTERS: Final = 100
"""What follows is in pairs, or letter by letter."""
START: Final = {LETTERS: 104, PAIRS: 105}
STOP: Final = 106
FIRST: Final = ord(" ")
MODULUS: Final = 103

RUNS: Final = re.compile(r"((?:[0-9]{2}){2,})|((?:(?![0-9]{4})[ -~])+)")


def values(text: str) -> list[int]:
    """
    Return the values of a symbol, with its beginning, check and end.

    Raises:
        ValueError: There is no text, or it is not printable ASCII.
    """
    if not (text and text.isascii() and text.isprintable()):
        raise ValueError("bars hold printable ASCII only")
    found: list[int] = []
    for pairs, letters in RUNS.findall(text):
        if pairs:
            found += [PAIRS, *[int(pairs[at : at + 2]) for at in range(0, len(pairs), 2)]]
        else:
            found += [LETTERS, *[ord(letter) - FIRST for letter in letters]]
    found[0] = START[found[0]]
    weighted = [place * value for place, value in enumerate(found)]
    return [*found, (found[0] + sum(weighted)) % MODULUS, STOP]
