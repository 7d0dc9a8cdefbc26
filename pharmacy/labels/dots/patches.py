"""What one shape is in dots: a small black picture."""

from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from pharmacy.labels.pdf.barcode import DARK, LIGHT, Symbol

POINTS: Final = 72
BITS: Final = 8
KEPT: Final = 2048
"""How many of a kind are kept. Some 30 shapes of a label recur, and 5 are its own."""
DIGITS: Final = {
    across: bytes.maketrans(DARK + LIGHT, b"%x0" % ((1 << across) - 1)) for across in (1, 2, 3, 4)
}
"""Of modules so many dots wide: each module as a digit."""


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """
    Some black dots, and where they lie from the dot at which their shape is placed.

    One is the same as another only if it is the very same: those that are kept are shared.
    """

    right: int
    """From that dot to the left edge."""
    down: int
    """From that dot to the top edge: negative for what stands on it."""
    wide: int
    high: int
    dots: bytes
    """Rows from the top, each filled up to whole bytes; the first bit is leftmost, 1 is black."""
    times: int = 1
    """How often each row stands: rows of a symbol are the same for the height of a module."""

    @property
    def row(self) -> int:
        """How many bytes a row has."""
        return -(-self.wide // BITS)

    @property
    def image(self) -> Image.Image:
        rows = [self.dots[at : at + self.row] for at in range(0, len(self.dots), self.row)]
        dots = b"".join([row * self.times for row in rows]) if self.times > 1 else self.dots
        return Image.frombytes("1", (self.wide, self.high), dots)


def patch(image: Image.Image, box: tuple[int, int, int, int]) -> Patch | None:
    """Return what is black in a part of a picture, placed from the picture's corner."""
    part = image.crop(box)
    inked = part.getbbox()
    if inked is None:
        return None
    ink = part.crop(inked)
    return Patch(box[0] + inked[0], box[1] + inked[1], *ink.size, ink.tobytes())


def bar(wide: int, high: int) -> Patch:
    """Return a filled rectangle that stands on its place."""
    return Patch(0, -high, wide, high, Image.new("1", (wide, high), 1).tobytes())


def rounded(wide: int, high: int, *, radius: float, outline: int) -> Patch:
    """Return a rectangle with round corners: filled, or with an outline of so many dots."""
    image = Image.new("1", (wide, high), 0)
    ImageDraw.Draw(image).rounded_rectangle(
        (0, 0, wide - 1, high - 1),
        radius=radius,
        fill=None if outline else 1,
        outline=1 if outline else None,
        width=outline,
    )
    return Patch(0, -high, wide, high, image.tobytes())


def symbol(code: Symbol, *, across: int, up: int) -> Patch:
    """
    Return a symbol whose modules are so many dots wide and high.

    A module that is n dots wide is one digit of base 2^n: 0, or the one of which all bits are 1.
    """
    wide = code.modules * across
    row = -(-wide // BITS)
    blank = row * BITS - wide
    digits = code.cells.translate(DIGITS[across])
    rows = [
        (int(digits[at : at + code.modules], base=1 << across) << blank).to_bytes(row, "big")
        for at in range(0, len(digits), code.modules)
    ]
    high = len(rows) * up
    return Patch(0, -high, wide, high, b"".join(rows), times=up)
