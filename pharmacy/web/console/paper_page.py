"""What the pages of labels show: copies sorted by what a person owes them, and one copy whole."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.kernel import ids
from pharmacy.labels import queries as labels
from pharmacy.labels.models import Label, LabelKind
from pharmacy.orders import queries as orders
from pharmacy.orders.models import Container, Order
from pharmacy.printing import queries
from pharmacy.printing.models import CopyEvent, LabelCopy, Printer
from pharmacy.printing.operations.asking import NoPrinter, printer_of
from pharmacy.printing.operations.printers import LETTER
from pharmacy.printing.queries import Unconfirmed
from pharmacy.printing.rules import CopyState, CopyStep, Resolution
from pharmacy.printing.rules.copies import MOVES
from pharmacy.printing.rules.troubles import in_words
from pharmacy.staff import queries as staff
from pharmacy.web.view import Action

FOUND: Final = {
    Resolution.IN_HAND: "In hand: now scan it on its vial",
    Resolution.NOT_THERE: "Not there: print another copy",
    Resolution.DAMAGED: "Damaged: print another copy",
}
ON_ITS_WAY: Final = frozenset({CopyState.QUEUED, CopyState.SENDING})
TO_SCAN: Final = frozenset({CopyState.PRINTED})
OWED: Final = {
    "queued": ("wait", "…", "Waits for the printer", "Nothing: it goes out by itself."),
    "sending": ("wait", "…", "Being sent", "Nothing: wait a moment."),
    "sent": ("turn", "◆", "Sent, not heard of", "Look at the printer; scan it, or say what is so."),
    "printed": ("turn", "▤", "Printed", "Scan it on its vial."),
    "unknown": ("warn", "?", "Unknown", "Look at the printer, then say what you found."),
    "failed": ("bad", "✕", "Not on paper", "See to the printer, then try again or print anew."),
    "ruled-out": ("bad", "✕", "Not there or damaged", "Print another copy."),
    "confirmed": ("good", "✓", "Scanned on its vial", "Nothing."),
    "void": ("plain", "✕", "Void", "Throw it away if it turns up."),
}
"""By state: tone and sign of its chip, the state in words, and what a person does next."""


@dataclass(frozen=True, slots=True)
class Owed:
    """What is known of a copy, and what is to be done."""

    tone: str
    sign: str
    words: str
    next: str

    @classmethod
    def of(cls, state: CopyState) -> "Owed":
        return cls(*OWED[state.value])


@dataclass(frozen=True, slots=True)
class Waiting:
    """A copy in the list."""

    row: Unconfirmed
    owed: Owed
    troubles: list[str]


@dataclass(frozen=True, slots=True)
class Group:
    """Copies that ask for the same."""

    title: str
    rows: list[Waiting]


def waiting(rows: Sequence[Unconfirmed]) -> list[Group]:
    """Return copies by what a person owes them, the most urgent first, each the oldest first."""
    groups = [Group("Look at the printer", []), Group("Scan on the vial", [])]
    groups.append(Group("On their way", []))
    for row in rows:
        state = row.copy.state
        at = 2 if state in ON_ITS_WAY else 1 if state in TO_SCAN else 0
        troubles = [in_words(each) for each in row.copy.troubles]
        groups[at].rows.append(Waiting(row, Owed.of(state), troubles))
    return [group for group in groups if group.rows]


@dataclass(frozen=True, slots=True)
class CopyPage:
    """One copy, whole."""

    copy: LabelCopy
    label: Label
    order: Order
    part: str
    owed: Owed
    printer: Printer | None
    troubles: list[str]
    events: Sequence[CopyEvent]
    names: dict[UUID, str]
    living: UUID | None
    """The copy that holds, where this one is void."""

    @property
    def is_leaflet(self) -> bool:
        return self.label.kind is LabelKind.LEAFLET


def copy_page(session: Session, copy_id: UUID) -> CopyPage:
    """Gather the page of a copy. Raises CopyNotFound."""
    copy = queries.copy(session, copy_id)
    label = labels.get(session, copy.label_id)
    events = queries.events(session, copy_id)
    box = session.get(Container, label.container_id) if label.container_id else None
    others = queries.copies_of_order(session, copy.order_id)
    people = {each.by_id for each in events if each.by_id} | {copy.asked_by or copy.id}
    return CopyPage(
        copy=copy,
        label=label,
        order=orders.get(session, copy.order_id),
        part=f"{box.part_no} of {box.parts}" if box else "Leaflet",
        owed=Owed.of(copy.state),
        printer=queries.printer(session, copy.printer_id) if copy.printer_id else None,
        troubles=[in_words(each) for each in copy.troubles],
        events=events,
        names=staff.names(session, people),
        living=next(
            (
                each.id
                for each in others
                if each.label_id == label.id and each.state is not CopyState.VOID
            ),
            None,
        ),
    )


def actions_of(page: CopyPage) -> list[Action]:
    """Return the verbs that what is known of a copy allows, the likeliest first."""
    at = f"/labels/{ids.encode('cpy', page.copy.id)}"
    may = {step: page.copy.state in MOVES[step] for step in CopyStep}
    found = []
    if may[CopyStep.TRY_AGAIN]:
        found.append(Action("t", "Try again", post=f"{at}/retry", kind="primary"))
    if may[CopyStep.IN_HAND]:
        found.append(Action("i", "In hand", opens="in-hand", kind="primary"))
    if may[CopyStep.NOT_THERE]:
        found.append(Action("n", "Not there", opens="not-there"))
    if may[CopyStep.DAMAGED]:
        found.append(Action("d", "Damaged", opens="damaged"))
    if may[CopyStep.VOID]:
        kind = "plain" if found else "primary"
        if page.copy.state in {CopyState.CONFIRMED, *TO_SCAN, *ON_ITS_WAY}:
            kind = "plain"
        found.append(Action("p", "Print another copy", opens="reprint", kind=kind))
    return found


def printer_choices(
    session: Session, page: CopyPage, *, workstation: str
) -> tuple[list[tuple[str, str]], str]:
    """Return the printers with the right paper, and which one a person most likely means."""
    fitting = [
        each for each in queries.printers(session) if (each.stock == LETTER) is page.is_leaflet
    ]
    usual = page.copy.printer_id
    with suppress(NoPrinter):
        usual = printer_of(session, workstation, page.label.kind).id
    choices = [(ids.encode("prn", each.id), each.name) for each in fitting]
    return choices, ids.encode("prn", usual) if usual in {each.id for each in fitting} else ""
