"""
Placing a page's shapes on the dots of a print head.

A page is the union of its spots: a dot is black where any of them is. What a label printer gets and
what a screen shows are made from the same spots, so the one cannot differ from the other. White ink
is never sent: it is cut out of what lies below it. Most shapes of a label stand in the same place
on the label before it, so spots are kept; how many is bounded, so that memory stays flat. Of a text
that is the label's own its letters are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageChops

from pharmacy.labels.dots.letters import apart, line
from pharmacy.labels.dots.patches import KEPT, POINTS, bar, rounded, symbol
from pharmacy.labels.dots.spots import Sheet, Spot, placed
from pharmacy.labels.pdf.barcode import DOTS_AT
from pharmacy.labels.pdf.fonts import renewed
from pharmacy.labels.pdf.pen import Box, Form, Ink, Line, Pen, Placed, Shape, Text

WHITE_INK: Final = 0.5
FORMS: Final = 512
"""How many forms are kept: those of some pharmacies, in all languages."""


class OnlyOnPaper(ValueError):
    """The page holds something that only a PDF can show."""


@dataclass(frozen=True, slots=True)
class Dots:
    """A page of dots."""

    sheet: Sheet
    spots: Sequence[Spot]

    @property
    def image(self) -> Image.Image:
        """The page as a picture of mode 1. What is black is 1."""
        image = Image.new("1", (self.sheet.wide, self.sheet.high), 0)
        for spot in self.spots:
            image.paste(1, (spot.x, spot.y), spot.patch.image)
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
    return Dots(sheet, _spots(page.parts, sheet))


def _spots(parts: Sequence[Shape | Form], sheet: Sheet) -> tuple[Spot, ...]:
    """Return what is to be seen of shapes that are drawn one after the other."""
    spots: list[Spot] = []
    is_white = False
    for part in parts:
        match part:
            case Text(own=True):
                drawn = _apart(part, sheet)
            case Text() | Line() | Box():
                drawn = _kept(part, sheet)
            case Form():
                drawn = _form(part, sheet)
            case Placed():
                drawn = _symbol(part, sheet)
            case Ink(red, green, blue):
                is_white = min(red, green, blue) > WHITE_INK
                continue
            case _:
                raise OnlyOnPaper("this page holds what only a PDF can show")
        if is_white:
            for white in drawn:
                spots = [rest for below in spots if (rest := below.without(white))]
        else:
            spots += drawn
    return tuple(spots)


@renewed
@lru_cache(maxsize=FORMS)
def _form(form: Form, sheet: Sheet) -> tuple[Spot, ...]:
    return _spots(form.shapes, sheet)


@renewed
@lru_cache(maxsize=KEPT)
def _kept(shape: Text | Line | Box, sheet: Sheet) -> tuple[Spot, ...]:
    """Return what a shape is on a page, if there is anything to see."""
    match shape:
        case Text(x, y, text, size, bold):
            run = line(text, size, bold=bold, dpi=sheet.dpi)
            return placed(x, y, [(0, run)] if run else [], sheet)
        case Line(x1, y1, x2, y2, weight):
            thick = max(1, sheet.dots(weight))
            wide, high = sheet.dots(abs(x2 - x1)) or thick, sheet.dots(abs(y2 - y1)) or thick
            return placed(min(x1, x2), min(y1, y2), [(0, bar(wide, high))], sheet)
        case Box(x, y, _, _, outline, radius):
            wide = sheet.dots(x + shape.wide) - sheet.dots(x)
            high = sheet.dots(y + shape.high) - sheet.dots(y)
            thick = max(1, sheet.dots(outline)) if outline else 0
            corner = radius * (sheet.dpi / POINTS)
            box = rounded(wide, high, radius=corner, outline=thick)
            return placed(x, y, [(0, box)], sheet)


def _apart(text: Text, sheet: Sheet) -> tuple[Spot, ...]:
    """Return a text that hardly any other label has: its letters recur, and they are kept."""
    letters = apart(text.text, text.size, bold=text.bold, dpi=sheet.dpi)
    return placed(text.x, text.y, letters, sheet)


def _symbol(shape: Placed, sheet: Sheet) -> tuple[Spot, ...]:
    """
    Return a symbol, which hardly any other label has.

    Bars begin at a margin and a square ends at one, whatever the size of their modules.
    """
    code, x, y, high, _ = shape
    narrow, module = DOTS_AT[sheet.dpi]
    if code.is_linear:
        bars = symbol(code, across=narrow, up=sheet.dots(high))
        return placed(x, y, [(0, bars)], sheet)
    square = symbol(code, across=module, up=module)
    return placed(x + code.wide, y, [(-code.modules * module, square)], sheet)
