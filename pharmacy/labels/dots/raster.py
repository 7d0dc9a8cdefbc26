"""
Drawing a page's shapes as dots, black or not, with the metrics that the layout was measured in.

Glyphs are drawn by FreeType and each stands where its measured advance puts it, so that a line is
as long on paper as the layout believes. A line that is drawn again is kept: most of a label's are.
"""

from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFont

from pharmacy.labels.pdf import fonts
from pharmacy.labels.pdf.barcode import DOTS_AT
from pharmacy.labels.pdf.pen import THICKENED, Box, Ink, Line, Pen, Placed, Text

POINTS: Final = 72
DARK: Final = 112
"""How much of a dot a letter must cover to be printed, of 255: a little more than a thin stroke."""
WHITE_INK: Final = 0.5


class OnlyOnPaper(ValueError):
    """The page holds something that only a PDF can show."""


@dataclass(frozen=True, slots=True)
class Dots:
    """A page of dots. In `image` what is black is 1."""

    image: Image.Image
    dpi: int

    def png(self) -> bytes:
        """Return the page as a picture, black on white."""
        file = BytesIO()
        ImageChops.invert(self.image.convert("L")).convert("1").save(
            file, "PNG", dpi=(self.dpi, self.dpi), optimize=False
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
    image = Image.new("1", (wide, high), 0)
    hand = _Hand(image, ImageDraw.Draw(image), dpi / POINTS, dpi)
    for shape in page.shapes:
        hand.draw(shape)
    return Dots(image, dpi)


@dataclass
class _Hand:
    """Draws shapes on one image. `scale` is dots to the point."""

    image: Image.Image
    draws: ImageDraw.ImageDraw
    scale: float
    dpi: int
    ink: int = 1

    def draw(self, shape: object) -> None:
        match shape:
            case Text():
                self._text(shape)
            case Ink(red, green, blue):
                self.ink = 0 if min(red, green, blue) > WHITE_INK else 1
            case Line(x1, y1, x2, y2, weight):
                self._filled(min(x1, x2), min(y1, y2), abs(x2 - x1), abs(y2 - y1), weight)
            case Box():
                self._box(shape)
            case Placed():
                self._symbol(shape)
            case _:
                raise OnlyOnPaper("this page holds what only a PDF can show")

    def _at(self, x: float, y: float) -> tuple[int, int]:
        """Return the dot of a point: rows count from the top."""
        return round(x * self.scale), self.image.height - round(y * self.scale)

    def _filled(self, x: float, y: float, wide: float, high: float, weight: float) -> None:
        """Fill a rectangle of which one side may have no extent but a line's weight."""
        thick = max(1, round(weight * self.scale))
        left, bottom = self._at(x, y)
        right = left + (round(wide * self.scale) or thick)
        top = bottom - (round(high * self.scale) or thick)
        self.draws.rectangle((left, top, right - 1, bottom - 1), fill=self.ink)

    def _box(self, box: Box) -> None:
        left, bottom = self._at(box.x, box.y)
        right, top = self._at(box.x + box.wide, box.y + box.high)
        place = (left, top, right - 1, bottom - 1)
        thick = max(1, round(box.outline * self.scale))
        self.draws.rounded_rectangle(
            place,
            radius=box.radius * self.scale,
            fill=None if box.outline else self.ink,
            outline=self.ink if box.outline else None,
            width=thick if box.outline else 0,
        )

    def _symbol(self, placed: Placed) -> None:
        narrow, module = DOTS_AT[self.dpi]
        symbol = placed.symbol
        across = narrow if symbol.is_linear else module
        up = round(placed.high * self.scale) if symbol.is_linear else across
        left, bottom = self._at(placed.x, placed.y)
        for x, y, wide, high in symbol.rectangles:
            x0, y0 = left + x * across, bottom - (y + high) * up
            self.draws.rectangle(
                (x0, y0, x0 + wide * across - 1, y0 + high * up - 1), fill=self.ink
            )

    def _text(self, text: Text) -> None:
        if not text.text.strip():
            return
        run, above = _run(text.text, text.size, bold=text.bold, dpi=self.dpi)
        left, baseline = self._at(text.x, text.y)
        self.image.paste(self.ink, (left - MARGIN, baseline - above), run)


MARGIN: Final = 8
"""Dots left of a run, for letters that reach out to the left."""


@lru_cache(maxsize=4096)
def _run(text: str, size: float, *, bold: bool, dpi: int) -> tuple[Image.Image, int]:
    """Return a line of text as a mask, and how far its top is above the baseline."""
    pixels = size * dpi / POINTS
    font = _face(pixels, bold=bold)
    ascent, descent = font.getmetrics()
    above, below = ascent + 2, descent + 2
    scale = dpi / POINTS
    wide = round(fonts.width(text, size, bold=bold) * scale) + 2 * MARGIN
    image = Image.new("L", (wide, above + below), 0)
    draws = ImageDraw.Draw(image)
    x = 0.0
    for letter in text:
        at = (MARGIN + round(x), above)
        if other := fonts.stands_in(letter):
            thick = pixels * THICKENED / 2 if bold else 0
            face = _opened(str(other.path), pixels)
            draws.text(at, letter, fill=255, font=face, anchor="ls", stroke_width=thick)
        elif letter != " ":
            draws.text(at, letter, fill=255, font=font, anchor="ls")
        x += fonts.width(letter, size, bold=bold) * scale
    return image.point(_dark, "1"), above


def _dark(shade: int) -> int:
    return 255 if shade >= DARK else 0


def _face(pixels: float, *, bold: bool) -> ImageFont.FreeTypeFont:
    name = "SourceSans3-Bold.ttf" if bold else "SourceSans3-Regular.ttf"
    return _opened(str(fonts.FOLDER / name), pixels)


@lru_cache(maxsize=64)
def _opened(path: str, pixels: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, pixels, layout_engine=ImageFont.Layout.BASIC)
