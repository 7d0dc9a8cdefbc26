"""Breaking text into lines that fit. What does not fit is refused: never shrunk, never cut."""

import re
from collections.abc import Callable, Iterator
from typing import Final

from pharmacy.kernel.refusals import Invalid

Width = Callable[[str], float]
"""Says how wide a text is, in points, in the face and size in which it will be drawn."""


class TextTooLong(Invalid):
    """A text does not fit its place on the label at the smallest size that the rules allow."""

    code = "label-text-too-long"
    remedy = "Shorten the text at its source, or label this order by hand; nothing was printed."


def wrapped(text: str, *, room: float, width: Width, indent: float = 0) -> list[str]:
    """
    Break a text at its spaces, and after hyphens, into the fewest lines that fit `room`; a word of
    ideographs or kana that is wider than a line also between them.

    Args:
        width: Additive: two texts together are as wide as each alone.
        indent: How much of the first line is taken already.

    Raises:
        TextTooLong: One word alone is wider than a line.
    """
    if indent + width(text) <= room:
        return [text.rstrip()]
    lines: list[str] = []
    line, used = "", indent
    for piece in _pieces(text, room=room, width=width):
        wide, word = width(piece), piece.rstrip(" ")
        blank = wide - width(word) if word != piece else 0
        if used + wide - blank > room:
            lines.append(line.rstrip(" "))
            line, used = "", 0
            if wide - blank > room:
                raise TextTooLong("a word is wider than its place", letters=len(piece))
        line += piece
        used += wide
    return [*lines, line.rstrip(" ")]


_FREE: Final = "\u3005-\u3007\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Ideographs and kana stand without spaces between them."""
_BOUND: Final = (
    "\u3000-\u3005\u3009\u300b\u300d\u300f\u3011ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ・ー"
)
"""What never begins a line: closing signs, small kana, marks that repeat or lengthen."""
PIECE: Final = re.compile(r"[^ -]*-+ *|[^ -]+ *| +")
"""What a line may end after: a word with the spaces behind it, or the part up to a hyphen."""
PART: Final = re.compile(f"[{_FREE}][{_BOUND}]* *|[^{_FREE}]+")
"""What a line may end after in a word that is wider than a line."""


def _pieces(text: str, *, room: float, width: Width) -> Iterator[str]:
    for piece in PIECE.findall(text):
        is_wide = not piece.isascii() and width(piece) > room
        yield from PART.findall(piece) if is_wide else [piece]
