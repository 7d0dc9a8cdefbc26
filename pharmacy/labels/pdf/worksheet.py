"""
The worksheet of a batch: a form to weigh by, to tick, to initial and to sign.

Every page is headed by the batch, its strength and its symbols, so that a loose page is never
without its batch. What is drawn as an empty box is filled in by hand.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from pharmacy.labels.pdf.barcode import bars, matrix
from pharmacy.labels.pdf.document import document
from pharmacy.labels.pdf.fonts import COVERED, width
from pharmacy.labels.pdf.pen import Pen
from pharmacy.labels.rules.fitting import TextTooLong, wrapped
from pharmacy.labels.rules.text_checks import drawn

WIDE: Final = 612.0
HIGH: Final = 792.0
MARGIN: Final = 36.0
ROOM: Final = WIDE - 2 * MARGIN
SIZE: Final = 9.0
LEAD: Final = 11.5
SMALL: Final = 6.8
SMALL_LEAD: Final = 8.5
PAD: Final = 4.0
TOP: Final = HIGH - 104.0
BOTTOM: Final = 46.0
HAIR: Final = 0.4
GREY: Final = (0.42, 0.45, 0.48)
BAND: Final = (0.91, 0.93, 0.94)
BLACK: Final = (0.0, 0.0, 0.0)
BARS: Final = 16.0
"""Points that the Code 128 is high."""
QUIET: Final = 18.0
"""Points of white between the two symbols."""
SQUARE: Final = 8.0


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands on top of every page."""

    number: str
    product: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and its share of the page's width."""

    title: str
    share: float
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a cell. Boxed, it is an empty box to be filled in by hand."""

    text: str = ""
    small: str = ""
    """Below it, in small: the value before rounding, who, when."""
    is_bold: bool = False
    is_boxed: bool = False
    tick: bool | None = None
    """A square before the text, ticked or not yet."""


@dataclass(frozen=True, slots=True)
class Table:
    """A heading and the rows below it."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


def draw(heading: Heading, tables: Sequence[Table]) -> bytes:
    """
    Return the worksheet as a PDF of letter pages, as many as it takes.

    Raises:
        GlyphMissing, TextForbidden: A text holds a character that cannot be printed.
    """
    form = _Form(drawn(heading, covered=COVERED))
    for table in drawn(tuple(tables), covered=COVERED):
        form.table(table)
    form.number_pages()
    return document(form.pages, size=(WIDE, HIGH), title="Compounding worksheet")


class _Form:
    """Pages that are filled from top to bottom."""

    def __init__(self, heading: Heading) -> None:
        self.heading = heading
        self.pages: list[Pen] = []
        self.y = 0.0
        self._turn()

    def _turn(self) -> None:
        pen = Pen()
        self.pages.append(pen)
        top = HIGH - MARGIN
        pen.text(MARGIN, top - 17, self.heading.number, 20, bold=True)
        pen.text(MARGIN, top - 33, self.heading.product, 11, bold=True)
        for place, line in enumerate(self.heading.lines):
            pen.text(MARGIN, top - 45 - place * 10, line, 8)
        square, strip = matrix(self.heading.number), bars(self.heading.number)
        x = WIDE - MARGIN - square.wide
        pen.symbol(square, x, top - square.wide, high=square.wide)
        left = x - QUIET - strip.wide
        pen.symbol(strip, left, top - BARS, high=BARS)
        pen.text_centred(left + strip.wide / 2, top - BARS - 9, self.heading.number, 7.5)
        pen.line(MARGIN, TOP + 8, WIDE - MARGIN, TOP + 8, weight=1.2)
        self.y = TOP

    def number_pages(self) -> None:
        """Write on every page which of how many it is, and leave room to sign the last."""
        for place, pen in enumerate(self.pages, start=1):
            pen.text(MARGIN, 24, f"Batch {self.heading.number}", 7.5)
            pen.text_right(WIDE - MARGIN, 24, f"Page {place} of {len(self.pages)}", 7.5)

    def table(self, table: Table) -> None:
        """Draw a table; its title and columns stand again on every page it goes on to."""
        rows = [_Row(row, table.columns) for row in table.rows]
        first = rows[0].high if rows else 0
        if self.y - (44 + first) < BOTTOM:
            self._turn()
        self._head(table, again=False)
        for row in rows:
            if self.y - row.high < BOTTOM:
                self._turn()
                self._head(table, again=True)
            row.draw(self.pages[-1], self.y)
            self.y -= row.high
        self.y -= 12

    def _head(self, table: Table, *, again: bool) -> None:
        pen = self.pages[-1]
        pen.ink(*BAND)
        pen.box(MARGIN, self.y - 15, ROOM, 15)
        pen.ink(*BLACK)
        title = f"{table.title} (continued)" if again else table.title
        pen.text(MARGIN + PAD, self.y - 11, title, 9.5, bold=True)
        if table.note and not again:
            pen.text_right(WIDE - MARGIN - PAD, self.y - 10.5, table.note, 7)
        self.y -= 15
        if any(column.title for column in table.columns):
            pen.ink(*GREY)
            for column, left, wide in _places(table.columns):
                if column.is_number:
                    pen.text_right(left + wide - PAD, self.y - 9, column.title, SMALL)
                else:
                    pen.text(left + PAD, self.y - 9, column.title, SMALL)
            pen.ink(*BLACK)
            self.y -= 12


