"""
The container label: 4 x 2 inches, 812 x 406 dots of a 203-dpi printer.

The patient's cluster (name, drug and strength, directions with their dates, purpose) takes half of
the label and stands alone there, in 12-point type or larger. Everything else lies around it.
Source: 16 CCR 1707.5; USP <17>; domain.md 3.6, 5.1 and 5.3.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Final, NamedTuple

from pharmacy.labels.pdf import barcode
from pharmacy.labels.pdf.fonts import in_lines, width
from pharmacy.labels.pdf.pen import Pen
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.fitting import TextTooLong

WIDE: Final = 288.0
HIGH: Final = 144.0
SIZE: Final = (WIDE, HIGH)
CLUSTER_WIDE: Final = 178.0
CLUSTER_HIGH: Final = 117.0
"""178 x 117 of 288 x 144 points: 50.2 %."""
SMALLEST: Final = 12.0
"""No text of the cluster is smaller (16 CCR 1707.5)."""
FINE: Final = 6.5
"""The size of what is not the patient's: 18 dots."""
FINE_LEAD: Final = 7.0

MARGIN: Final = 10.0
RIGHT: Final = WIDE - 8
TOP: Final = HIGH - 8
FOOT: Final = HIGH - CLUSTER_HIGH
ROOM: Final = CLUSTER_WIDE - MARGIN - 6
COLUMN: Final = CLUSTER_WIDE + 8
COLUMN_WIDE: Final = RIGHT - COLUMN
VALUE: Final = 33.0
"""How far a fact's value stands from its name."""
FACTS_TOP: Final = TOP - 48.8
FACT_LINES: Final = 8
INITIALS: Final = (21.0, 13.5)
FOOT_LINES: Final = 3
FOOT_ROOM: Final = RIGHT - MARGIN


class Setting(NamedTuple):
    """One way to set the cluster, in points."""

    name: float
    drug: float
    strength: float
    directions: float
    gap: float
    """White space above the drug and above the directions, beyond the usual line's."""
    leading: float
    """The height of a line, as a multiple of its size."""
    dates: float = SMALLEST


SETTINGS: Final = (
    Setting(16, 13.5, 16, 13, gap=4, leading=1.2),
    Setting(14, 13, 14, 12.5, gap=4, leading=1.2),
    Setting(12, 12, 12, 12, gap=5, leading=1.2),
    Setting(12, 12, 12, 12, gap=1, leading=1.18),
    Setting(12, 12, 12, 12, gap=0, leading=1.13),
)
"""From roomy to tight: the first in which the cluster fits. None is below `SMALLEST`."""

_fine = partial(width, size=FINE)
_fine_bold = partial(width, size=FINE, bold=True)


class Line(NamedTuple):
    """One line of the cluster, with the height from the baseline above to its own."""

    text: str
    size: float
    bold: bool
    lead: float


def draw(label: ContainerLabel) -> list[Pen]:
    """
    Draw one label, and a second one where its statements need more room than the first has.

    Raises:
        TextTooLong: Something does not fit where the rules want it.
    """
    lines, further = fitted(label)
    kept, moved = _shared_out(label, further)
    pen = Pen()
    pen.line(CLUSTER_WIDE, FOOT + 3, CLUSTER_WIDE, TOP, weight=0.6)
    pen.line(MARGIN, FOOT, RIGHT, FOOT, weight=0.6)
    pen.frame(RIGHT - INITIALS[0], FACTS_TOP - 8.5, *INITIALS, weight=0.5)
    write_cluster(pen, lines, MARGIN, HIGH - MARGIN)
    _identity(pen, label)
    _facts(pen, label)
    _foot(pen, label, kept)
    return [pen, _continuation(label, moved, further)] if further or moved else [pen]


def fitted(
    label: ContainerLabel,
    *,
    room: float = ROOM,
    high: float = CLUSTER_HIGH - MARGIN - 3,
    settings: Sequence[Setting] = SETTINGS,
) -> tuple[list[Line], str]:
    """
    Set the patient's cluster, and return beside it a purpose that goes to a continuation label.

    Raises as `cluster`, where it does not fit without its purpose either.
    """
    place = partial(cluster, room=room, high=high, settings=settings)
    try:
        return place(label), ""
    except TextTooLong:
        if not label.purpose:
            raise
        return place(replace(label, purpose="")), label.purpose


