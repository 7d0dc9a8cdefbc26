"""The leaflet's calendar: a day in the shade of the step that it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pharmacy.labels.pdf.colours import ACCENT, INK, QUIET, WHITE, shade, share
from pharmacy.labels.pdf.pen import Pen
from pharmacy.labels.rules.leaflet import NO_DOSE, Leaflet, Month

WEEKS: Final = 6
DARK: Final = 0.45
"""From this share on a step's shade is too deep for dark figures."""


@dataclass(frozen=True, slots=True)
class Grid:
    """How large months are drawn, in points."""

    across: int
    """Months in a row."""
    gap: float
    row: float
    head: float
    title: float
    weekday: float
    figure: float
    sink: float
    """How far a day's shade reaches below its figure's baseline."""

    @property
    def high(self) -> float:
        """The height of a month, with the white below it."""
        return self.head + self.row * WEEKS + 8


SMALL: Final = Grid(across=4, gap=22, row=14, head=30, title=10, weekday=7.5, figure=8, sink=3.6)
LARGE: Final = Grid(across=2, gap=28, row=27, head=54, title=20, weekday=18, figure=18, sink=6)


def draw(pen: Pen, leaflet: Leaflet, *, left: float, right: float, top: float) -> float:
    """Draw the months, four in a row, and return the height below them."""
    pen.ink(*ACCENT)
    pen.text(left, top, leaflet.frame.calendar, 12, bold=True)
    pen.ink(*QUIET)
    y = top - 15
    pen.text(left, y, leaflet.frame.calendar_hint, 9)
    y -= 22
    for place in range(0, len(leaflet.months), SMALL.across):
        months = leaflet.months[place : place + SMALL.across]
        row(pen, leaflet, months, SMALL, left=left, right=right, y=y)
        y -= SMALL.high
    return y + SMALL.row


def row(
    pen: Pen,
    leaflet: Leaflet,
    months: Sequence[Month],
    grid: Grid,
    *,
    left: float,
    right: float,
    y: float,
) -> None:
    """Draw some months beside each other, their titles at `y`."""
    wide = (right - left - grid.gap * (grid.across - 1)) / grid.across
    for column, month in enumerate(months):
        _month(pen, month, leaflet, grid, x=left + column * (wide + grid.gap), y=y, wide=wide)


def _month(
    pen: Pen, month: Month, leaflet: Leaflet, grid: Grid, *, x: float, y: float, wide: float
) -> None:
    cell, steps = wide / 7, len(leaflet.steps)
    pen.ink(*INK)
    pen.text(x, y, month.title, grid.title, bold=True)
    pen.ink(*QUIET)
    for weekday, letter in enumerate(leaflet.frame.weekdays):
        middle = x + cell * (weekday + 0.5)
        pen.text_centred(middle, y - grid.head + 16 * grid.row / 14, letter, grid.weekday)
    for day, step in enumerate(month.steps, start=1):
        week, weekday = divmod(month.begins + day - 1, 7)
        left, base = x + cell * weekday, y - grid.head + 2 - grid.row * week
        if step == NO_DOSE:
            pen.ink(*QUIET)
        else:
            pen.ink(*shade(step, steps))
            pen.pill(left + 0.6, base - grid.sink - 0.6, cell - 1.2, grid.row - 1.2, 2.5)
            pen.ink(*(WHITE if share(step, steps) >= DARK else INK))
        pen.text_centred(left + cell / 2, base - 0.6, str(day), grid.figure)
