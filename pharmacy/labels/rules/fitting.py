"""Breaking text into lines that fit. What does not fit is refused: never shrunk, never cut."""

from collections.abc import Callable

from pharmacy.kernel.refusals import Invalid

Width = Callable[[str], float]
"""Says how wide a text is, in points, in the face and size in which it will be drawn."""


class TextTooLong(Invalid):
    """A text does not fit its place on the label at the smallest size that the rules allow."""

    code = "label-text-too-long"
    remedy = "Shorten the text at its source, or label this order by hand; nothing was printed."


def wrapped(text: str, *, room: float, width: Width) -> list[str]:
    """
    Break a text at its spaces, and after hyphens, into the fewest lines that fit `room`.

    Raises:
        TextTooLong: One word alone is wider than the room.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if width((line + piece).rstrip()) <= room:
            line += piece
            continue
        if line:
            lines.append(line.rstrip())
        line = piece.lstrip()
        if width(line.rstrip()) > room:
            raise TextTooLong("a word is wider than its place on the label", letters=len(piece))
    return [*lines, line.rstrip()] if line else lines


def _pieces(text: str) -> list[str]:
    """Split after every space and hyphen; the parts together are the text."""
    pieces: list[str] = []
    start = 0
    for place, letter in enumerate(text, start=1):
        if letter in " -":
            pieces.append(text[start:place])
            start = place
    return [*pieces, text[start:]] if start < len(text) else pieces
