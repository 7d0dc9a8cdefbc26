"""
Container labels that stand upright: 4 x 6 and 2.25 x 4 inches.

The patient's cluster takes the upper half and stands alone there, in 12-point type or larger; under
it come step and codes, the facts, and the statements. What the lower half cannot hold goes to a
continuation label. Source: 16 CCR 1707.5; USP <17>; domain.md 3.6, 5.1 and 5.3.
"""

from dataclasses import dataclass
from typing import Final

from pharmacy.labels.pdf import barcode
from pharmacy.labels.pdf.fonts import in_lines, width
from pharmacy.labels.pdf.label import (
    SETTINGS,
    Setting,
    fitted,
    heading,
    statements,
    write_cluster,
)
from pharmacy.labels.pdf.pen import Line, Pen
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.fitting import TextTooLong

QUIET: Final = 7.0
"""White space beside a symbol."""


@dataclass(frozen=True, slots=True)
class Upright:
    """One upright stock, in points."""

    size: tuple[float, float]
    cluster_high: float
    margin: float
    fine: float
    """The size of what is not the patient's."""
    bar_high: float
    value: float
    """How far a fact's value stands from its name."""
    settings: tuple[Setting, ...]

    @property
    def room(self) -> float:
        return self.size[0] - 2 * self.margin

    @property
    def cluster_room(self) -> float:
        """How high the patient's part may be, so that its last line stands clear of the rule."""
        return self.cluster_high - self.margin - 7

    @property
    def lead(self) -> float:
        return self.fine * 1.09


LARGE: Final = (
    Setting(24, 19, 24, 20, gap=7, leading=1.25, dates=17),
    Setting(20, 17, 20, 18, gap=6, leading=1.22, dates=15),
    *SETTINGS,
)

FOUR_BY_SIX: Final = Upright(
    size=(288, 432),
    cluster_high=220,
    margin=12,
    fine=9,
    bar_high=22,
    value=52,
    settings=LARGE,
)
"""288 x 220 of 288 x 432 points: 50.9 %."""
TWO_BY_FOUR: Final = Upright(
    size=(162, 288),
    cluster_high=145,
    margin=7,
    fine=6.2,
    bar_high=14,
    value=33,
    settings=(Setting(16, 13.5, 16, 12.5, gap=4, leading=1.2), *SETTINGS),
)
"""162 x 145 of 162 x 288 points: 50.3 %."""


def draw(label: ContainerLabel, stock: Upright) -> list[Pen]:
    """
    Draw one label, and a second one where its statements need more room than the first has.

    Raises:
        TextTooLong: Something does not fit where the rules want it.
    """
    pen = Pen()
    wide, high = stock.size
    lines, further = fitted(
        label, room=stock.room, high=stock.cluster_room, settings=stock.settings
    )
    write_cluster(pen, lines, stock.margin, high - stock.margin)
    y = high - stock.cluster_high
    pen.line(stock.margin, y, wide - stock.margin, y, weight=0.8)
    y = _identity(pen, label, stock, y - 5)
    y = _facts(pen, label, stock, y - 4)
    y = _maker(pen, label, stock, y)
    moved = _statements(pen, label, stock, y, further)
    return [pen, _continuation(label, moved, stock, further)] if further or moved else [pen]


def _identity(pen: Pen, label: ContainerLabel, stock: Upright, y: float) -> float:
    """Write which step and container this is, and its codes; return the height below."""
    left, right = stock.margin, stock.size[0] - stock.margin
    size = stock.fine + 2.5
    bars, matrix = barcode.bars(label.rx_number), barcode.matrix(label.container_code)
    beside = stock.room - matrix.wide - QUIET
    part, number = f"Container {label.part}", f"Rx {label.rx_number}"
    tag, tall = width(label.step, size, bold=True) + 12, size * 1.55
    if tag + 6 + width(part, stock.fine) > beside:
        raise TextTooLong("the step and the container do not fit", letters=len(label.step))
    pen.pill(left, y - tall, tag, tall, 3)
    pen.ink(1, 1, 1)
    pen.text(left + 6, y - tall + size * 0.42, label.step, size, bold=True)
    pen.ink(0, 0, 0)
    pen.text(left + tag + 6, y - tall + size * 0.42, part, stock.fine)
    pen.symbol(matrix, right - matrix.wide, y - matrix.wide)
    begin = width(number, size, bold=True) + QUIET
    if begin + bars.wide > beside:
        raise TextTooLong("the Rx number is too long for its barcode", letters=len(label.rx_number))
    foot = y - tall - 4 - stock.bar_high
    pen.text(left, foot + 1, number, size, bold=True, own=True)
    pen.symbol(bars, left + begin, foot, high=stock.bar_high)
    return foot