def cluster(
    label: ContainerLabel,
    *,
    room: float = ROOM,
    high: float = CLUSTER_HIGH - MARGIN - 3,
    settings: Sequence[Setting] = SETTINGS,
) -> list[Line]:
    """
    Set the patient's cluster in the largest sizes in which it fits.

    Args:
        room, high: Its place, in points.

    Raises:
        TextTooLong: It does not fit in the smallest that the rules allow.
    """
    for setting in settings:
        try:
            lines = _set(label, setting, room)
        except TextTooLong:
            continue
        if sum(line.lead for line in lines) <= high:
            return lines
    raise TextTooLong("the patient's part of the label does not fit")


def _set(label: ContainerLabel, setting: Setting, room: float) -> list[Line]:
    def lines(text: str, size: float, *, bold: bool = False, above: float = 0) -> list[Line]:
        return [
            Line(line, size, bold, size * setting.leading + (0 if place else above))
            for place, line in enumerate(in_lines(text, size, room=room, bold=bold))
        ]

    first = -0.45 * setting.name  # nothing stands above the first line
    return [
        *lines(label.patient, setting.name, bold=True, above=first),
        *lines(label.drug, setting.drug, bold=True, above=setting.gap),
        *lines(label.strength, setting.strength, bold=True),
        *lines(label.directions, setting.directions, above=setting.gap),
        *(
            line
            for text in _dates(label, room, setting.dates)
            for line in lines(text, setting.dates)
        ),
        *(lines(label.purpose, setting.dates, above=setting.gap) if label.purpose else ()),
    ]


def _dates(label: ContainerLabel, room: float, size: float) -> tuple[str, str]:
    """Divide the dates and the number of doses between two lines, at a word that helps reading."""
    begin, to, end = label.dates.rpartition(f" {label.until} ")
    if to and width(label.dates, size) > room:
        return f"{begin} {label.until}", f"{end} {label.doses}"
    return label.dates, label.doses


def write_cluster(pen: Pen, lines: list[Line], x: float, y: float) -> None:
    """Write the cluster's lines from `y` downwards."""
    for line in lines:
        y -= line.lead
        pen.text(x, y, line.text, line.size, bold=line.bold)


def _identity(pen: Pen, label: ContainerLabel) -> None:
    """Which step and container this is, and the codes by which it is scanned."""
    tag = width(label.step, 9, bold=True) + 10
    pen.pill(COLUMN, TOP - 14, tag, 14, 3)
    pen.ink(1, 1, 1)
    pen.text(COLUMN + 5, TOP - 10.2, label.step, 9, bold=True)
    pen.ink(0, 0, 0)
    pen.text_right(RIGHT, TOP - 5.2, "Container", FINE)
    pen.text_right(RIGHT, TOP - 12.6, label.part, FINE)
    pen.text(COLUMN, TOP - 23.6, f"Rx {label.rx_number}", 9, bold=True)
    bars, matrix = barcode.bars(label.rx_number), barcode.matrix(label.container_code)
    if bars.wide + matrix.wide + 5 > COLUMN_WIDE:
        raise TextTooLong("the Rx number is too long for its barcode", letters=len(label.rx_number))
    bottom = TOP - 40.4
    pen.symbol(bars, COLUMN, bottom, high=14)
    pen.symbol(matrix, RIGHT - matrix.wide, bottom)


def _facts(pen: Pen, label: ContainerLabel) -> None:
    """The facts of this container, the pharmacist's box, and when to throw the rest away."""
    lines = _fact_lines(label)
    if len(lines) > FACT_LINES:
        raise TextTooLong("the facts beside the directions do not fit", lines=len(lines))
    pen.text(RIGHT - INITIALS[0] + 1.5, FACTS_TOP - 6.7, "RPh", 5.5)
    y = FACTS_TOP
    for name, value in lines:
        pen.text(COLUMN, y, name, FINE)
        pen.text(COLUMN + VALUE, y, value, FINE)
        y -= FINE_LEAD
    pen.text(COLUMN, FOOT + 4, f"Discard after {label.discard_after}", FINE, bold=True)


def _fact_lines(label: ContainerLabel) -> list[tuple[str, str]]:
    lines: list[tuple[str, str]] = []
    for name, value in (
        ("Filled", label.filled_on),
        ("Quantity", label.quantity),
        ("Prescriber", label.prescriber),
        ("Refills", label.refills),
        ("Lot", label.lot),
    ):
        room = COLUMN_WIDE - VALUE - (INITIALS[0] + 3 if len(lines) < 2 else 0)  # noqa: PLR2004
        values = in_lines(value, FINE, room=room)
        closer = f"{name} {value}"
        if len(values) > 1 and _fine(closer) <= room + VALUE:
            lines.append((closer, ""))  # one line without its column, rather than two
        else:
            lines += zip([name, *[""] * (len(values) - 1)], values, strict=True)
    made_of = in_lines(f"{label.capsule} {label.filler}", FINE, room=COLUMN_WIDE)
    return lines + [(line, "") for line in made_of]


