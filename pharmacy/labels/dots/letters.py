"""
A line of text in dots: as one patch where it comes again, letter by letter where it does not.

Glyphs are drawn by FreeType and each stands where its measured advance puts it, so that a line is
as long on paper as the layout believes. A picture is one integer here: its rows one after the
other, the last row's rightmost dot is the lowest bit. Moving it is a shift, laying one over another
is an or. Glyphs are drawn once and kept. Those whose boxes touch are drawn together, in shades of
grey, so that where two edges meet there is as much ink as there should be.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

from PIL import Image, ImageDraw

from pharmacy.labels.dots import faces
from pharmacy.labels.dots.patches import BITS, KEPT, POINTS, Patch
from pharmacy.labels.pdf import fonts

DARK: Final = 112
"""How much of a dot a letter must cover to be printed, of 255: a little more than a thin stroke."""
PRINTED: Final = [255 * (shade >= DARK) for shade in range(256)]
SHORTEST: Final = 128
ALONE: Final = (0,)
FAR: Final = 1_000_000
SPARE: Final = 2
"""Rows below what the font says, for rounding."""


class Glyph(NamedTuple):
    """A letter, and the box of its ink from its place on the baseline: dots right and below."""

    left: int
    right: int
    top: int
    advance: float
    """How far after it the next one stands."""
    grey: Image.Image | None
    """How much ink there is in each dot of the box; None if there is none at all."""


class Glyphs(dict[str, Glyph]):
    """The letters of a face at one size on one print head, each drawn when it is first needed."""

    def __init__(self, size: float, *, bold: bool, dpi: int) -> None:
        super().__init__()
        self.size, self.bold = size, bold
        self.scale, self.pixels = dpi / POINTS, size * dpi / POINTS
        self.font = faces.own(self.pixels, bold=bold)

    def __missing__(self, letter: str) -> Glyph:
        font, stroke = faces.drawing(letter, self.pixels, bold=self.bold)
        box = font.getbbox(letter, anchor="ls", stroke_width=stroke)
        left, top, right, bottom = map(round, box)
        grey = None
        if letter != " " and left < right and top < bottom:
            grey = Image.new("L", (right - left, bottom - top), 0)
            draws = ImageDraw.Draw(grey)
            draws.text((-left, -top), letter, fill=255, font=font, anchor="ls", stroke_width=stroke)
            grey = _visible(grey)
        advance = fonts.width(letter, self.size, bold=self.bold) * self.scale
        self[letter] = glyph = Glyph(left, right, top, advance, grey)
        return glyph


def _visible(grey: Image.Image) -> Image.Image | None:
    """Return a letter so dark that some of it is printed, however fine; None if it has no ink."""
    darkest = max(grey.tobytes())
    if 0 < darkest < DARK:
        return grey.point([255 * (shade == darkest) for shade in range(256)])
    return grey if darkest else None


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """A face at one size on one print head."""

    glyphs: Glyphs
    above: int
    below: int
    """How many rows there are above and below its baseline."""


@fonts.renewed
@lru_cache(maxsize=faces.FACES)
def _face(size: float, *, bold: bool, dpi: int) -> Face:
    glyphs = Glyphs(size, bold=bold, dpi=dpi)
    above, below = glyphs.font.getmetrics()
    return Face(glyphs, above + below, below + SPARE)  # other files may reach higher than ours


Clump = tuple[str, tuple[int, ...], int, int, int]
"""Letters whose boxes touch; how far right of the first each of them stands; where on its line the
first stands; and from where to where they reach."""


def line(text: str, size: float, *, bold: bool, dpi: int) -> Patch | None:
    """Return a line of text that stands with its baseline on its place; None if it is blank."""
    face = _face(size, bold=bold, dpi=dpi)
    clumps = _clumps(text, face.glyphs)
    if not clumps:
        return None
    left, end = clumps[0][3], clumps[-1][4]
    wide = end - left
    row = _row(wide)
    dots = 0
    for letters, places, _, _, right in clumps:
        dots |= _ink(letters, places, face, row) << (row - (right - left))
    return _patch(dots, row, left, wide, face)


def apart(text: str, size: float, *, bold: bool, dpi: int) -> list[tuple[int, Patch]]:
    """Return the letters of a line, those together that touch, and how far right of it each is."""
    face = _face(size, bold=bold, dpi=dpi)
    return [
        (first, _clump(letters, places, face))
        for letters, places, first, _, _ in _clumps(text, face.glyphs)
    ]


@fonts.renewed
@lru_cache(maxsize=KEPT)
def _clump(letters: str, places: tuple[int, ...], face: Face) -> Patch:
    """Return letters that touch, placed from the first one's place."""
    glyphs = list(zip(places, map(face.glyphs.__getitem__, letters), strict=True))
    left = min(x + glyph.left for x, glyph in glyphs)
    wide = max(x + glyph.right for x, glyph in glyphs) - left
    row = _row(wide)
    dots = _ink(letters, places, face, row) << (row - wide)
    return _patch(dots, row, left, wide, face)


def _row(wide: int) -> int:
    """Return how many dots a row has in which so many are drawn: of few lengths, to be kept."""
    return max(SHORTEST, 1 << (wide - 1).bit_length())


def _patch(dots: int, row: int, left: int, wide: int, face: Face) -> Patch:
    """Return what is drawn at the left end of rows of so many dots, without blank rows."""
    blank = ((dots & -dots).bit_length() - 1) // row
    high = -(-dots.bit_length() // row) - blank
    packed = (dots >> blank * row).to_bytes(high * row // BITS, "big")
    step, used = row // BITS, -(-wide // BITS)
    rows = [packed[at : at + used] for at in range(0, len(packed), step)]
    return Patch(left, face.below - blank - high, wide, high, b"".join(rows))


def _clumps(text: str, glyphs: Glyphs) -> list[Clump]:
    """Return the letters of a text, those that touch together: no two clumps share a column."""
    clumps: list[Clump] = []
    along, end = 0.0, -FAR
    for letter in text:
        left, right, _, advance, grey = glyphs[letter]
        x = round(along)
        along += advance
        if grey is None:
            continue
        if x + left >= end:
            end = x + right
            clumps.append((letter, ALONE, x, x + left, end))
        else:
            letters, places, first, start, _ = clumps[-1]
            start, end = min(start, x + left), max(end, x + right)
            clumps[-1] = (letters + letter, (*places, x - first), first, start, end)
    return clumps


@fonts.renewed
@lru_cache(maxsize=KEPT)
def _ink(letters: str, places: tuple[int, ...], face: Face, row: int) -> int:
    """Return a clump in rows of so many dots, at their right end."""
    glyphs = [face.glyphs[letter] for letter in letters]
    right = max(x + glyph.right for x, glyph in zip(places, glyphs, strict=True))
    grey = Image.new("L", (row, face.above + face.below), 0)
    for x, glyph in zip(places, glyphs, strict=True):
        if glyph.grey:
            grey.paste(255, (row - right + x + glyph.left, face.above + glyph.top), glyph.grey)
    return int.from_bytes(grey.point(PRINTED, "1").tobytes(), "big")