def _facts(pen: Pen, label: ContainerLabel, stock: Upright, y: float) -> float:
    """Write the facts of this container and the pharmacist's box; return the height below."""
    left, right = stock.margin, stock.size[0] - stock.margin
    box = (stock.fine * 3.4, stock.fine * 2.1)
    pen.frame(right - box[0], y - box[1], *box, weight=0.5)
    pen.text(right - box[0] + 2, y - box[1] + 2, "RPh", stock.fine - 1)
    for place, (name, value) in enumerate(
        (
            ("Filled", label.filled_on),
            ("Quantity", label.quantity),
            ("Prescriber", label.prescriber),
            ("Refills", label.refills),
            ("Lot", label.lot),
        )
    ):
        room = stock.room - stock.value - (box[0] + 4 if place < 2 else 0)  # noqa: PLR2004
        for no, line in enumerate(in_lines(value, stock.fine, room=room)):
            y -= stock.lead
            if no == 0:
                pen.text(left, y, name, stock.fine)
            pen.text(left + stock.value, y, line, stock.fine, own=name == "Lot")
    for line in in_lines(f"{label.capsule} {label.filler}", stock.fine, room=stock.room):
        y -= stock.lead
        pen.text(left, y, line, stock.fine)
    y -= stock.lead
    pen.text(left, y, f"Discard after {label.discard_after}", stock.fine, bold=True)
    return y - stock.fine * 0.55


def _maker(pen: Pen, label: ContainerLabel, stock: Upright, y: float) -> float:
    """Write who made it, at the foot; return the height above which statements must stay."""
    left = stock.margin
    where = f"{', '.join(label.address)}  {label.phone}"
    lines = [
        *(
            (line, True)
            for line in in_lines(label.pharmacy, stock.fine, room=stock.room, bold=True)
        ),
        *((line, False) for line in in_lines(where, stock.fine, room=stock.room)),
    ]
    foot = stock.margin - 2 + len(lines) * stock.lead
    if foot > y:
        raise TextTooLong("the facts under the directions do not fit", lines=len(lines))
    up = foot - stock.lead
    for line, is_bold in lines:
        pen.text(left, up, line, stock.fine, bold=is_bold)
        up -= stock.lead
    pen.line(left, y, stock.size[0] - left, y, weight=0.5)
    return foot


def _statements(
    pen: Pen, label: ContainerLabel, stock: Upright, foot: float, further: str
) -> list[str]:
    """
    Write the statements that fit between facts and maker; return those that move on.

    Args:
        further: What goes to the continuation in any case.
    """
    left = stock.margin
    top = next(shape.y1 for shape in reversed(pen.shapes) if isinstance(shape, Line))
    first, *kept = statements(label)
    y = top - 1
    line = ""
    for text in filter(None, (label.reprint, first)):
        for line in in_lines(text, stock.fine, room=stock.room, bold=True):
            y -= stock.lead
            pen.text(left, y, line, stock.fine, bold=True)
    if y < foot + 1:
        raise TextTooLong("the first statement does not fit on the label")
    begun = width(line, stock.fine, bold=True)
    moved: list[str] = []
    while True:
        onward = [label.onward] if further or moved else []
        rest = "".join(f" {each}" for each in kept + onward)
        lines = in_lines(rest, stock.fine, room=stock.room, indent=begun)
        if y - (len(lines) - 1) * stock.lead >= foot + 1:
            break
        if not kept:
            raise TextTooLong("where the statements go on does not fit on the label")
        moved.insert(0, kept.pop())
    for place, text in enumerate(lines):
        pen.text(left + (0 if place else begun), y, text, stock.fine)
        y -= stock.lead
    return moved


def _continuation(label: ContainerLabel, moved: list[str], stock: Upright, further: str) -> Pen:
    """The second label of a container whose texts need more room than the first has."""
    pen = Pen()
    wide, high = stock.size
    left, y = stock.margin, high - stock.margin
    for text, size, bold in heading(label, further, room=stock.room):
        for line in in_lines(text, size, room=stock.room, bold=bold):
            y -= size * 1.2
            pen.text(left, y, line, size, bold=bold, own=text == label.patient)
    matrix = barcode.matrix(label.container_code)
    y -= matrix.wide + 8
    pen.symbol(matrix, wide - left - matrix.wide, y)
    pen.text(left, y, f"Rx {label.rx_number}", stock.fine + 2.5, bold=True, own=True)
    foot = stock.margin - 2
    pen.text(left, foot, label.second, stock.fine)
    for line in reversed(
        in_lines(label.reprint, stock.fine, room=stock.room) if label.reprint else []
    ):
        foot += stock.lead
        pen.text(left, foot, line, stock.fine)
    if y < foot + stock.fine:
        raise TextTooLong("the purpose does not fit on the second label", letters=len(further))
    size = stock.fine + 1
    y -= 6
    for statement in moved:
        for line in in_lines(statement, size, room=stock.room):
            y -= size * 1.2
            if y < foot + stock.fine + 4:
                raise TextTooLong("the statements do not fit on two labels")
            pen.text(left, y, line, size)
        y -= 3
    return pen
