"""Labels of batches, lots and shelves, on the stock that a printer holds."""

from typing import Final

from pharmacy.labels.pdf import barcode
from pharmacy.labels.pdf.fonts import in_lines, width
from pharmacy.labels.pdf.pen import Pen
from pharmacy.labels.rules.fitting import TextTooLong
from pharmacy.labels.rules.tags import Tag

MARGIN: Final = 9.0
SIZES: Final = (20.0, 16.0, 13.0, 11.5)
"""Of the name: the largest in which it takes two lines at most, and all the rest fits."""
NUMBER: Final = 13.0
STANDING: Final = 11.0
FACT: Final = 8.5
LARGE_FACT: Final = 13.0
TALL: Final = 400.0
"""A stock as high as this has room for large facts."""
LEAD: Final = 1.22
VALUE: Final = 6.6
"""Height of a line, and how far a value stands from its title, by the size of the facts."""
CODE: Final = 6.0
MOST_LINES: Final = 2


def draw(tag: Tag, size: tuple[float, float]) -> Pen:
    """
    Draw one label: what it is, whether it may be used, its facts and its code.

    Raises:
        TextTooLong: Something does not fit.
    """
    *large, smallest = SIZES
    for name in large:
        try:
            return _draw(tag, size, name)
        except TextTooLong:
            continue
    return _draw(tag, size, smallest)


def _draw(tag: Tag, size: tuple[float, float], name: float) -> Pen:
    pen = Pen()
    wide, high = size
    room = wide - 2 * MARGIN
    y = _name(pen, tag, room, high - MARGIN, size=name)
    y = _standing(pen, tag, room, y - 4)
    matrix = barcode.matrix(tag.code)
    pen.symbol(matrix, wide - MARGIN - matrix.wide, MARGIN + CODE + 3)
    pen.text(MARGIN, MARGIN - 2, tag.code, CODE, own=True)
    beside = room - matrix.wide - 8
    fact = LARGE_FACT if high >= TALL else FACT
    value_at = VALUE * fact
    for title, value in tag.facts:
        for no, line in enumerate(in_lines(value, fact, room=beside - value_at)):
            y -= LEAD * fact
            if y < MARGIN + CODE:
                raise TextTooLong("the facts do not fit on the label", lines=len(tag.facts))
            if no == 0:
                pen.text(MARGIN, y, title, fact)
            pen.text(MARGIN + value_at, y, line, fact, bold=title in {"Use until", "Discard after"})
    return pen


def _name(pen: Pen, tag: Tag, room: float, y: float, *, size: float) -> float:
    """Write the name and the number; return the height below them."""
    lines = [line for name in tag.name for line in in_lines(name, size, room=room, bold=True)]
    if len(lines) > MOST_LINES:
        raise TextTooLong("the name does not fit on the label", lines=len(lines))
    for place, line in enumerate(lines):
        y -= size * (1.1 if place else 0.75)
        pen.text(MARGIN, y, line, size, bold=True)
    for line in in_lines(tag.number, NUMBER, room=room, bold=True):
        y -= NUMBER * 1.25
        pen.text(MARGIN, y, line, NUMBER, bold=True, own=True)
    return y


def _standing(pen: Pen, tag: Tag, room: float, y: float) -> float:
    """Say whether it may be used: in white on black where it may not."""
    high = STANDING * 1.6
    if width(tag.standing, STANDING, bold=True) > room - 12:
        raise TextTooLong("whether it may be used does not fit", letters=len(tag.standing))
    pen.pill(MARGIN, y - high, room, high, 3, outline=1.2 if tag.is_usable else 0)
    if not tag.is_usable:
        pen.ink(1, 1, 1)
    pen.text(MARGIN + 6, y - high + STANDING * 0.45, tag.standing, STANDING, bold=True)
    pen.ink(0, 0, 0)
    return y - high - 1
