"""
A page in colour, for a screen: the shapes that a PDF shows, in the metrics they were measured in.

It is drawn large and made smaller, so that letters stand where they were measured to within a
fraction of a dot, and edges are smooth.
"""

from dataclasses import dataclass
from io import BytesIO
from typing import Final

from PIL import Image, ImageDraw

from pharmacy.labels.dots import faces
from pharmacy.labels.dots.raster import OnlyOnPaper
from pharmacy.labels.pdf import fonts
from pharmacy.labels.pdf.barcode import MODULE, NARROW
from pharmacy.labels.pdf.pen import Box, Ink, Line, Pen, Placed, Text

SHOWN: Final = 96
"""Dots to the inch of the picture."""
FINER: Final = 2
"""How many dots are drawn for one that is shown, across and down."""
SCALE: Final = SHOWN * FINER / 72
COLOURS: Final = 64

Colour = tuple[int, int, int]


def pictured(page: Pen, *, size: tuple[float, float]) -> bytes:
    """
    Return a page as a PNG.

    Args:
        size: Width and height, in points.

    Raises:
        OnlyOnPaper: It holds operators of a PDF.
    """
    wide, high = (round(side * SHOWN / 72) * FINER for side in size)
    image = Image.new("RGB", (wide, high), "white")
    brush = _Brush(ImageDraw.Draw(image), high)
    for shape in page.shapes:
        brush.draw(shape)
    file = BytesIO()
    image.reduce(FINER).quantize(COLOURS, method=Image.Quantize.FASTOCTREE).save(file, "PNG")
    return file.getvalue()


@dataclass
class _Brush:
    """Draws shapes on one image."""

    draws: ImageDraw.ImageDraw
    high: int
    ink: Colour = (0, 0, 0)

    def draw(self, shape: object) -> None:
        match shape:
            case Text():
                self._text(shape)
            case Ink(red, green, blue):
                self.ink = (round(255 * red), round(255 * green), round(255 * blue))
            case Line(x1, y1, x2, y2, weight):
                ends = (*self._at(x1, y1), *self._at(x2, y2))
                self.draws.line(ends, fill=self.ink, width=max(1, round(weight * SCALE)))
            case Box():
                self._box(shape)
            case Placed():
                self._symbol(shape)
            case _:
                raise OnlyOnPaper("this page holds what only a PDF can show")

    def _at(self, x: float, y: float) -> tuple[int, int]:
        """Return the dot of a point: rows count from the top."""
        return round(x * SCALE), self.high - round(y * SCALE)

    def _box(self, box: Box) -> None:
        left, bottom = self._at(box.x, box.y)
        right, top = self._at(box.x + box.wide, box.y + box.high)
        self.draws.rounded_rectangle(
            (left, top, right - 1, bottom - 1),
            radius=box.radius * SCALE,
            fill=None if box.outline else self.ink,
            outline=self.ink if box.outline else None,
            width=max(1, round(box.outline * SCALE)) if box.outline else 0,
        )

    def _symbol(self, placed: Placed) -> None:
        symbol = placed.symbol
        across = (NARROW if symbol.is_linear else MODULE) * placed.dot
        up = placed.high if symbol.is_linear else across
        for x, y, wide, high in symbol.rectangles:
            left, bottom = self._at(placed.x + x * across, placed.y + y * up)
            right, top = self._at(placed.x + (x + wide) * across, placed.y + (y + high) * up)
            self.draws.rectangle((left, top, right - 1, bottom - 1), fill=self.ink)

    def _text(self, text: Text) -> None:
        x, pixels = text.x, text.size * SCALE
        for letter in text.text:
            if not letter.isspace():
                font, thick = faces.drawing(letter, pixels, bold=text.bold)
                self.draws.text(
                    self._at(x, text.y),
                    letter,
                    fill=self.ink,
                    font=font,
                    anchor="ls",
                    stroke_width=thick,
                )
            x += fonts.width(letter, text.size, bold=text.bold)
