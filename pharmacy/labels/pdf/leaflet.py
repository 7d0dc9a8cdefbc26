"""
The leaflet: letter size, the steps with their dates first, then what to do, in two columns.

Text is 10.5 points or larger, and no passage is torn apart by a column or a page.
Source: domain.md 5.2; USP <17> for size and white space.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from pharmacy.labels.pdf import barcode
from pharmacy.labels.pdf.fonts import width
from pharmacy.labels.pdf.pen import Pen
from pharmacy.labels.rules.fitting import TextTooLong, wrapped
from pharmacy.labels.rules.leaflet import Leaflet, LeafletStep, Passage

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
CHART_HIGH: Final = 96.0
MOST_PAGES: Final = 3

INK: Final = (0.11, 0.13, 0.16)
QUIET: Final = (0.36, 0.40, 0.44)
ACCENT: Final = (0.05, 0.34, 0.42)
PALE: Final = (0.93, 0.96, 0.96)
LINE: Final = (0.80, 0.84, 0.86)
WHITE: Final = (1.0, 1.0, 1.0)
LIGHTEST: Final = (0.62, 0.78, 0.81)
"""The first step's bar; the last one has the accent colour."""


def draw(leaflet: Leaflet) -> list[Pen]:
    """
    Draw the leaflet's pages.

    Raises:
        TextTooLong: A name does not fit its line, or the whole does not fit its pages.
    """
    pen = Pen()
    y = _head(pen, leaflet)
    y = _chart(pen, leaflet.steps, y)
    y = _table(pen, leaflet.steps, y)
    pages = _columns(pen, leaflet.passages, y - 26)
    for place, page in enumerate(pages, start=1):
        _foot(page, leaflet, f"Page {place} of {len(pages)}")
    return pages


def _head(pen: Pen, leaflet: Leaflet) -> float:
    """Write who this is for and from whom; return the height below it."""
    y = HIGH - MARGIN
    pen.ink(*QUIET)
    address = ", ".join(leaflet.address)
    _fitted(pen, MARGIN, y - 8, f"{leaflet.pharmacy}, {address}", 9, room=RIGHT - MARGIN)
    pen.ink(*ACCENT)
    pen.text(MARGIN, y - 44, "Your low-dose naltrexone", 27, bold=True)
    pen.ink(*INK)
    y -= 66
    bars, dots = barcode.code128(leaflet.rx_number)
    wide = dots * barcode.DOT
    pen.operators(barcode.placed(bars, RIGHT - wide, y + 12, high=barcode.on_dot(26)))
    pen.text_centred(RIGHT - wide / 2, y, f"Rx {leaflet.rx_number}", 10, bold=True)
    room = RIGHT - wide - 24 - MARGIN
    for line in wrapped(leaflet.patient, room=room, width=partial(width, size=14, bold=True)):
        pen.text(MARGIN, y, line, 14, bold=True)
        y -= 17
    facts = (
        f"{leaflet.drug}, ordered by {leaflet.prescriber}",
        f"Filled {leaflet.filled_on}. Refills left: {leaflet.refills}. "
        f"Discard after {leaflet.discard_after}.",
    )
    for fact in facts:
        for line in wrapped(fact, room=RIGHT - MARGIN, width=partial(width, size=BODY)):
            pen.text(MARGIN, y, line, BODY)
            y -= LEAD
    return y - 14


def _fitted(pen: Pen, x: float, y: float, text: str, size: float, *, room: float) -> None:
    if width(text, size) > room:
        raise TextTooLong("a line of the leaflet does not fit", letters=len(text))
    pen.text(x, y, text, size)


def _shade(place: int, steps: int) -> tuple[float, float, float]:
    """Return the colour of a step's bar: the higher the step, the deeper."""
    share = 1.0 if steps == 1 else place / (steps - 1)
    red, green, blue = (
        light + (deep - light) * share for light, deep in zip(LIGHTEST, ACCENT, strict=True)
    )
    return red, green, blue


def _chart(pen: Pen, steps: Sequence[LeafletStep], top: float) -> float:
    """Draw the steps as stairs: as wide as they are long, as high as their dose."""
    days = sum(step.days for step in steps)
    highest = max(step.dose_ug for step in steps)
    gap = 3.0
    room = RIGHT - MARGIN - gap * (len(steps) - 1)
    base = top - CHART_HIGH - 18
    x = MARGIN
    for place, step in enumerate(steps):
        wide = room * step.days / days
        high = CHART_HIGH * (0.22 + 0.78 * step.dose_ug / highest) - 16
        pen.ink(*_shade(place, len(steps)))
        pen.pill(x, base, wide, high, 3)
        pen.ink(*INK)
        _caption(pen, step, x, base, wide, high)
        x += wide + gap
    return base - 32


