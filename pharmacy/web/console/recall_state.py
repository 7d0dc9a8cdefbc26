"""What the pages of recalls show: lots by name, what a lot reached, and what is due."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.http import recall_reads
from pharmacy.inventory import queries as inventory
from pharmacy.inventory.models import CapsuleLot, IngredientLot, ShellLot
from pharmacy.inventory.rules.barcodes import read
from pharmacy.kernel import ids
from pharmacy.kernel.refusals import NotFound
from pharmacy.orders import queries as orders
from pharmacy.patients import queries as patients
from pharmacy.recalls import queries
from pharmacy.recalls.models import Recall, RecallNotice, RecallTimer
from pharmacy.recalls.queries import Trace, TracedVial
from pharmacy.recalls.rules.timers import LotKind
from pharmacy.web.view import Action

Lot = IngredientLot | ShellLot | CapsuleLot
TABLES: Final[dict[LotKind, type[Lot]]] = {
    LotKind.INGREDIENT: IngredientLot,
    LotKind.SHELL: ShellLot,
    LotKind.CAPSULE: CapsuleLot,
}
WORDS: Final = {
    LotKind.INGREDIENT: "powder",
    LotKind.SHELL: "shell",
    LotKind.CAPSULE: "capsule",
}


class LotUnknown(NotFound):
    """No lot carries this code or number."""

    code = "recall-lot-unknown"
    remedy = "Scan the lot's label, or type its lot number as the box has it."


@dataclass(frozen=True, slots=True)
class Named:
    """A lot that may be recalled, or is."""

    kind: LotKind
    id: UUID
    number: str

    @property
    def code(self) -> str:
        return ids.encode(recall_reads.PREFIXES[self.kind], self.id)

    @property
    def words(self) -> str:
        return f"{WORDS[self.kind]} lot {self.number}"


@dataclass(frozen=True, slots=True)
class Due:
    """What a recall makes due; against the clock, day and night."""

    timer: RecallTimer
    now: datetime

    @property
    def is_late(self) -> bool:
        return (self.timer.met_at or self.now) > self.timer.due_at


@dataclass(frozen=True, slots=True)
class Line:
    """A recall in the list."""

    recall: Recall
    lot: Named
    next_due: Due | None
    progress: queries.Progress


@dataclass(frozen=True, slots=True)
class Mention:
    """A recall as the page of a lot or a batch in it names it."""

    recall: Recall
    lot: Named
    """That was found to be bad."""


@dataclass(frozen=True, slots=True)
class Reached:
    """An order with a vial of the lot, and how many of its vials."""

    first: TracedVial
    vials: int
    back: int
    """Of these, how many came back."""
    holds: int


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter with the name of whom it goes to."""

    notice: RecallNotice
    to: str


def lots_by(session: Session, scanned: str, *, today: date) -> list[Named]:
    """Return the lots that a scan or a number may mean. Raises LotUnknown, BarcodeInvalid."""
    found = inventory.by_scan(session, read(scanned, today=today))
    if not found:
        raise LotUnknown("no lot of ours carries this", field="code")
    return [_named(lot) for lot in found]


def lot_of(session: Session, code: str) -> Named:
    """Return the lot with a public identifier. Raises NotFound."""
    return named(session, *recall_reads.lot_of(code))


def named(session: Session, kind: LotKind, lot_id: UUID) -> Named:
    """Return a lot of a kind by name. Raises LotNotFound."""
    if kind is LotKind.INGREDIENT:
        return _named(inventory.get_ingredient_lot(session, lot_id))
    if kind is LotKind.SHELL:
        return _named(inventory.get_shell_lot(session, lot_id))
    return _named(inventory.get_capsule_lot(session, lot_id))


