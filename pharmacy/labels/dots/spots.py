"""
A patch in its place on a page, and the field of ZPL that prints it there.

Source: ZPL II programming guide, `^FO`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Self

from PIL import Image

from pharmacy.labels.dots.patches import KEPT, POINTS, Patch, patch


class Sheet(NamedTuple):
    """A page: how many dots it is wide and high, and how many of them are an inch."""

    wide: int
    high: int
    dpi: int

    def dots(self, points: float) -> int:
        return round(points * (self.dpi / POINTS))


@dataclass(slots=True, eq=False)
class Spot:
    """A patch on a page: its upper left corner, in dots from the upper left corner of the page."""

    x: int
    y: int
    patch: Patch
    field: bytes
    """What prints it."""

    @classmethod
    def of(cls, x: int, y: int, patch: Patch) -> Self:
        return cls(x, y, patch, b"^FO%d,%d%b" % (x, y, patch.graphic))

    def without(self, white: "Spot") -> "Spot | None":
        """Return what is left when another spot is cut out of this one, if anything is."""
        right, down = white.x - self.x, white.y - self.y
        is_over = (
            -white.patch.wide < right < self.patch.wide
            and -white.patch.high < down < self.patch.high
        )
        return _cut(self, white.patch, right, down) if is_over else self

    def within(self, sheet: Sheet) -> "Spot | None":
        """Return what is left when it is cut at the edges of a page, if anything is."""
        left, top = max(-self.x, 0), max(-self.y, 0)
        right = min(self.patch.wide, sheet.wide - self.x)
        bottom = min(self.patch.high, sheet.high - self.y)
        is_on = left < right and top < bottom
        return _part(self, self.patch.image, (left, top, right, bottom)) if is_on else None


def placed(
    x: float, y: float, patches: Iterable[tuple[int, Patch]], sheet: Sheet
) -> tuple[Spot, ...]:
    """
    Place patches on a page, as far as they are on it.

    Args:
        x, y: In points from the lower left corner.
        patches: Each with how many dots further right it stands.
    """
    wide, high, _ = sheet
    left, base = sheet.dots(x), high - sheet.dots(y)
    spots: list[Spot | None] = []
    for along, each in patches:
        right, down = left + along + each.right, base + each.down
        spot = Spot.of(right, down, each)
        is_whole = right >= 0 <= down and right + each.wide <= wide and down + each.high <= high
        spots.append(spot if is_whole else spot.within(sheet))
    return tuple([spot for spot in spots if spot])


@lru_cache(maxsize=KEPT)
def _cut(below: Spot, white: Patch, right: int, down: int) -> Spot | None:
    """Cut a patch out of a spot, so far to the right of its corner and below it."""
    image = below.patch.image
    image.paste(0, (right, down), white.image)
    return _part(below, image, (0, 0, *image.size))


def _part(spot: Spot, image: Image.Image, box: tuple[int, int, int, int]) -> Spot | None:
    """Return what is black in a part of a spot's picture, as a spot of its own."""
    rest = patch(image, box)
    return Spot.of(spot.x + rest.right, spot.y + rest.down, rest) if rest else None
