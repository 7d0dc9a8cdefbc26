"""
The two faces of every document: measured, embedded as subsets, and kept for the next document.
What they lack is drawn by the files that the operator named, in their order (docs/adr/0026).

ReportLab parses the fonts, makes the subsets and writes their objects. That costs milliseconds, so
the subset of the usual characters is made once a process; text that leaves it gets a subset of its
own, made the same way. Which of the two a document carries depends on its text alone, so that the
same content always gives the same bytes.
"""

import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, Final, TypeVar

from reportlab import rl_config
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from pharmacy.labels.pdf.faces import StandIn, added_by, face, stand_in
from pharmacy.labels.rules.fitting import wrapped

FOLDER: Final = Path(__file__).parents[1] / "fonts"

SPACE: Final = 0x20
LAST: Final = 0xFFFF
"""ReportLab's table for copying text out of a PDF has four digits."""

rl_config.useA85 = 0  # streams stay binary: a quarter smaller, and nothing to encode
REGULAR: Final = face("SourceSans3", FOLDER / "SourceSans3-Regular.ttf")
BOLD: Final = face("SourceSans3-Bold", FOLDER / "SourceSans3-Bold.ttf")

OWN: Final = frozenset(
    code
    for code in REGULAR.face.charToGlyph
    if code in BOLD.face.charToGlyph and code <= LAST and (code == SPACE or not chr(code).isspace())
)
"""The characters that both faces can draw. One kind of space: ReportLab knows no other."""

COVERED: Final = set(OWN)
"""The characters that can be drawn: by our faces, or by a file that stands in for them."""

_OWN_WIDTHS: Final = tuple(
    {chr(code): each.face.charWidths[code] for code in OWN} for each in (REGULAR, BOLD)
)
_WIDTHS: Final[tuple[dict[str, float], ...]] = tuple(map(dict, _OWN_WIDTHS))
_STANDS_IN: Final[dict[str, StandIn]] = {}
_RENEWED: Final[list[Any]] = []
Cached = TypeVar("Cached")

PREPARED: Final = "".join(map(chr, range(0x20, 0x7F))) + "ÁÉÍÑÓÚáäåçèéêëíñóöøúü"
"""What nearly every name, address and sentence here is written with."""


def renewed(cached: Cached) -> Cached:
    """Let a cache of what was measured or drawn be emptied when other files stand in."""
    _RENEWED.append(cached)
    return cached


@renewed
@lru_cache(maxsize=4096)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a covered text is, in points."""
    units: float = sum(map(_WIDTHS[bold].__getitem__, text))
    return units * size / 1000


@renewed
@lru_cache(maxsize=2048)
def in_lines(
    text: str, size: float, *, room: float, bold: bool = False, indent: float = 0
) -> tuple[str, ...]:
    """
    Break a covered text as `wrapped` does, and keep what came of it: most texts come again.

    Args:
        room: How long a line may be, in points.
        indent: How much of the first line is taken already.

    Raises:
        TextTooLong: One word alone is wider than a line.
    """
    measure = partial(width, size=size, bold=bold)
    return tuple(wrapped(text, room=room, width=measure, indent=indent))


def fall_back_on(paths: Sequence[Path]) -> None:
    """
    Let these files draw what our faces lack, each what those before it lack; none: nothing does.

    Said once by a process that begins, before it draws. They have no bold face: what is bold is
    drawn with thicker strokes, as wide as it is.

    Raises:
        FontUnusable: A file is no font that can be embedded.
    """
    found = [stand_in(path) for path in paths]
    for cached in _RENEWED:
        cached.cache_clear()
    COVERED.intersection_update(OWN)
    _STANDS_IN.clear()
    for widths, own in zip(_WIDTHS, _OWN_WIDTHS, strict=True):
        widths.clear()
        widths.update(own)
    for each in found:
        added = added_by(each, COVERED)
        COVERED.update(map(ord, added))
        _STANDS_IN.update(dict.fromkeys(added, each))
        for widths in _WIDTHS:
            widths.update(added)


def stands_in(letter: str) -> StandIn | None:
    """Return which file draws a character that our faces lack."""
    return _STANDS_IN.get(letter)


def files() -> list[StandIn]:
    """Return the files that stand in, without those that add no character."""
    return list(dict.fromkeys(_STANDS_IN.values()))


def covering(ranges: Iterable[tuple[int, int]]) -> dict[str, int]:
    """Count the characters of a script that can be drawn, by what draws them."""
    letters = [chr(code) for first, last in ranges for code in range(first, last + 1)]
    names = [
        found.name if (found := _STANDS_IN.get(letter)) else "our own faces"
        for letter in letters
        if ord(letter) in COVERED
    ]
    return dict(Counter(names))


def needed_for(text: str) -> str:
    """Name the files that stand in for our faces in a text, with their digests; mostly none."""
    found = {each.name for letter in set(text) if (each := _STANDS_IN.get(letter))}
    return ", ".join(sorted(found))


ONE_SUBSET: Final = 0xFF
STAND_IN: Final = 16
"""How far left in a code stands which font of the file it is, if it is none of ours."""


@dataclass(frozen=True, slots=True, eq=False)
class FontSet:
    """Subsets of both faces as finished PDF objects, and the code of every character in them."""

    objects: tuple[bytes, ...]
    """Each from `n 0 obj` to `endobj`, numbered from 1."""
    resources: bytes
    """What a page's `/Font` refers to."""
    codes: tuple[dict[int, int], dict[int, int]]
    """
    Of the regular and of the bold face: character to code; the subset is `code >> 8`. What neither
    has is in both, with the number of its font in the file above that.
    """
    whole: bool
    """One subset of each face has them all."""
    is_usual: bool
    """It is the set of the usual characters, which is made once."""