def lines(session: Session, found: Sequence[Recall], *, now: datetime) -> list[Line]:
    """Return open recalls first, the one with the nearest deadline before the others."""
    recall_ids = [recall.id for recall in found]
    lots, counted = _lots_of(session, found), queries.progress_of(session, recall_ids)
    timers = queries.timers_of(session, recall_ids)
    shown = []
    for recall in found:
        running = (each for each in timers.get(recall.id, ()) if not each.met_at)
        first = next(running, None)
        shown.append(
            Line(
                recall,
                lots[recall.lot_id],
                Due(first, now) if first else None,
                counted[recall.id],
            )
        )
    last = datetime.max.replace(tzinfo=now.tzinfo)
    return sorted(
        shown,
        key=lambda line: (
            line.recall.closed_at is not None,
            line.next_due.timer.due_at if line.next_due else last,
        ),
    )


def trace_action(code: str, *, is_recalled: bool, words: str = "this lot") -> Action:
    """Return the verb that leads to a lot's trace, where it is recalled after a look."""
    label = f"Trace {words}" if is_recalled else f"Recall {words}"
    return Action("h", label, href=f"/bench/recalls/new?lot={code}")


def mentions_of_lots(session: Session, lot_ids: Collection[UUID]) -> dict[UUID, list[Mention]]:
    """Return the recalls that each of these lots is part of."""
    by_lot = queries.of_lots(session, lot_ids)
    lots = _lots_of(session, [recall for recalls in by_lot.values() for recall in recalls])
    return {
        lot_id: [Mention(recall, lots[recall.lot_id]) for recall in recalls]
        for lot_id, recalls in by_lot.items()
    }


def mentions_of_batch(session: Session, batch_id: UUID) -> list[Mention]:
    """Return the recalls that a batch is part of."""
    found = queries.of_batch(session, batch_id)
    lots = _lots_of(session, found)
    return [Mention(recall, lots[recall.lot_id]) for recall in found]


def _lots_of(session: Session, recalls: Iterable[Recall]) -> dict[UUID, Named]:
    """Return the lots that were found to be bad, in one look for each kind."""
    by_kind: dict[LotKind, set[UUID]] = {}
    for recall in recalls:
        by_kind.setdefault(recall.kind, set()).add(recall.lot_id)
    return {
        lot.id: _named(lot)
        for kind, lot_ids in by_kind.items()
        for lot in inventory.lots_by_id(session, TABLES[kind], lot_ids)
    }


def reached(session: Session, trace: Trace) -> list[Reached]:
    """Return the orders that vials of a lot belong to, held ones first."""
    by_order: dict[UUID, list[TracedVial]] = {}
    for vial in trace.vials:
        by_order.setdefault(vial.order_id, []).append(vial)
    held = orders.open_holds_of(session, by_order)
    found = [
        Reached(
            vials[0],
            len(vials),
            sum(vial.returned_at is not None for vial in vials),
            len(held.get(order_id, ())),
        )
        for order_id, vials in by_order.items()
    ]
    return sorted(found, key=lambda each: (not each.holds, each.first.number))


def letters(session: Session, recall_id: UUID) -> list[Letter]:
    """Return a recall's letters, those not sent first."""
    found = queries.notices(session, recall_id)
    people = patients.by_id(session, [each.patient_id for each in found if each.patient_id])
    shown = []
    for each in found:
        if each.patient_id:
            person = people[each.patient_id]
            shown.append(Letter(each, f"{person.given} {person.family}, patient"))
        elif each.npi:
            shown.append(Letter(each, f"prescriber, NPI {each.npi}"))
        else:
            shown.append(Letter(each, "the Board of Pharmacy"))
    return sorted(shown, key=lambda each: (each.notice.sent_at is not None, each.to))


def _named(lot: Lot) -> Named:
    if isinstance(lot, IngredientLot):
        return Named(LotKind.INGREDIENT, lot.id, lot.lot_number)
    if isinstance(lot, ShellLot):
        return Named(LotKind.SHELL, lot.id, lot.lot_number)
    return Named(LotKind.CAPSULE, lot.id, lot.lot_number)