class _Row:
    """One row, broken into lines before it is known where it stands."""

    def __init__(self, cells: Sequence[Cell], columns: Sequence[Column]) -> None:
        self.cells = list(zip(cells, _places(columns), strict=True))
        self.texts = [
            (
                _broken(cell.text, wide - _indent(cell), SIZE, bold=cell.is_bold),
                _broken(cell.small, wide - _indent(cell), SMALL),
            )
            for cell, (_, _, wide) in self.cells
        ]
        lines = max(len(text) * LEAD + len(small) * SMALL_LEAD for text, small in self.texts)
        boxed = any(cell.is_boxed for cell in cells)
        self.high = max(lines, LEAD + 6 if boxed else 0) + 5

    def draw(self, pen: Pen, top: float) -> None:
        for (cell, (column, left, wide)), (text, small) in zip(self.cells, self.texts, strict=True):
            if cell.is_boxed:
                pen.frame(left + 2, top - self.high + 2, wide - 4, self.high - 4, weight=0.7)
            if cell.tick is not None:
                _square(pen, left + PAD, top - 11, ticked=cell.tick)
            x = left + _indent(cell) / 2 if cell.tick is None else left + PAD + SQUARE + 5
            y = top - 10.5
            for lines, size, lead in ((text, SIZE, LEAD), (small, SMALL, SMALL_LEAD)):
                pen.ink(*(BLACK if size == SIZE else GREY))
                for line in lines:
                    is_bold = cell.is_bold and size == SIZE
                    if column.is_number:
                        pen.text_right(left + wide - PAD, y, line, size, bold=is_bold)
                    else:
                        pen.text(x, y, line, size, bold=is_bold)
                    y -= lead
            pen.ink(*BLACK)
        pen.ink(*GREY)
        pen.line(MARGIN, top - self.high, WIDE - MARGIN, top - self.high, weight=HAIR)
        pen.ink(*BLACK)


def _square(pen: Pen, x: float, y: float, *, ticked: bool) -> None:
    pen.frame(x, y, SQUARE, SQUARE, weight=0.8)
    if ticked:
        pen.line(x + 1.8, y + 4, x + 3.4, y + 1.8, weight=1.3)
        pen.line(x + 3.4, y + 1.8, x + 6.6, y + 6.6, weight=1.3)


def _indent(cell: Cell) -> float:
    return 2 * PAD + (SQUARE + 5 if cell.tick is not None else 0)


def _places(columns: Sequence[Column]) -> list[tuple[Column, float, float]]:
    """Return each column with its left edge and width, in points."""
    whole = sum(column.share for column in columns)
    places, left = [], MARGIN
    for column in columns:
        wide = ROOM * column.share / whole
        places.append((column, left, wide))
        left += wide
    return places


def _broken(text: str, room: float, size: float, *, bold: bool = False) -> list[str]:
    """Break a text into lines; a word that is wider than its column goes on below."""
    if not text:
        return []
    measure = partial(width, size=size, bold=bold)
    try:
        return wrapped(text, room=room, width=measure)
    except TextTooLong:
        lines = [""]
        for letter in text:
            if measure(lines[-1] + letter) > room:
                lines.append("")
            lines[-1] += letter
        return lines