def _caption(pen: Pen, step: LeafletStep, x: float, base: float, wide: float, high: float) -> None:
    """Name a stair, with as much as has room above and below it."""
    dose = 17 if width(step.dose, 17, bold=True) <= wide else 9
    if width(step.dose, dose, bold=True) <= wide:
        pen.text(x, base + high + 6, step.dose, dose, bold=True)
        after = x + width(step.dose + " ", dose, bold=True)
        if after + width(step.nights, BODY) <= x + wide:
            pen.ink(*QUIET)
            pen.text(after, base + high + 6, step.nights, BODY)
            pen.ink(*INK)
    if width(step.first_on, 9) <= wide:
        pen.text(x, base - 12, step.first_on, 9)
    both = width(step.first_on, 9) + width(step.last_on, 9) + 12
    if both <= wide:
        pen.ink(*QUIET)
        pen.text_right(x + wide, base - 12, step.last_on, 9)
        pen.ink(*INK)


def _table(pen: Pen, steps: Sequence[LeafletStep], top: float) -> float:
    """List the steps: which container, from when to when, what to take."""
    columns = (MARGIN + 10, MARGIN + 76, MARGIN + 134, MARGIN + 318)
    row = 22.0
    y = top
    pen.ink(*QUIET)
    for x, title in zip(columns, ("Label", "Dose", "From and to", "What to take"), strict=True):
        pen.text(x, y, title, 9)
    y -= 7
    for place, step in enumerate(steps):
        y -= row
        if place % 2 == 0:
            pen.ink(*PALE)
            pen.pill(MARGIN, y, RIGHT - MARGIN, row, 3)
        pen.ink(*INK)
        base = y + 7.4
        pen.text(columns[0], base, step.title, BODY, bold=True)
        pen.text(columns[1], base, step.dose, BODY, bold=True)
        pen.text(columns[2], base, step.dates, BODY)
        pen.text(columns[3], base, f"{step.directions}", BODY)
    return y


def _columns(first: Pen, passages: Sequence[Passage], top: float) -> list[Pen]:
    """Set the passages in columns, page after page, each of them whole."""
    pages = [first]
    column, y = 0, top
    for passage in passages:
        high = _high(passage)
        if y - high < BOTTOM:
            column, y = column + 1, top
            if column > 1:
                column, top = 0, HIGH - MARGIN - 14
                y = top
                pages.append(Pen())
                if len(pages) > MOST_PAGES:
                    raise TextTooLong("the leaflet does not fit its pages", pages=len(pages))
        _passage(pages[-1], passage, MARGIN + column * (COLUMN_WIDE + GUTTER), y)
        y -= high
    return pages


def _lines(passage: Passage) -> list[str]:
    room = COLUMN_WIDE - (24 if passage.key == BOXED else 0)
    words = " ".join(passage.sentences)
    return wrapped(words, room=room, width=partial(width, size=BODY))


BOXED: Final = "opioids"
"""The passage that nobody may overlook."""


def _high(passage: Passage) -> float:
    return 17 + LEAD * len(_lines(passage)) + (32 if passage.key == BOXED else 13)


def _passage(pen: Pen, passage: Passage, x: float, y: float) -> None:
    boxed = passage.key == BOXED
    if boxed:
        pen.ink(*PALE)
        pen.pill(x, y - _high(passage) + 21, COLUMN_WIDE, _high(passage) - 9, 5)
        pen.ink(*ACCENT)
        pen.box(x, y - _high(passage) + 21, 3, _high(passage) - 9)
        x, y = x + 14, y - 6
    pen.ink(*ACCENT)
    pen.text(x, y, passage.title, 12, bold=True)
    pen.ink(*INK)
    y -= 17
    for line in _lines(passage):
        pen.text(x, y, line, BODY)
        y -= LEAD


def _foot(pen: Pen, leaflet: Leaflet, page: str) -> None:
    """Say whom to call, and what this was made from."""
    pen.ink(*LINE)
    pen.line(MARGIN, 52, RIGHT, 52, weight=0.6)
    pen.ink(*INK)
    pen.text(MARGIN, 38, f"Questions? Call our pharmacist: {leaflet.phone}", BODY, bold=True)
    pen.ink(*QUIET)
    _fitted(
        pen,
        MARGIN + width(f"Questions? Call our pharmacist: {leaflet.phone}  ", BODY, bold=True),
        38,
        leaflet.phone_hours,
        BODY,
        room=RIGHT - MARGIN - 250,
    )
    pen.text_right(RIGHT, 38, page, 9)
    pen.text(
        MARGIN,
        25,
        f"Rx {leaflet.rx_number}. Signed prescription: SHA-256 {leaflet.signed_sha256}",
        7.5,
    )
