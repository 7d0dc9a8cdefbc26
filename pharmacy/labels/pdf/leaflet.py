"""
The leaflet: letter size, the steps with their dates first, then what to do, in two columns.

Text is 10.5 points or larger, and no passage is torn apart by a column or a page.
Source: domain.md 5.2; USP <17> for size and white space.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from pharmacy.labels.pdf import barcode, calendar
from pharmacy.labels.pdf.colours import ACCENT, INK, LINE, PALE, QUIET, shade
from pharmacy.labels.pdf.fonts import width
from pharmacy.labels.pdf.pen import Pen
from pharmacy.labels.rules.fitting import TextTooLong, wrapped
from pharmacy.labels.rules.leaflet import Leaflet, LeafletStep, Passage
from pharmacy.labels.rules.texts import filled

WIDE: Final = 612.0
HIGH: Final = 792.0
SIZE: Final = (WIDE, HIGH)
MARGIN: Final = 54.0
RIGHT: Final = WIDE - MARGIN
GUTTER: Final = 30.0
COLUMN_WIDE: Final = (RIGHT - MARGIN - GUTTER) / 2
BOTTOM: Final = 66.0
BODY: Final = 10.5
LEAD: Final = 14.0
DOT: Final = 72 / 150
"""Half of the narrowest bar; a whole number of dots of an office printer."""
CHART_HIGH: Final = 96.0


def draw(leaflet: Leaflet) -> list[Pen]:
    """
    Draw the leaflet's pages: the steps and how to take them, then the calendar and the rest.

    Raises:
        TextTooLong: A name does not fit its line, or the whole does not fit its pages.
    """
    pages = [Pen(), Pen()]
    first, second = pages
    y = _head(first, leaflet)
    y = _table(first, leaflet, _chart(first, leaflet.steps, y))
    warnings = [passage for passage in leaflet.passages if passage.key in BOXED]
    for warning in warnings:
        y = _box(first, warning, y - 14)
    others = [passage for passage in leaflet.passages if passage not in warnings]
    rest = _columns(first, others, y - 30)
    y = calendar.draw(second, leaflet, left=MARGIN, right=RIGHT, top=HIGH - 68)
    rest = _columns(second, rest, y - 32, balanced=True)
    if rest:
        pages.append(Pen())
        if _columns(pages[-1], rest, HIGH - 68, balanced=True):
            raise TextTooLong("the leaflet does not fit its pages", steps=len(leaflet.steps))
    for place, page in enumerate(pages, start=1):
        _foot(page, leaflet, filled(leaflet.frame.page, no=place, pages=len(pages)))
    return pages


def _head(pen: Pen, leaflet: Leaflet) -> float:
    """Write who this is for and from whom; return the height below it."""
    y = HIGH - MARGIN
    pen.ink(*QUIET)
    address = ", ".join(leaflet.address)
    _fitted(pen, MARGIN, y - 8, f"{leaflet.pharmacy}, {address}", 9, room=RIGHT - MARGIN)
    pen.ink(*ACCENT)
    pen.text(MARGIN, y - 44, leaflet.frame.title, 27, bold=True)
    pen.ink(*INK)
    y -= 66
    bars = barcode.bars(leaflet.rx_number)
    wide = bars.modules * barcode.NARROW * DOT
    pen.symbol(bars, RIGHT - wide, y + 12, high=26, dot=DOT)
    pen.text_centred(RIGHT - wide / 2, y, f"Rx {leaflet.rx_number}", 10, bold=True)
    room = RIGHT - wide - 24 - MARGIN
    for line in wrapped(leaflet.patient, room=room, width=partial(width, size=14, bold=True)):
        pen.text(MARGIN, y, line, 14, bold=True)
        y -= 17
    for fact in (leaflet.ordered, leaflet.filled):
        for line in wrapped(fact, room=RIGHT - MARGIN, width=partial(width, size=BODY)):
            pen.text(MARGIN, y, line, BODY)
            y -= LEAD
    return y - 14


def _fitted(pen: Pen, x: float, y: float, text: str, size: float, *, room: float) -> None:
    if width(text, size) > room:
        raise TextTooLong("a line of the leaflet does not fit", letters=len(text))
    pen.text(x, y, text, size)


def _chart(pen: Pen, steps: Sequence[LeafletStep], top: float) -> float:
    """Draw the steps as stairs: as wide as they are long, as high as their dose."""
    days = sum(step.days for step in steps)
    highest = max(step.dose_ug for step in steps)
    gap = 3.0
    room = RIGHT - MARGIN - gap * (len(steps) - 1)
    base = top - CHART_HIGH - 18
    narrowest = room * min(step.days for step in steps) / days
    large = all(width(step.dose, 17, bold=True) <= narrowest for step in steps)
    x = MARGIN
    for place, step in enumerate(steps):
        wide = room * step.days / days
        high = CHART_HIGH * (0.22 + 0.78 * step.dose_ug / highest) - 16
        pen.ink(*shade(place, len(steps)))
        pen.pill(x, base, wide, high, 3)
        _caption(pen, step, x, wide, base=base, top=base + high + 6, size=17 if large else 9)
        x += wide + gap
    return base - 32


def _caption(
    pen: Pen, step: LeafletStep, x: float, wide: float, *, base: float, top: float, size: float
) -> None:
    """Name a stair, with as much as has room above and below it."""
    pen.ink(*INK)
    if width(step.dose, size, bold=True) <= wide:
        pen.text(x, top, step.dose, size, bold=True)
        after = x + width(step.dose + " ", size, bold=True)
        if after + width(step.nights, BODY) <= x + wide:
            pen.ink(*QUIET)
            pen.text(after, top, step.nights, BODY)
            pen.ink(*INK)
    if width(step.first_on, 9) <= wide:
        pen.text(x, base - 12, step.first_on, 9)
    both = width(step.first_on, 9) + width(step.last_on, 9) + 12
    if both <= wide:
        pen.ink(*QUIET)
        pen.text_right(x + wide, base - 12, step.last_on, 9)
        pen.ink(*INK)


def _table(pen: Pen, leaflet: Leaflet, top: float) -> float:
    """List the steps: which container, from when to when, what to take."""
    columns = (MARGIN + 10, MARGIN + 76, MARGIN + 134, MARGIN + 300)
    row = 22.0
    y = top
    pen.ink(*QUIET)
    for x, title in zip(columns, leaflet.frame.columns, strict=True):
        pen.text(x, y, title, 9)
    y -= 7
    for place, step in enumerate(leaflet.steps):
        y -= row
        if place % 2 == 0:
            pen.ink(*PALE)
            pen.pill(MARGIN, y, RIGHT - MARGIN, row, 3)
        pen.ink(*INK)
        base = y + 7.4
        pen.text(columns[0], base, step.title, BODY, bold=True)
        pen.text(columns[1], base, step.dose, BODY, bold=True)
        pen.text(columns[2], base, step.dates, BODY)
        pen.text(columns[3], base, step.take, BODY)
    return y


def _columns(
    pen: Pen, passages: Sequence[Passage], top: float, *, balanced: bool = False
) -> Sequence[Passage]:
    """
    Set passages in two columns, each passage whole, and return those that had no room.

    Args:
        balanced: Make both columns about as long as each other.
    """
    half = sum(map(_high, passages)) / 2
    column, y = 0, top
    for place, passage in enumerate(passages):
        high = _high(passage)
        full = y - high < BOTTOM
        past_half = balanced and column == 0 and top - y + high / 2 > half
        if full or past_half:
            column, y = column + 1, top
            if column > 1 or y - high < BOTTOM:
                return passages[place:]
        _passage(pen, passage, MARGIN + column * (COLUMN_WIDE + GUTTER), y)
        y -= high
    return ()


def _lines(passage: Passage, *, room: float = COLUMN_WIDE) -> list[str]:
    return wrapped(" ".join(passage.sentences), room=room, width=partial(width, size=BODY))


def _high(passage: Passage) -> float:
    return 17 + LEAD * len(_lines(passage)) + 13


def _passage(pen: Pen, passage: Passage, x: float, y: float, *, room: float = COLUMN_WIDE) -> float:
    """Write a passage with the baseline of its title at `y`; return the height below it."""
    pen.ink(*ACCENT)
    pen.text(x, y, passage.title, 12, bold=True)
    pen.ink(*INK)
    y -= 17
    for line in _lines(passage, room=room):
        pen.text(x, y, line, BODY)
        y -= LEAD
    return y


BOXED: Final = frozenset({"opioids"})
"""Passages that nobody may overlook: across the first page, right below the steps."""


def _box(pen: Pen, passage: Passage, top: float) -> float:
    """Set a passage in a box as wide as the page, and return the height below it."""
    room = RIGHT - MARGIN - 32
    high = 17 + LEAD * len(_lines(passage, room=room)) + 18
    pen.ink(*PALE)
    pen.pill(MARGIN, top - high, RIGHT - MARGIN, high, 5)
    pen.ink(*ACCENT)
    pen.box(MARGIN, top - high, 4, high)
    _passage(pen, passage, MARGIN + 18, top - 20, room=room)
    return top - high


def _foot(pen: Pen, leaflet: Leaflet, page: str) -> None:
    """Say whom to call, and what this was made from."""
    pen.ink(*LINE)
    pen.line(MARGIN, 52, RIGHT, 52, weight=0.6)
    pen.ink(*INK)
    pen.text(MARGIN, 38, leaflet.frame.questions, BODY, bold=True)
    pen.ink(*QUIET)
    x = MARGIN + width(leaflet.frame.questions + "  ", BODY, bold=True)
    room = RIGHT - width(page, 9) - 6 - x
    _fitted(pen, x, 38, leaflet.phone_hours, BODY, room=room)
    pen.text_right(RIGHT, 38, page, 9)
    pen.text(
        MARGIN,
        25,
        f"Rx {leaflet.rx_number}. {leaflet.frame.signed}",
        7.5,
    )
