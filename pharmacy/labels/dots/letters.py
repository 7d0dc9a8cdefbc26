"""
A line of text in dots.

Glyphs are drawn by FreeType and each stands where its measured advance puts it, so that a line is
as long on paper as the layout believes. A picture is one integer here: its rows one after the
other, the last row's rightmost dot is the lowest bit. Moving it is a shift, laying one over another
is an or. Glyphs are drawn once and kept. Those whose boxes touch are drawn together, in shades of
grey, so that where two edges meet there is as much ink as there should be.
"""

from functools import lru_cache
from typing import Final, NamedTuple

from PIL import Image, ImageDraw, ImageFont

from pharmacy.labels.dots.patches import BITS, KEPT, POINTS, Patch
from pharmacy.labels.pdf import fonts

DARK: Final = 112
"""How much of a dot a letter must cover to be printed, of 255: a little more than a thin stroke."""
PRINTED: Final = [255 * (shade >= DARK) for shade in range(256)]
SHORTEST: Final = 128
FACES: Final = 64
ALONE: Final = (0,)


class Glyph(NamedTuple):
    """A letter's box from its place on the baseline, in dots to the right and below."""

    left: int
    right: int
    top: int
    bottom: int
    advance: float
    """How far after it the next one stands."""
    grey: Image.Image | None
    """How much ink there is in each dot of the box; None if there is none at all."""


class Face:
    """A face at one size on one print head, with its letters: each is drawn when first needed."""

    def __init__(self, size: float, *, bold: bool, dpi: int) -> None:
        name = "SourceSans3-Bold.ttf" if bold else "SourceSans3-Regular.ttf"
        self._font = ImageFont.truetype(
            str(fonts.FOLDER / name),
            size * dpi / POINTS,
            layout_engine=ImageFont.Layout.BASIC,
        )
        self._size, self._bold, self._scale = size, bold, dpi / POINTS
        self._glyphs: dict[str, Glyph] = {}

    def glyph(self, letter: str) -> Glyph:
        known = self._glyphs.get(letter)
        if known is None:
            known = self._glyphs[letter] = self._drawn(letter)
        return known

    def _drawn(self, letter: str) -> Glyph:
        advance = fonts.width(letter, self._size, bold=self._bold) * self._scale
        left, top, right, bottom = map(round, self._font.getbbox(letter, anchor="ls"))
        grey = None
        if letter != " " and left < right and top < bottom:
            grey = Image.new("L", (right - left, bottom - top), 0)
            ImageDraw.Draw(grey).text((-left, -top), letter, fill=255, font=self._font, anchor="ls")
        return Glyph(left, right, top, bottom, advance, grey)


_face: Final = lru_cache(maxsize=FACES)(Face)


class Clump(NamedTuple):
    """Letters whose boxes touch, and the box of them all from the beginning of their line."""

    letters: str
    places: tuple[int, ...]
    """How far right of the first each letter stands."""
    x: int
    """Where the first one stands."""
    left: int
    right: int
    top: int
    bottom: int

    def and_letter(self, letter: str, x: int, glyph: Glyph) -> "Clump":
        return Clump(
            letters=self.letters + letter,
            places=(*self.places, x - self.x),
            x=self.x,
            left=min(self.left, x + glyph.left),
            right=max(self.right, x + glyph.right),
            top=min(self.top, glyph.top),
            bottom=max(self.bottom, glyph.bottom),
        )


def line(text: str, size: float, *, bold: bool, dpi: int) -> Patch | None:
    """Return a line of text that stands with its baseline on its place; None if it is blank."""
    face = _face(size, bold=bold, dpi=dpi)
    clumps = _clumps(text, face)
    if not clumps:
        return None
    left, right = clumps[0].left, clumps[-1].right
    top, bottom = min([clump.top for clump in clumps]), max([clump.bottom for clump in clumps])
    wide, high = right - left, bottom - top
    row = max(SHORTEST, 1 << (wide - 1).bit_length())
    dots = 0
    for letters, places, _, _, end, _, foot in clumps:
        from_right, from_below = row - (end - left), bottom - foot
        dots |= _ink(letters, places, face, row) << (from_below * row + from_right)
    packed, step, used = dots.to_bytes(high * row // BITS, "big"), row // BITS, -(-wide // BITS)
    rows = [packed[at : at + used] for at in range(0, len(packed), step)]
    return Patch(left, top, wide, high, b"".join(rows))


def _clumps(text: str, face: Face) -> list[Clump]:
    """Return the letters of a text, those that touch together: no two clumps share a column."""
    clumps: list[Clump] = []
    along, end = 0.0, 0
    for letter in text:
        glyph = face.glyph(letter)
        left, right, top, bottom, advance, grey = glyph
        x = round(along)
        along += advance
        if grey is None:
            continue
        if clumps and x + left < end:
            clumps[-1] = clumps[-1].and_letter(letter, x, glyph)
        else:
            clumps.append(Clump(letter, ALONE, x, x + left, x + right, top, bottom))
        end = clumps[-1].right
    return clumps


@lru_cache(maxsize=KEPT)
def _ink(letters: str, places: tuple[int, ...], face: Face, row: int) -> int:
    """Return a clump in rows of so many dots, at their right end."""
    glyphs = [(face.glyph(letter), x) for letter, x in zip(letters, places, strict=True)]
    right = max(x + glyph.right for glyph, x in glyphs)
    top, bottom = min(glyph.top for glyph, _ in glyphs), max(glyph.bottom for glyph, _ in glyphs)
    grey = Image.new("L", (row, bottom - top), 0)
    for glyph, x in glyphs:
        if glyph.grey:
            grey.paste(255, (row - right + x + glyph.left, glyph.top - top), glyph.grey)
    return int.from_bytes(grey.point(PRINTED, "1").tobytes(), "big")
