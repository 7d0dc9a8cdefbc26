"""
The two faces of every document: measured, embedded as subsets, and kept for the next document.

ReportLab parses the fonts, makes the subsets and writes their objects. That costs milliseconds, so
the subset of the usual characters is made once a process; text that leaves it gets a subset of its
own, made the same way. Which of the two a document carries depends on its text alone, so that the
same content always gives the same bytes.
"""

import io
import re
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any, Final

from reportlab import rl_config
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont, TTFontFace
from reportlab.pdfgen.canvas import Canvas

from pharmacy.labels.rules.fitting import wrapped

FOLDER: Final = Path(__file__).parents[1] / "fonts"

SPACE: Final = 0x20
LAST: Final = 0xFFFF
"""ReportLab's table for copying text out of a PDF has four digits."""
NOT_EMBEDDED: Final = frozenset({"name", "OS/2", "prep"})
"""Tables of a font that a PDF has no use for (ISO 32000-1, 9.9): a fifth of a subset."""


class LeanFace(TTFontFace):
    """A face whose subsets hold what a PDF needs and nothing else."""

    def get_table(self, tag: str) -> bytes:
        """Return a table; the ones that are not embedded are answered like ones that lack."""
        if tag in NOT_EMBEDDED:
            raise KeyError(tag)
        table: bytes = super().get_table(tag)  # type: ignore[no-untyped-call]
        return table


def _font(name: str, file: str) -> TTFont:
    font = TTFont(name, str(FOLDER / file))
    font.face = LeanFace(str(FOLDER / file))
    pdfmetrics.registerFont(font)
    return font


rl_config.useA85 = 0  # streams stay binary: a quarter smaller, and nothing to encode
REGULAR: Final = _font("SourceSans3", "SourceSans3-Regular.ttf")
BOLD: Final = _font("SourceSans3-Bold", "SourceSans3-Bold.ttf")

COVERED: Final = frozenset(
    code
    for code in REGULAR.face.charToGlyph
    if code in BOLD.face.charToGlyph and code <= LAST and (code == SPACE or not chr(code).isspace())
)
"""The characters that both faces can draw. One kind of space: ReportLab knows no other."""

_WIDTHS: Final = tuple(
    {chr(code): face.face.charWidths[code] for code in COVERED} for face in (REGULAR, BOLD)
)

PREPARED: Final = "".join(map(chr, range(0x20, 0x7F))) + "ÁÉÍÑÓÚáäåçèéêëíñóöøúü"
"""What nearly every name, address and sentence here is written with."""


@lru_cache(maxsize=4096)
def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return how wide a covered text is, in points."""
    units: float = sum(map(_WIDTHS[bold].__getitem__, text))
    return units * size / 1000


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


ONE_SUBSET: Final = 0xFF


@dataclass(frozen=True, slots=True)
class FontSet:
    """Subsets of both faces as finished PDF objects, and the code of every character in them."""

    objects: tuple[bytes, ...]
    """Each from `n 0 obj` to `endobj`, numbered from 1."""
    resources: bytes
    """What a page's `/Font` refers to."""
    codes: tuple[dict[int, int], dict[int, int]]
    """Of the regular and of the bold face: character to code; the subset is `code >> 8`."""
    whole: bool
    """One subset of each face has them all."""


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
    codes = []
    for font in (REGULAR, BOLD):
        canvas.setFont(font.fontName, 1)
        canvas.drawString(0, 0, letters)
        state: Any = font.state[canvas._doc]  # noqa: SLF001 (no public way to the codes)
        codes.append(dict(state.assignments))
    canvas.save()
    objects, fonts = _reachable(file.getvalue())
    whole = max(max(known.values()) for known in codes) <= ONE_SUBSET
    return FontSet(objects, fonts, (codes[0], codes[1]), whole)


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
