"""
What one shape is in dots: a small black picture, and the graphic field of ZPL that prints it.

Source: ZPL II programming guide, `^GF`.
"""

import binascii
import zlib
from dataclasses import dataclass
from functools import cached_property
from math import gcd
from typing import Final

from PIL import Image, ImageDraw

from pharmacy.labels.pdf.barcode import DARK, LIGHT, Symbol

POINTS: Final = 72
BITS: Final = 8
LEVEL: Final = 9
KEPT: Final = 2048
"""How many of a kind are kept. Some 30 shapes of a label recur."""
DIGITS: Final = {
    across: bytes.maketrans(DARK + LIGHT, b"%x0" % ((1 << across) - 1)) for across in (1, 2, 3, 4)
}
"""Of modules so many dots wide: each module as a digit."""


@dataclass(frozen=True, eq=False)
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

    @cached_property
    def graphic(self) -> bytes:
        """
        The command that prints it, at the place that was said before.

        A symbol is new on every label, and to deflate it takes longer than to send the rest.
        """
        size = self.row * self.high
        coded = _written(self)
        if self.times == 1:
            coded = min(coded, _deflated(self), key=len)
        return b"^GFA,%d,%d,%d,%b^FS" % (size, size, self.row, coded)

    @property
    def image(self) -> Image.Image:
        rows = [self.dots[at : at + self.row] for at in range(0, len(self.dots), self.row)]
        dots = b"".join([row * self.times for row in rows]) if self.times > 1 else self.dots
        return Image.frombytes("1", (self.wide, self.high), dots)


def _written(patch: Patch) -> bytes:
    """Return rows of hexadecimal digits, each with a colon for every time it stands again."""
    again = ":" * (patch.times - 1)
    rows = patch.dots.hex(":", patch.row).upper().replace(":", again)
    return f"{rows}{again}".encode("ascii")


def _deflated(patch: Patch) -> bytes:
    """Return dots deflated, in base 64, with their checksum."""
    packed = binascii.b2a_base64(zlib.compress(patch.dots, LEVEL), newline=False)
    return b":Z64:%b:%04X" % (packed, binascii.crc_hqx(packed, 0))


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
    Light modules fill a row up to whole bytes.
    """
    modules, even = code.modules, BITS // gcd(BITS, across)
    full = -(-modules // even) * even
    digits = code.cells.translate(DIGITS[across])
    rows = [digits[at : at + modules].ljust(full, b"0") for at in range(0, len(digits), modules)]
    wide, high = full * across, len(rows) * up
    dots = int(b"".join(rows), base=1 << across).to_bytes(wide * len(rows) // BITS, "big")
    return Patch(0, -high, wide, high, dots, times=up)
