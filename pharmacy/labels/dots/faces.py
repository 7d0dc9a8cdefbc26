"""The font files as FreeType reads them: which of them draws a letter, and how thick."""

from functools import lru_cache
from typing import Final

from PIL import ImageFont

from pharmacy.labels.pdf import fonts
from pharmacy.labels.pdf.pen import THICKENED

FACES: Final = 64
"""How many are kept open: a file at one size each."""


def own(pixels: float, *, bold: bool) -> ImageFont.FreeTypeFont:
    """Return the face of our own at a size, in dots."""
    name = "SourceSans3-Bold.ttf" if bold else "SourceSans3-Regular.ttf"
    return _opened(str(fonts.FOLDER / name), pixels)


def drawing(letter: str, pixels: float, *, bold: bool) -> tuple[ImageFont.FreeTypeFont, float]:
    """Return the font that has a letter, and by how many dots its strokes are thickened."""
    other = fonts.stands_in(letter)
    if other is None:
        return own(pixels, bold=bold), 0
    return _opened(str(other.path), pixels), pixels * THICKENED / 2 if bold else 0


@lru_cache(maxsize=FACES)
def _opened(path: str, pixels: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, pixels, layout_engine=ImageFont.Layout.BASIC)