def _shared_out(label: ContainerLabel, further: str) -> tuple[list[str], list[str]]:
    """
    Divide the statements between the foot, in order of weight, and a continuation label.

    Args:
        further: What goes to the continuation in any case.
    """
    room = FOOT_LINES - len(_maker_lines(label)) - bool(label.reprint)
    kept, moved = statements(label), list[str]()
    onward = [label.onward] if further else []
    while len(_statement_lines(kept + onward)) > room:
        moved.insert(0, kept.pop())
        onward = [label.onward]
        if not kept:
            raise TextTooLong("the first statement does not fit at the foot of the label")
    return kept + onward, moved


def statements(label: ContainerLabel) -> list[str]:
    """Return what is said below the facts, in order of weight: the last moves on first."""
    english = [label.also] if label.also else []
    first, *others = label.auxiliaries
    return [first, *english, label.storage, label.compounded, label.route, *others]


def _statement_lines(statements: list[str]) -> tuple[str, ...]:
    return _after_bold(statements[0], " " + " ".join(statements[1:]))


def _maker_lines(label: ContainerLabel) -> tuple[str, ...]:
    return _after_bold(label.pharmacy, "  " + "  ".join([", ".join(label.address), label.phone]))


def _after_bold(bold: str, text: str) -> tuple[str, ...]:
    """Break what follows a line's bold beginning into that line and the ones below it."""
    begun = _fine_bold(bold)
    if begun > FOOT_ROOM:
        raise TextTooLong("a name does not fit at the foot of the label", letters=len(bold))
    return in_lines(text, FINE, room=FOOT_ROOM, indent=begun)


def _foot(pen: Pen, label: ContainerLabel, statements: list[str]) -> None:
    """What to be careful about, and who made it."""
    y = FOOT - 7.0
    if label.reprint:
        if _fine_bold(label.reprint) > FOOT_ROOM:
            raise TextTooLong("why it is printed again does not fit", letters=len(label.reprint))
        pen.text(MARGIN, y, label.reprint, FINE, bold=True)
        y -= FINE_LEAD
    for bold, lines in (
        (statements[0], _statement_lines(statements)),
        (label.pharmacy, _maker_lines(label)),
    ):
        pen.text(MARGIN, y, bold, FINE, bold=True)
        x = MARGIN + _fine_bold(bold)
        for line in lines:
            if line:
                pen.text(x, y, line, FINE)
            x = MARGIN
            y -= FINE_LEAD


def _second(label: ContainerLabel) -> str:
    """Say what a continuation belongs to."""
    return f"{label.second}. {label.reprint}".strip()


def heading(label: ContainerLabel, further: str) -> list[tuple[str, float, bool]]:
    """Return what a continuation begins with: texts, each with its size and whether it is bold."""
    begun = [(label.patient, SMALLEST, True), (f"{label.drug} {label.strength}", 10.0, True)]
    return [*begun, (further, SMALLEST, False)] if further else begun


def _continuation(label: ContainerLabel, moved: list[str], further: str) -> Pen:
    """The second label of a container whose texts need more room than the first has."""
    pen = Pen()
    y = HIGH - MARGIN
    for text, size, bold in heading(label, further):
        for line in in_lines(text, size, room=ROOM + 60, bold=bold):
            y -= size * 1.2
            pen.text(MARGIN, y, line, size, bold=bold)
    if y < MARGIN + 2 * FINE_LEAD:
        raise TextTooLong("the purpose does not fit on the second label", letters=len(further))
    matrix = barcode.matrix(label.container_code)
    pen.symbol(matrix, RIGHT - matrix.wide, TOP - matrix.wide)
    pen.text_right(RIGHT, TOP - matrix.wide - 9, f"Rx {label.rx_number}", 9, bold=True)
    pen.text(MARGIN, 10, _second(label), FINE)
    y -= 6
    for statement in moved:
        for line in in_lines(statement, 9, room=RIGHT - MARGIN):
            y -= 11
            if y < 20:  # noqa: PLR2004
                raise TextTooLong("the statements do not fit on two labels")
            pen.text(MARGIN, y, line, 9)
    return pen
