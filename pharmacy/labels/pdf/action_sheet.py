"""The sheet of action barcodes, letter size: hung at the bench, scanned instead of pressed."""

from collections.abc import Sequence
from typing import Final

from pharmacy.labels.pdf import barcode
from pharmacy.labels.pdf.colours import ACCENT, INK, LINE, QUIET
from pharmacy.labels.pdf.fonts import width
from pharmacy.labels.pdf.pen import Pen
from pharmacy.labels.rules.fitting import TextTooLong
from pharmacy.labels.rules.tags import ActionCode

SIZE: Final = (612.0, 792.0)
MARGIN: Final = 54.0
ACROSS: Final = 2
ROW: Final = 118.0
TOP: Final = 668.0
DOT: Final = 72 / 150
"""Half of the narrowest bar: a whole number of dots of an office printer."""
BARS: Final = 40.0
A_PAGE: Final = 10


def draw(actions: Sequence[ActionCode]) -> list[Pen]:
    """Draw the sheet. Raises TextTooLong."""
    return [
        _page(actions[start : start + A_PAGE]) for start in range(0, max(1, len(actions)), A_PAGE)
    ]


def _page(actions: Sequence[ActionCode]) -> Pen:
    pen = Pen()
    pen.ink(*ACCENT)
    pen.text(MARGIN, 722, "Action barcodes", 27, bold=True)
    pen.ink(*QUIET)
    pen.text(MARGIN, 702, "Scan one instead of pressing the button of that name.", 12)
    cell = (SIZE[0] - 2 * MARGIN) / ACROSS
    for place, action in enumerate(actions):
        row, column = divmod(place, ACROSS)
        _cell(pen, action, MARGIN + column * cell, TOP - row * ROW, cell)
    return pen


def _cell(pen: Pen, action: ActionCode, x: float, y: float, wide: float) -> None:
    bars = barcode.bars(action.code)
    if max(width(action.words, 15, bold=True), bars.modules * barcode.NARROW * DOT) > wide - 20:
        raise TextTooLong("an action does not fit its place", letters=len(action.words))
    pen.ink(*LINE)
    pen.line(x, y + 4, x + wide - 20, y + 4, weight=0.6)
    pen.ink(*INK)
    pen.text(x, y - 18, action.words, 15, bold=True)
    pen.symbol(bars, x, y - 18 - 12 - BARS, high=BARS, dot=DOT)
    pen.ink(*QUIET)
    pen.text(x, y - 18 - 12 - BARS - 14, action.code, 10)
