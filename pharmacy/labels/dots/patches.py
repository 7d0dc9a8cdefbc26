"""What one shape is in dots: a small black picture."""

from dataclasses import dataclass
from typing import Final

from PIL import Image, ImageDraw

from pharmacy.labels.pdf.barcode import DARK, LIGHT, Symbol

POINTS: Final = 72
BITS: Final = 8
KEPT: Final = 2048
"""How many of a kind are kept. Some 30 shapes of a label recur, and 5 are its own."""
DIGITS: Final = bytes.maketrans(DARK + LIGHT, b"10")


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

    @property
    def image(self) -> Image.Image:
        return Image.frombytes("1", (self.wide, self.high), self.dots)


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
    """Return a symbol whose modules are so many dots wide and high."""
    wide = code.modules * across
    row = -(-wide // BITS)
    blank = row * BITS - wide
    digits = code.cells.translate(DIGITS)
    digits = digits.replace(b"0", b"0" * across).replace(b"1", b"1" * across)
    rows = [
        (int(digits[at : at + wide], base=2) << blank).to_bytes(row, "big") * up
        for at in range(0, len(digits), wide)
    ]
    return Patch(0, -len(rows) * up, wide, len(rows) * up, b"".join(rows))
