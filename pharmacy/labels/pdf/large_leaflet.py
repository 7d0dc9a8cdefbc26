"""
The leaflet for weak eyes: 18 points and larger, one column, on as many pages as it takes.

It says what the usual leaflet says, every word of it: the steps as a list instead of a chart, then
the passages, then the calendar. Source: USP <17>; the American Printing House for the Blind calls
18 points large print.
"""

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from pharmacy.labels.pdf import barcode, calendar
from pharmacy.labels.pdf.colours import ACCENT, INK, LINE, PALE
from pharmacy.labels.pdf.fonts import width
from pharmacy.labels.pdf.pen import Pen
from pharmacy.labels.rules.fitting import TextTooLong, wrapped
from pharmacy.labels.rules.leaflet import Leaflet, LeafletStep, Passage
from pharmacy.labels.rules.texts import filled

WIDE: Final = 612.0
HIGH: Final = 792.0
MARGIN: Final = 50.0
ROOM: Final = WIDE - 2 * MARGIN
TOP: Final = HIGH - MARGIN
BODY: Final = 18.0
LEAD: Final = 24.0
TITLE: Final = 22.0
DOT: Final = 72 / 150
MOST_PAGES: Final = 20
WHOLE: Final = 12
"""A passage of so many lines is not torn between two pages."""
FIRST: Final = "opioids"
"""The passage that nobody may overlook stands before the others."""


@dataclass
class Flow:
    """Writes lines from the top of a page down, and goes on on the next."""

    foot: list[str]
    pages: list[Pen] = field(default_factory=lambda: [Pen()])
    y: float = TOP

    @property
    def pen(self) -> Pen:
        return self.pages[-1]

    @property
    def bottom(self) -> float:
        """Above the foot: whom to ask, and the page."""
        return 62 + LEAD * len(self.foot)

    def need(self, high: float) -> None:
        """Go on on a new page unless so many points are left on this one."""
        if self.y - high < self.bottom:
            self.pages.append(Pen())
            self.pen.ink(*INK)
            self.y = TOP

    def say(self, text: str, size: float = BODY, *, bold: bool = False) -> None:
        """Write a text, as many lines as it takes."""
        for line in wrapped(text, room=ROOM, width=partial(width, size=size, bold=bold)):
            self.need(LEAD)
            self.y -= size * 4 / 3
            self.pen.text(MARGIN, self.y, line, size, bold=bold)

    def title(self, text: str, *, with_lines: int = 2) -> None:
        """Write a title that never stands alone at the end of a page."""
        self.need(TITLE * 4 / 3 + LEAD * with_lines + 16)
        if self.y < TOP:
            self.y -= 16
        self.pen.ink(*ACCENT)
        self.say(text, TITLE, bold=True)
        self.pen.ink(*INK)


def draw(leaflet: Leaflet) -> list[Pen]:
    """
    Draw the leaflet's pages.

    Raises:
        TextTooLong: A name is wider than a line, or the whole takes more pages than anybody reads.
    """
    asking = partial(width, size=BODY, bold=True)
    foot = wrapped(leaflet.frame.questions, room=ROOM, width=asking)
    foot += wrapped(leaflet.phone_hours, room=ROOM, width=partial(width, size=BODY))
    flow = Flow(foot)
    _head(flow, leaflet)
    for step in leaflet.steps:
        _step(flow, step)
    for passage in sorted(leaflet.passages, key=lambda each: each.key != FIRST):
        _passage(flow, passage)
    _calendar(flow, leaflet)
    _origin(flow, leaflet)
    if len(flow.pages) > MOST_PAGES:
        raise TextTooLong("the leaflet does not fit its pages", steps=len(leaflet.steps))
    for place, page in enumerate(flow.pages, start=1):
        _foot(page, flow, filled(leaflet.frame.page, no=place, pages=len(flow.pages)))
    return flow.pages


def _head(flow: Flow, leaflet: Leaflet) -> None:
    bars = barcode.bars(leaflet.rx_number)
    flow.pen.ink(*ACCENT)
    flow.say(leaflet.frame.title, 28, bold=True)
    flow.pen.ink(*INK)
    flow.y -= 10
    flow.say(leaflet.patient, TITLE, bold=True)
    flow.y -= 34
    flow.pen.symbol(bars, MARGIN, flow.y, high=26, dot=DOT)
    after = MARGIN + bars.modules * barcode.NARROW * DOT + 12
    flow.pen.text(after, flow.y + 6, f"Rx {leaflet.rx_number}", BODY, bold=True)
    flow.y -= 8
    for text in (leaflet.ordered, leaflet.filled):
        flow.say(text)
    flow.say(f"{leaflet.pharmacy}, {', '.join(leaflet.address)}")


def _step(flow: Flow, step: LeafletStep) -> None:
    """Write one step in a box: which label, which dose, what to take, from when to when."""
    inner = partial(width, size=BODY)
    room = ROOM - 28
    lines = [*wrapped(step.take, room=room, width=inner)]
    lines += wrapped(f"{step.dates} ({step.nights})", room=room, width=inner)
    high = LEAD * (len(lines) + 1) + 20
    flow.need(high + 14)
    flow.y -= 14
    flow.pen.ink(*PALE)
    flow.pen.pill(MARGIN, flow.y - high, ROOM, high, 5)
    flow.pen.ink(*INK)
    y = flow.y - 28
    flow.pen.text(MARGIN + 14, y, f"{step.title}: {step.dose}", BODY, bold=True)
    for line in lines:
        y -= LEAD
        flow.pen.text(MARGIN + 14, y, line, BODY)
    flow.y -= high


def _passage(flow: Flow, passage: Passage) -> None:
    """Write a passage on one page, unless it is longer than most of one."""
    text = " ".join(passage.sentences)
    lines = wrapped(text, room=ROOM, width=partial(width, size=BODY))
    flow.title(passage.title, with_lines=min(len(lines), WHOLE))
    flow.say(text)


def _calendar(flow: Flow, leaflet: Leaflet) -> None:
    """Draw the months, two in a row, with figures of 18 points."""
    across = calendar.LARGE.across
    flow.title(leaflet.frame.calendar, with_lines=4 + int(calendar.LARGE.high / LEAD))
    flow.say(leaflet.frame.calendar_hint)
    for place in range(0, len(leaflet.months), across):
        flow.need(calendar.LARGE.high + 12)
        row = leaflet.months[place : place + across]
        calendar.row(
            flow.pen, leaflet, row, calendar.LARGE, left=MARGIN, right=WIDE - MARGIN, y=flow.y - 30
        )
        flow.y -= calendar.LARGE.high + 12


def _origin(flow: Flow, leaflet: Leaflet) -> None:
    """Name the signed bytes in two halves: 64 figures are wider than a line."""
    flow.need(LEAD * 3 + 16)
    flow.pen.ink(*INK)
    flow.y -= 16
    digest = leaflet.signed_sha256
    flow.say(leaflet.frame.signed.replace(digest, "").strip())
    for place in range(0, len(digest), 32):
        flow.say(digest[place : place + 32])


def _foot(pen: Pen, flow: Flow, page: str) -> None:
    pen.ink(*LINE)
    pen.line(MARGIN, flow.bottom - 14, WIDE - MARGIN, flow.bottom - 14, weight=0.8)
    pen.ink(*INK)
    y = flow.bottom - 14
    for place, line in enumerate(flow.foot):
        y -= LEAD
        pen.text(MARGIN, y, line, BODY, bold=place == 0)
    pen.text_right(WIDE - MARGIN, 30, page, BODY)
