"""Which alphabets a name may be written in: every letter of each has a glyph in both weights."""

import unicodedata
from typing import Final

import pytest

from pharmacy.labels import pdf
from pharmacy.labels.pdf.fonts import COVERED
from pharmacy.labels.rules.text_checks import drawable
from tests.factories.labels import make_label
from tests.rules.labels.pictures import text_of


def _letters(first: int, last: int) -> str:
    """Return the letters of a Unicode range, both ends included."""
    return "".join(
        chr(code) for code in range(first, last + 1) if unicodedata.category(chr(code))[0] == "L"
    )


VOWELS: Final = "aăâeêioôơuưy"
TONES: Final = ("", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323")
"""None, huyền, hỏi, ngã, sắc, nặng."""
LOWER: Final = "đ" + "".join(
    unicodedata.normalize("NFC", vowel + tone) for vowel in VOWELS for tone in TONES
)
ALPHABETS: Final = {
    "Latin, with the letters of western and central Europe": _letters(0xC0, 0x17E),
    "Vietnamese": LOWER + LOWER.upper(),
    "Greek, with accents": _letters(0x386, 0x3CE),
    "Cyrillic": _letters(0x400, 0x45F),
}


def test_vietnamese_has_72_vowels_with_their_tones_and_one_more_letter() -> None:
    assert len(set(LOWER)) == 12 * 6 + 1


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_every_letter_of_an_alphabet_is_drawn_whole(alphabet: str) -> None:
    letters = ALPHABETS[alphabet]

    assert drawable(letters, name="patient", covered=COVERED) == letters


@pytest.mark.parametrize("alphabet", ALPHABETS)
def test_every_letter_of_an_alphabet_is_read_back_from_a_label(alphabet: str) -> None:
    letters = ALPHABETS[alphabet]

    for start in range(0, len(letters), 12):
        name = letters[start : start + 12]

        assert name in text_of(pdf.container_labels([make_label(patient=name)]))