def font_set(text: str, *, shared: str = "") -> FontSet:
    """
    Return fonts that draw every character of a covered text.

    Args:
        shared: What thousands of texts are written with, where `PREPARED` is not enough: their
            fonts are made once.
    """
    letters = set(text)
    if not letters.issubset(PREPARED) and letters.issubset(shared):
        return _shared("".join(sorted(set(shared))))
    return _subset(PREPARED if letters.issubset(PREPARED) else "".join(sorted(letters)))


@cache
def _prepared() -> FontSet:
    return _made(PREPARED)


@lru_cache(maxsize=2)
def _shared(letters: str) -> FontSet:
    return _made(letters)


def _subset(letters: str) -> FontSet:
    return _prepared() if letters is PREPARED else _made(letters)


def _made(letters: str) -> FontSet:
    """Let ReportLab write a page that uses the letters, and keep its fonts."""
    file = io.BytesIO()
    new: Any = Canvas  # its stub is wrong about the first font's name
    canvas = new(file, invariant=1, pageCompression=1, initialFontName=REGULAR.fontName)
    own = "".join(letter for letter in letters if letter not in _STANDS_IN)
    codes = [_assigned(canvas, font, own) for font in (REGULAR, BOLD)]
    for place, (each, others) in enumerate(_others(letters), start=3):
        assigned = _assigned(canvas, each.font, others)
        for known in codes:
            known.update({letter: place << STAND_IN | code for letter, code in assigned.items()})
    canvas.save()
    objects, fonts = _reachable(file.getvalue())
    whole = max(max(known.values()) for known in codes) <= ONE_SUBSET
    return FontSet(objects, fonts, (codes[0], codes[1]), whole, letters is PREPARED)


def _assigned(canvas: Any, font: TTFont, letters: str) -> dict[int, int]:
    """Write letters in a font; return the code that each got."""
    canvas.setFont(font.fontName, 1)
    canvas.drawString(0, 0, letters)
    state: Any = font.state[canvas._doc]  # noqa: SLF001 (no public way to the codes)
    codes: dict[int, int] = state.assignments  # of ASCII too, whatever is written
    return {ord(letter): codes[ord(letter)] for letter in letters}


def _others(letters: str) -> list[tuple[StandIn, str]]:
    """Divide what our faces lack among the files that draw it, in the order of their names."""
    by_file: dict[StandIn, str] = {}
    for letter in letters:
        if each := _STANDS_IN.get(letter):
            by_file[each] = by_file.get(each, "") + letter
    return sorted(by_file.items(), key=lambda found: found[0].name)


def _reachable(pdf: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """Return the objects that the fonts of a document consist of, renumbered from 1."""
    found = _objects(pdf)
    fonts = re.search(rb"/F1\+0.*?(?=\n>>)", found[1], re.DOTALL)
    assert fonts, "ReportLab writes the font dictionary first"
    wanted: list[int] = []
    waiting = _references(fonts[0])
    while waiting:
        number = waiting.pop(0)
        if number not in wanted:
            wanted.append(number)
            waiting += _references(found[number])
    new = {old: place for place, old in enumerate(wanted, start=1)}
    return tuple(_renumbered(found[old], old, new) for old in wanted), _renumber(fonts[0], new)


def _objects(pdf: bytes) -> dict[int, bytes]:
    """Split a document by its cross-reference table; a stream may hold any bytes."""
    table = pdf.rindex(b"xref", 0, pdf.rindex(b"startxref"))
    offsets = [int(row) for row in re.findall(rb"(\d{10}) 00000 n", pdf[table:])]
    ends = [*offsets[1:], table]
    return {
        number: pdf[start:end]
        for number, (start, end) in enumerate(zip(offsets, ends, strict=True), start=1)
    }


def _head(body: bytes) -> int:
    """Return where the dictionary of an object ends and its stream, if any, begins."""
    stream = body.find(b"stream")
    return len(body) if stream < 0 else stream


def _references(body: bytes) -> list[int]:
    return [int(number) for number in re.findall(rb"(\d+) 0 R\b", body[: _head(body)])]


def _renumber(text: bytes, new: dict[int, int]) -> bytes:
    return re.sub(rb"(\d+) 0 R\b", lambda found: b"%d 0 R" % new[int(found[1])], text)


def _renumbered(body: bytes, old: int, new: dict[int, int]) -> bytes:
    head = _head(body)
    start = len(b"%d 0 obj" % old)
    return b"%d 0 obj" % new[old] + _renumber(body[start:head], new) + body[head:]
