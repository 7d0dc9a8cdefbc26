"""The leaflet's calendar: a day in the shade of the step that it belongs to."""

from typing import Final

from pharmacy.labels.pdf.colours import ACCENT, INK, QUIET, WHITE, shade, share
from pharmacy.labels.pdf.pen import Pen
from pharmacy.labels.rules.leaflet import NO_DOSE, Leaflet, Month

ACROSS: Final = 4
GAP: Final = 22.0
ROW: Final = 14.0
HEAD: Final = 30.0
WEEKS: Final = 6
DARK: Final = 0.45
"""From this share on a step's shade is too deep for dark figures."""


def draw(pen: Pen, leaflet: Leaflet, *, left: float, right: float, top: float) -> float:
    """Draw the months, four in a row, and return the height below them."""
    pen.ink(*ACCENT)
    pen.text(left, top, leaflet.frame.calendar, 12, bold=True)
    pen.ink(*QUIET)
    y = top - 15
    pen.text(left, y, leaflet.frame.calendar_hint, 9)
    wide = (right - left - GAP * (ACROSS - 1)) / ACROSS
    high = HEAD + ROW * WEEKS + 8
    y -= 22
    for place, month in enumerate(leaflet.months):
        row, column = divmod(place, ACROSS)
        _month(pen, month, leaflet, x=left + column * (wide + GAP), y=y - row * high, wide=wide)
    return y - -(-len(leaflet.months) // ACROSS) * high + ROW


def _month(pen: Pen, month: Month, leaflet: Leaflet, *, x: float, y: float, wide: float) -> None:
    cell, steps = wide / 7, len(leaflet.steps)
    pen.ink(*INK)
    pen.text(x, y, month.title, 10, bold=True)
    pen.ink(*QUIET)
    for weekday, letter in enumerate(leaflet.frame.weekdays):
        pen.text_centred(x + cell * (weekday + 0.5), y - 14, letter, 7.5)
    for day, step in enumerate(month.steps, start=1):
        week, weekday = divmod(month.begins + day - 1, 7)
        left, base = x + cell * weekday, y - HEAD + 2 - ROW * (week + 1) + ROW
        if step == NO_DOSE:
            pen.ink(*QUIET)
        else:
            pen.ink(*shade(step, steps))
            pen.pill(left + 0.6, base - 4.2, cell - 1.2, ROW - 1.2, 2.5)
            pen.ink(*(WHITE if share(step, steps) >= DARK else INK))
        pen.text_centred(left + cell / 2, base - 0.6, str(day), 8)
