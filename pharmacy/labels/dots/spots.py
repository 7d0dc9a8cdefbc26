"""
A patch in its place on a page, and the field of ZPL that prints it there.

Source: ZPL II programming guide, `^FO` and `^GF`.
"""

import binascii
import zlib
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, NamedTuple

from pharmacy.labels.dots.patches import KEPT, POINTS, Patch, patch

LEVEL: Final = 1
"""A patch is small: more effort saves little."""
SHORT: Final = 320
"""Up to so many bytes are written out: to deflate them takes longer than to send the rest."""


class Sheet(NamedTuple):
    """A page: how many dots it is wide and high, and how many of them are an inch."""

    wide: int
    high: int
    dpi: int

    def dots(self, points: float) -> int:
        return round(points * (self.dpi / POINTS))


@dataclass(frozen=True, eq=False)
class Spot:
    """A patch on a page: its upper left corner, in dots from the upper left corner of the page."""

    x: int
    y: int
    patch: Patch

    @cached_property
    def field(self) -> bytes:
        """The field that prints it."""
        row, size = self.patch.row, self.patch.row * self.patch.high
        is_long = self.patch.times == 1 and size > SHORT
        coded = _deflated(self.patch) if is_long else _written(self.patch)
        return b"^FO%d,%d^GFA,%d,%d,%d,%b^FS" % (self.x, self.y, size, size, row, coded)

    def without(self, white: "Spot") -> "Spot | None":
        """Return what is left when another spot is cut out of this one, if anything is."""
        right, down = white.x - self.x, white.y - self.y
        is_over = (
            -white.patch.wide < right < self.patch.wide
            and -white.patch.high < down < self.patch.high
        )
        return _cut(self, white.patch, right, down) if is_over else self


def _deflated(patch: Patch) -> bytes:
    """Return dots deflated, in base 64, with their checksum."""
    packed = binascii.b2a_base64(zlib.compress(patch.dots, LEVEL), newline=False)
    return b":Z64:%b:%04X" % (packed, binascii.crc_hqx(packed, 0))


def _written(patch: Patch) -> bytes:
    """Return rows of hexadecimal digits, each with a colon for every time it stands again."""
    again = ":" * (patch.times - 1)
    rows = patch.dots.hex(":", patch.row).upper().replace(":", again)
    return f"{rows}{again}".encode("ascii")


def placed(x: float, y: float, drawn: Patch, sheet: Sheet) -> Spot | None:
    """
    Place a patch at a point, and cut it to the page; None if nothing of it is there.

    Args:
        x, y: In points from the lower left corner.
    """
    left, top = sheet.dots(x) + drawn.right, sheet.high - sheet.dots(y) + drawn.down
    right, bottom = left + drawn.wide, top + drawn.high
    if left >= 0 and top >= 0 and right <= sheet.wide and bottom <= sheet.high:
        return Spot(left, top, drawn)
    inside = (
        *(max(-left, 0), max(-top, 0)),
        *(min(right, sheet.wide) - left, min(bottom, sheet.high) - top),
    )
    if inside[0] >= inside[2] or inside[1] >= inside[3]:
        return None
    rest = patch(drawn.image, inside)
    return Spot(left + rest.right, top + rest.down, rest) if rest else None


@lru_cache(maxsize=KEPT)
def _cut(below: Spot, white: Patch, right: int, down: int) -> Spot | None:
    """Cut a patch out of a spot, so far to the right of its corner and below it."""
    image = below.patch.image
    image.paste(0, (right, down), white.image)
    rest = patch(image, (0, 0, *image.size))
    return Spot(below.x + rest.right, below.y + rest.down, rest) if rest else None
