"""
Placing a page's shapes on the dots of a print head.

A page is the union of its spots: a dot is black where any of them is. What a label printer gets and
what a screen shows are made from the same spots, so the one cannot differ from the other. White ink
is never sent: it is cut out of what lies below it. Most shapes of a label stand in the same place
on the label before it, so spots are kept; how many is bounded, so that memory stays flat.
"""

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Final, NamedTuple

from PIL import Image, ImageChops

from pharmacy.labels.dots.letters import line
from pharmacy.labels.dots.patches import KEPT, POINTS, Patch, bar, patch, rounded, symbol
from pharmacy.labels.pdf.barcode import DOTS_AT
from pharmacy.labels.pdf.fonts import renewed
from pharmacy.labels.pdf.pen import Box, Ink, Line, Pen, Placed, Text

WHITE_INK: Final = 0.5


class OnlyOnPaper(ValueError):
    """The page holds something that only a PDF can show."""


class Sheet(NamedTuple):
    """A page: how many dots it is wide and high, and how many of them are an inch."""

    wide: int
    high: int
    dpi: int

    def dots(self, points: float) -> int:
        return round(points * (self.dpi / POINTS))


class Spot(NamedTuple):
    """A patch on a page: its upper left corner, in dots from the upper left corner of the page."""

    x: int
    y: int
    patch: Patch


@dataclass(frozen=True, slots=True)
class Dots:
    """A page of dots."""

    sheet: Sheet
    spots: tuple[Spot, ...]

    @property
    def image(self) -> Image.Image:
        """The page as a picture of mode 1. What is black is 1."""
        image = Image.new("1", (self.sheet.wide, self.sheet.high), 0)
        for x, y, placed in self.spots:
            image.paste(1, (x, y), placed.image)
        return image

    def png(self) -> bytes:
        """Return the page as a picture, black on white."""
        file = BytesIO()
        ImageChops.invert(self.image.convert("L")).convert("1").save(
            file, "PNG", dpi=(self.sheet.dpi, self.sheet.dpi), optimize=False
        )
        return file.getvalue()


def rastered(page: Pen, *, size: tuple[float, float], dpi: int) -> Dots:
    """
    Draw a page.

    Args:
        size: Width and height, in points.
        dpi: 203 or 300.

    Raises:
        OnlyOnPaper: It holds operators of a PDF.
    """
    wide, high = (int(side * dpi / POINTS) for side in size)
    sheet = Sheet(wide, high, dpi)
    spots: list[Spot] = []
    is_white = False
    for shape in page.shapes:
        match shape:
            case Text() | Line() | Box():
                spot = _kept(shape, sheet)
            case Placed():
                spot = _symbol(shape, sheet)
            case Ink(red, green, blue):
                is_white = min(red, green, blue) > WHITE_INK
                continue
            case _:
                raise OnlyOnPaper("this page holds what only a PDF can show")
        if spot and is_white:
            spots = [rest for below in spots if (rest := _without(below, spot))]
        elif spot:
            spots.append(spot)
    return Dots(sheet, tuple(spots))


@renewed
@lru_cache(maxsize=KEPT)
def _kept(shape: Text | Line | Box, sheet: Sheet) -> Spot | None:
    """Return what a shape is on a page; None if there is nothing to see."""
    match shape:
        case Text(x, y, text, size, bold):
            return _at(x, y, line(text, size, bold=bold, dpi=sheet.dpi), sheet)
        case Line(x1, y1, x2, y2, weight):
            thick = max(1, sheet.dots(weight))
            wide, high = sheet.dots(abs(x2 - x1)) or thick, sheet.dots(abs(y2 - y1)) or thick
            return _at(min(x1, x2), min(y1, y2), bar(wide, high), sheet)
        case Box(x, y, _, _, outline, radius):
            wide = sheet.dots(x + shape.wide) - sheet.dots(x)
            high = sheet.dots(y + shape.high) - sheet.dots(y)
            thick = max(1, sheet.dots(outline)) if outline else 0
            corner = radius * (sheet.dpi / POINTS)
            return _at(x, y, rounded(wide, high, radius=corner, outline=thick), sheet)


def _symbol(placed: Placed, sheet: Sheet) -> Spot | None:
    """Return a symbol, which hardly any other label has."""
    narrow, module = DOTS_AT[sheet.dpi]
    if placed.symbol.is_linear:
        drawn = symbol(placed.symbol, across=narrow, up=sheet.dots(placed.high))
    else:
        drawn = symbol(placed.symbol, across=module, up=module)
    return _at(placed.x, placed.y, drawn, sheet)


def _at(x: float, y: float, drawn: Patch | None, sheet: Sheet) -> Spot | None:
    """Place a patch at a point, in points from the lower left corner, and cut it to the page."""
    if drawn is None:
        return None
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


def _without(below: Spot, white: Spot) -> Spot | None:
    """Return what is left of a spot when another is cut out of it, if anything is."""
    right, down = white.x - below.x, white.y - below.y
    if not (
        -white.patch.wide < right < below.patch.wide and -white.patch.high < down < below.patch.high
    ):
        return below
    rest = _cut(below.patch, white.patch, right, down)
    return Spot(below.x + rest.right, below.y + rest.down, rest) if rest else None


@lru_cache(maxsize=KEPT)
def _cut(below: Patch, white: Patch, right: int, down: int) -> Patch | None:
    """Cut a patch out of another one, so far to the right of its corner and below it."""
    image = below.image
    image.paste(0, (right, down), white.image)
    return patch(image, (0, 0, *image.size))
