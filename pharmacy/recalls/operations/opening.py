"""Opening a recall: stock and open orders are blocked in the same transaction, letters drafted."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.compounding import queries as compounding
from pharmacy.compounding.operations import investigate_each
from pharmacy.compounding.rules.life import MOVES as BATCH_MOVES
from pharmacy.compounding.rules.life import BatchAction
from pharmacy.infra import audit
from pharmacy.inventory import queries as inventory
from pharmacy.inventory.models import CapsuleLot, IngredientLot, LotStatus, ShellLot
from pharmacy.orders import operations as orders
from pharmacy.orders import queries as order_queries
from pharmacy.recalls import queries
from pharmacy.recalls.models import Recall, RecallBatch, RecallLot, RecallTimer
from pharmacy.recalls.operations.drafting import draft_letters
from pharmacy.recalls.queries import Trace
from pharmacy.recalls.rules.timers import (
    LotKind,
    TimerKind,
    due_at,
    require_past,
    require_reason,
)
from pharmacy.staff.rules import Actor, Permission, SecondPersonNeeded

Lot = IngredientLot | ShellLot | CapsuleLot
FINAL: Final = frozenset({LotStatus.RECALLED, LotStatus.REJECTED})


def open_recall(
    session: Session,
    kind: LotKind,
    lot_id: UUID,
    *,
    reason: str,
    serious: bool,
    notice_at: datetime,
    by: Actor,
    now: datetime,
) -> Recall:
    """
    Recall a lot with everything that was made of it, at once.

    Every lot of it is blocked, every batch of it stopped and looked into, also on the bench, and
    every open order with a vial of it held. Orders that left with a vial of it are marked, and what
    would follow them waits for a pharmacist. Letters to patients and prescribers are drafted, and
    the time to notify runs when serious harm is possible.

    Args:
        notice_at: When the pharmacy was told or found out; deadlines count from here.

    Raises:
        LotNotFound: There is no such lot.
        RecallReasonNeeded, RecallTimeImpossible: No reason, or a notice that lies ahead.
    """
    by.require(Permission.MANAGE_RECALL)
    reason = require_reason(reason)
    require_past(notice_at, now=now)
    if by.id is None:
        raise SecondPersonNeeded("a recall is opened by a pharmacist, under their own name")
    recall = Recall(
        kind=kind,
        lot_id=lot_id,
        reason=reason,
        serious=serious,
        notice_at=notice_at,
        opened_by=by.id,
        opened_at=now,
    )
    session.add(recall)
    session.flush()
    _lock_what_is_known(session, recall)
    _block_source(session, recall, by=by, now=now)
    trace = _block_products(session, recall, by=by, now=now)
    _stop_batches(session, recall, trace, by=by, now=now)
    trace = _reach_orders(session, recall, trace, now=now)
    if serious:
        _start(session, recall, TimerKind.NOTIFY, notice_at)
    draft_letters(session, recall, trace, now=now)
    audit.record(
        session,
        "recall.opened",
        by=by,
        at=now,
        subject_kind="recall",
        subject_id=recall.id,
        detail={
            "kind": kind,
            "lot": str(lot_id),
            "vials": len(trace.vials),
            "batches": len(trace.batches),
        },
    )
    return recall


def _lock_what_is_known(session: Session, recall: Recall) -> None:
    """Lock batches, then orders, before any lot, as everybody does who works on them."""
    trace = queries.forward(session, recall.kind, recall.lot_id)
    compounding.lock_each(session, [batch.batch_id for batch in trace.batches])
    order_queries.lock_with_following(session, trace.order_ids)


def _block_source(session: Session, recall: Recall, *, by: Actor, now: datetime) -> None:
    """Lock and block the lot first: from here on nothing more is made of it."""
    lot: Lot
    if recall.kind is LotKind.INGREDIENT:
        lot = inventory.lock_ingredient_lot(session, recall.lot_id)
    elif recall.kind is LotKind.SHELL:
        lot = inventory.lock_shell_lot(session, recall.lot_id)
    else:
        inventory.get_capsule_lot(session, recall.lot_id)
        lot = inventory.lock_capsule_lots(session, [recall.lot_id])[recall.lot_id]
    _block(session, recall, recall.kind, [lot], by=by, now=now)


def _block_products(session: Session, recall: Recall, *, by: Actor, now: datetime) -> Trace:
    """Block what was made of the lot, until nothing new turns up; return all of it."""
    blocked = {recall.lot_id}
    while True:
        trace = queries.forward(session, recall.kind, recall.lot_id)
        powders = [each for each in trace.of_kind(LotKind.INGREDIENT) if each not in blocked]
        capsules = [each for each in trace.of_kind(LotKind.CAPSULE) if each not in blocked]
        if not powders and not capsules:
            return trace
        mixed = inventory.lock_ingredient_lots(session, powders)
        _block(session, recall, LotKind.INGREDIENT, mixed, by=by, now=now)
        filled = inventory.lock_capsule_lots(session, capsules).values()
        _block(session, recall, LotKind.CAPSULE, filled, by=by, now=now)
        blocked.update(powders, capsules)


def _block(
    session: Session,
    recall: Recall,
    kind: LotKind,
    lots: Iterable[Lot],
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Note locked lots of one kind under the recall, and block those that are not out for good."""
    subjects = []
    for lot in lots:
        before = RecallLot(recall_id=recall.id, lot_id=lot.id, kind=kind, status_before=lot.status)
        session.add(before)
        if lot.status not in FINAL:
            lot.status = LotStatus.RECALLED
            detail = {"lot_number": lot.lot_number, "recall": str(recall.id)}
            subjects.append(audit.Subject(lot.id, None, detail))
    session.flush()
    audit.record_each(session, f"{kind}-lot.recalled", subjects, by=by, at=now, subject_kind="lot")


def _stop_batches(
    session: Session, recall: Recall, trace: Trace, *, by: Actor, now: datetime
) -> None:
    """Quarantine every batch of it; one that is looked into already stays so."""
    reached = compounding.lock_each(session, [each.batch_id for each in trace.batches])
    session.add_all(
        RecallBatch(recall_id=recall.id, batch_id=batch.id, status_before=batch.status)
        for batch in reached
    )
    investigate_each(
        session,
        [batch for batch in reached if batch.status in BATCH_MOVES[BatchAction.QUARANTINE]],
        code="recalled",
        reason=f"made of a recalled lot: {recall.reason}",
        by=by,
        now=now,
    )
    session.flush()


def _reach_orders(session: Session, recall: Recall, trace: Trace, *, now: datetime) -> Trace:
    """
    Hold what is still here, mark what left.

    Returns the trace as it is once nobody else moves these orders: a vial that was handed over
    meanwhile is one that its patient is told of.
    """
    vial_ids = [vial.container_id for vial in trace.vials]
    orders.reach_by_recall(session, vial_ids, recall_id=recall.id, now=now)
    session.flush()
    return queries.forward(session, recall.kind, recall.lot_id)


def _start(session: Session, recall: Recall, kind: TimerKind, at: datetime) -> None:
    session.add(RecallTimer(recall_id=recall.id, kind=kind, started_at=at, due_at=due_at(kind, at)))
    session.flush()
