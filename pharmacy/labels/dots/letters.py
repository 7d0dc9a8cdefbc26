"""
A line of text in dots.

Glyphs are drawn by FreeType and each stands where its measured advance puts it, so that a line is
as long on paper as the layout believes. A picture is one integer here: its rows one after the
other, the first row and the leftmost dot highest. Moving it by x dots is a shift, laying one over
another is an or; glyphs are drawn once and kept.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from pharmacy.labels.dots.patches import BITS, KEPT, POINTS, Patch
from pharmacy.labels.pdf import fonts
from pharmacy.labels.pdf.pen import THICKENED

DARK: Final = 112
"""How much of a dot a letter must cover to be printed, of 255: a little more than a thin stroke."""
PRINTED: Final = [255 * (shade >= DARK) for shade in range(256)]
MARGIN: Final = 64
"""Dots left of a line, for letters that reach out to the left: more than any does."""
SHORTEST: Final = 128


class Face(NamedTuple):
    """A face at one size on one print head."""

    size: float
    """In points."""
    bold: bool
    dpi: int

    @property
    def pixels(self) -> float:
        return self.size * self.dpi / POINTS


class Glyph(NamedTuple):
    """A letter in shades of grey, and where it lies from its place on the baseline."""

    image: Image.Image
    right: int
    down: int


Letters = tuple[tuple[str, int], ...]
"""Letters that touch each other, and how many dots right of the first each stands."""


class Clump(NamedTuple):
    """Letters that touch each other, where the first stands, and from where to where is ink."""

    x: int
    letters: Letters
    left: int
    right: int


def line(text: str, size: float, *, bold: bool, dpi: int) -> Patch | None:
    """Return a line of text that stands with its baseline on its place; None if it is blank."""
    face = Face(size, bold, dpi)
    clumps = list(_clumps(text, face))
    if not clumps:
        return None
    left, right = MARGIN + clumps[0].left, MARGIN + max(clump.right for clump in clumps)
    row = max(SHORTEST, 1 << (right + MARGIN).bit_length())
    dots = 0
    for clump in clumps:
        dots |= _drawn(clump.letters, face, row) >> clump.x
    return _cut(dots, face, row=row, left=left, right=right) if dots else None


def _cut(dots: int, face: Face, *, row: int, left: int, right: int) -> Patch:
    """Cut rows of `row` dots to the bytes that have ink, and leave out blank rows at the edges."""
    above, below = _reach(face)
    rows = above + below
    top = rows - -(-dots.bit_length() // row)
    bottom = rows - ((dots & -dots).bit_length() - 1) // row
    first, last, step = left // BITS, -(-right // BITS), row // BITS
    packed = dots.to_bytes(rows * step, "big")
    kept = [packed[at + first : at + last] for at in range(top * step, bottom * step, step)]
    return Patch(
        right=first * BITS - MARGIN,
        down=top - above,
        wide=(last - first) * BITS,
        high=bottom - top,
        dots=b"".join(kept),
    )


def _clumps(text: str, face: Face) -> Iterator[Clump]:
    """Yield the letters of a text, those that touch each other together."""
    letters: list[tuple[str, int]] = []
    first = start = end = 0
    along = 0.0
    for letter in text:
        left, right, advance = _sides(letter, face)
        x = round(along)
        along += advance
        if left == right:
            continue
        if letters and x + left >= end:
            yield Clump(first, tuple(letters), start, end)
            letters = []
        if not letters:
            first, start, end = x, x + left, x + right
        letters.append((letter, x - first))
        end = max(end, x + right)
    if letters:
        yield Clump(first, tuple(letters), start, end)


@fonts.renewed
@lru_cache(maxsize=KEPT)
def _sides(letter: str, face: Face) -> tuple[int, int, float]:
    """Return from where to where a letter has ink, and how far after it the next one stands."""
    advance = fonts.width(letter, face.size, bold=face.bold) * (face.dpi / POINTS)
    glyph = _glyph(letter, face)
    return (glyph.right, glyph.right + glyph.image.width, advance) if glyph else (0, 0, advance)


@fonts.renewed
@lru_cache(maxsize=KEPT)
def _drawn(letters: Letters, face: Face, row: int) -> int:
    """Return letters at the start of a line, in rows of so many dots: shades first, then ink."""
    above, below = _reach(face)
    grey = Image.new("L", (row, above + below), 0)
    for letter, x in letters:
        if glyph := _glyph(letter, face):
            grey.paste(255, (MARGIN + x + glyph.right, above + glyph.down), glyph.image)
    return int.from_bytes(grey.point(PRINTED, "1").tobytes(), "big")


@fonts.renewed
@lru_cache(maxsize=KEPT)
def _glyph(letter: str, face: Face) -> Glyph | None:
    """Return a letter, or None if it has no ink."""
    font, stroke = _font(face), 0.0
    if other := fonts.stands_in(letter):
        font = _opened(str(other.path), face.pixels)
        stroke = face.pixels * THICKENED / 2 if face.bold else 0
    box = font.getbbox(letter, anchor="ls", stroke_width=stroke)
    left, top, right, bottom = (round(side) for side in box)
    if letter == " " or left >= right or top >= bottom:
        return None
    image = Image.new("L", (right - left, bottom - top), 0)
    draws = ImageDraw.Draw(image)
    draws.text((-left, -top), letter, fill=255, font=font, anchor="ls", stroke_width=stroke)
    return Glyph(image, left, top)


def _reach(face: Face) -> tuple[int, int]:
    """Return how many rows a line has above and below its baseline."""
    ascent, descent = _font(face).getmetrics()
    return ascent + 2, descent + 2


def _font(face: Face) -> ImageFont.FreeTypeFont:
    name = "SourceSans3-Bold.ttf" if face.bold else "SourceSans3-Regular.ttf"
    return _opened(str(fonts.FOLDER / name), face.pixels)


@lru_cache(maxsize=64)
def _opened(path: str, pixels: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, pixels, layout_engine=ImageFont.Layout.BASIC)
