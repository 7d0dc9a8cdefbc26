"""
The container label: 4 x 2 inches, 812 x 406 dots of a 203-dpi printer.

The patient's cluster (name, drug and strength, directions with their dates, purpose) takes half of
the label and stands alone there, in 12-point type or larger. Everything else lies around it.
Source: 16 CCR 1707.5; USP <17>; domain.md 3.6, 5.1 and 5.3.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache, partial
from typing import Final, NamedTuple, Self

from pharmacy.labels.pdf import barcode
from pharmacy.labels.pdf.fonts import in_lines, renewed, width
from pharmacy.labels.pdf.pen import Form, Pen
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
DRUG: Final = 10.0
"""The size of the medicine on a continuation label."""
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
    own: bool
    """Hardly any other label has it."""


def draw(label: ContainerLabel) -> list[Pen]:
    """
    Draw one label, and a second one where its statements need more room than the first has.

    Raises:
        TextTooLong: Something does not fit where the rules want it.
    """
    lines, further = fitted(label)
    foot, moved = _foot(Foot.of(label, is_continued=bool(further)))
    pen = Pen()
    pen.form(_frame())
    write_cluster(pen, lines, MARGIN, HIGH - MARGIN)
    _identity(pen, label)
    _facts(pen, label)
    pen.form(foot)
    return [pen, _continuation(label, moved, further)] if further or moved else [pen]


@renewed
@lru_cache(maxsize=1)
def _frame() -> Form:
    """Draw what stands on every label: the lines that divide it and the pharmacist's box."""
    pen = Pen()
    pen.line(CLUSTER_WIDE, FOOT + 3, CLUSTER_WIDE, TOP, weight=0.6)
    pen.line(MARGIN, FOOT, RIGHT, FOOT, weight=0.6)
    pen.frame(RIGHT - INITIALS[0], FACTS_TOP - 8.5, *INITIALS, weight=0.5)
    pen.text(RIGHT - INITIALS[0] + 1.5, FACTS_TOP - 6.7, "RPh", 5.5)
    pen.text_right(RIGHT, TOP - 5.2, "Container", FINE)
    return pen.as_form()


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
    first = -0.45 * setting.name  # nothing stands above the first line
    begun, until = _dates(label, room, setting.dates)
    texts = [
        (label.patient, setting.name, True, first),
        (label.drug, setting.drug, True, setting.gap),
        (label.strength, setting.strength, True, 0),
        (label.directions, setting.directions, False, setting.gap),
        (begun, setting.dates, False, 0),
        (until, setting.dates, False, 0),
        *([(label.purpose, setting.dates, False, setting.gap)] if label.purpose else ()),
    ]
    return [
        Line(
            *(line, size, bold, size * setting.leading + (0 if place else above)),
            own=text == label.patient,
        )
        for text, size, bold, above in texts
        for place, line in enumerate(in_lines(text, size, room=room, bold=bold))
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
        pen.text(x, y, line.text, line.size, bold=line.bold, own=line.own)


def _identity(pen: Pen, label: ContainerLabel) -> None:
    """Which step and container this is, and the codes by which it is scanned."""
    pen.form(_step(label.step))
    pen.text_right(RIGHT, TOP - 12.6, label.part, FINE)
    pen.text(COLUMN, TOP - 23.6, f"Rx {label.rx_number}", 9, bold=True, own=True)
    bars, matrix = barcode.bars(label.rx_number), barcode.matrix(label.container_code)
    if bars.wide + matrix.wide + 5 > COLUMN_WIDE:
        raise TextTooLong("the Rx number is too long for its barcode", letters=len(label.rx_number))
    bottom = TOP - 40.4
    pen.symbol(bars, COLUMN, bottom, high=14)
    pen.symbol(matrix, RIGHT - matrix.wide, bottom)


@renewed
@lru_cache(maxsize=64)
def _step(step: str) -> Form:
    """Say which step it is, in white on black."""
    pen = Pen()
    pen.pill(COLUMN, TOP - 14, width(step, 9, bold=True) + 10, 14, 3)
    pen.ink(1, 1, 1)
    pen.text(COLUMN + 5, TOP - 10.2, step, 9, bold=True)
    pen.ink(0, 0, 0)
    return pen.as_form()


def _facts(pen: Pen, label: ContainerLabel) -> None:
    """The facts of this container, and when to throw the rest away."""
    lines = _fact_lines(label)
    if len(lines) > FACT_LINES:
        raise TextTooLong("the facts beside the directions do not fit", lines=len(lines))
    y = FACTS_TOP
    for name, value in lines:
        pen.text(COLUMN, y, name, FINE)
        pen.text(COLUMN + VALUE, y, value, FINE, own=name == "Lot")
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


class Foot(NamedTuple):
    """The texts at the foot: on label after label of a pharmacy, in a language, the same."""

    statements: tuple[str, ...]
    onward: str
    pharmacy: str
    where: str
    reprint: str
    is_continued: bool
    """Something goes to a continuation label in any case."""

    @classmethod
    def of(cls, label: ContainerLabel, *, is_continued: bool) -> Self:
        where = "  ".join([", ".join(label.address), label.phone])
        said = statements(label)
        return cls(said, label.onward, label.pharmacy, where, label.reprint, is_continued)


def statements(label: ContainerLabel) -> tuple[str, ...]:
    """Return what is said below the facts, in order of weight: the last moves on first."""
    english = [label.also] if label.also else []
    first, *others = label.auxiliaries
    return (first, *english, label.storage, label.compounded, label.route, *others)


@renewed
@lru_cache(maxsize=256)
def _foot(foot: Foot) -> tuple[Form, tuple[str, ...]]:
    """
    Say what to be careful about, and who made it, as far as there is room.

    Returns:
        The foot, and the statements that a continuation label has to say.
    """
    pen = Pen()
    maker = _after_bold(foot.pharmacy, f"  {foot.where}")
    said, moved = _shared_out(foot, room=FOOT_LINES - len(maker) - bool(foot.reprint))
    y = FOOT - 7.0
    if foot.reprint:
        if _fine_bold(foot.reprint) > FOOT_ROOM:
            raise TextTooLong("why it is printed again does not fit", letters=len(foot.reprint))
        pen.text(MARGIN, y, foot.reprint, FINE, bold=True)
        y -= FINE_LEAD
    for bold, lines in ((foot.statements[0], said), (foot.pharmacy, maker)):
        pen.text(MARGIN, y, bold, FINE, bold=True)
        x = MARGIN + _fine_bold(bold)
        for line in lines:
            pen.text(x, y, line, FINE)
            x = MARGIN
            y -= FINE_LEAD
    return pen.as_form(), moved


def _shared_out(foot: Foot, *, room: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    Divide the statements between the foot, in order of weight, and a continuation label.

    Returns:
        The lines at the foot, which begin behind the first statement, and what moves on.
    """
    first, *kept = foot.statements
    moved: list[str] = []
    while True:
        onward = [foot.onward] if foot.is_continued or moved else []
        lines = _after_bold(first, " " + " ".join(kept + onward))
        if len(lines) <= room:
            return lines, tuple(moved)
        if not kept:
            raise TextTooLong("the first statement does not fit at the foot of the label")
        moved.insert(0, kept.pop())


def _after_bold(bold: str, text: str) -> tuple[str, ...]:
    """Break what follows a line's bold beginning into that line and the ones below it."""
    begun = _fine_bold(bold)
    if begun > FOOT_ROOM:
        raise TextTooLong("a name does not fit at the foot of the label", letters=len(bold))
    return in_lines(text, FINE, room=FOOT_ROOM, indent=begun)


def _second(label: ContainerLabel) -> str:
    """Say what a continuation belongs to."""
    return f"{label.second}. {label.reprint}".strip()


def heading(label: ContainerLabel, further: str, *, room: float) -> list[tuple[str, float, bool]]:
    """Return what a continuation begins with: texts, each with its size and whether it is bold."""
    whole = f"{label.drug} {label.strength}"
    is_one = width(whole, DRUG, bold=True) <= room
    return [
        (label.patient, SMALLEST, True),
        *[(text, DRUG, True) for text in ([whole] if is_one else [label.drug, label.strength])],
        *([(further, SMALLEST, False)] if further else ()),
    ]


def _continuation(label: ContainerLabel, moved: Sequence[str], further: str) -> Pen:
    """The second label of a container whose texts need more room than the first has."""
    pen = Pen()
    y = HIGH - MARGIN
    room = ROOM + 60
    for text, size, bold in heading(label, further, room=room):
        for line in in_lines(text, size, room=room, bold=bold):
            y -= size * 1.2
            pen.text(MARGIN, y, line, size, bold=bold, own=text == label.patient)
    if y < MARGIN + 2 * FINE_LEAD:
        raise TextTooLong("the purpose does not fit on the second label", letters=len(further))
    matrix = barcode.matrix(label.container_code)
    pen.symbol(matrix, RIGHT - matrix.wide, TOP - matrix.wide)
    pen.text_right(RIGHT, TOP - matrix.wide - 9, f"Rx {label.rx_number}", 9, bold=True, own=True)
    pen.text(MARGIN, 10, _second(label), FINE)
    y -= 6
    for statement in moved:
        for line in in_lines(statement, 9, room=RIGHT - MARGIN):
            y -= 11
            if y < 20:  # noqa: PLR2004
                raise TextTooLong("the statements do not fit on two labels")
            pen.text(MARGIN, y, line, 9)
    return pen
