"""
The queue: who waits, the first due first, in pages that never shift.

Statuses are written into the statement rather than bound, so that the database sees that a page of
open orders needs only the small index of those, however many million are over.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.infra.db import among, plan_anew
from pharmacy.inventory.models import CapsuleLot, LotStatus
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders.models import BatchRequest, Container, Hold, Order
from pharmacy.orders.queries.one import OrderNotFound
from pharmacy.orders.queries.parts import of_nights
from pharmacy.orders.queries.returns import with_vials_back
from pharmacy.orders.rules import OPEN, Owner, Status
from pharmacy.patients.models import Patient
from pharmacy.staff.rules import Actor
from pharmacy.titration.models import PlanState, StrengthPlan
from pharmacy.titration.rules import PlannedStep

LAST_LETTER: Final = "\U0010ffff"
"""Sorts behind whatever may follow a prefix."""


def with_lots_out(session: Session, order_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these orders have a vial that `rules.gates.lots_out` lets nobody have."""
    late = CapsuleLot.beyond_use_on < Container.last_dose_on
    found = (
        select(Container.order_id)
        .join(CapsuleLot, CapsuleLot.id == Container.lot_id)
        .where(
            among(Container.order_id, order_ids),
            Container.voided_at.is_(None),
            or_(CapsuleLot.status != LotStatus.RELEASED, late),
        )
    )
    return set(session.scalars(found))


def lock_next(
    session: Session, statuses: Collection[Status], *, by: Actor, now: datetime
) -> Order | None:
    """Return the order due first that this person can work on, locked, passing others' locks."""
    found = _in_line(statuses, by=by, now=now).with_for_update(of=Order, skip_locked=True)
    return session.scalars(found.execution_options(populate_existing=True)).one_or_none()


def peek_next(
    session: Session, statuses: Collection[Status], *, by: Actor, now: datetime
) -> Order | None:
    """Return the order that `lock_next` would give this person if they asked now."""
    return session.scalars(_in_line(statuses, by=by, now=now)).one_or_none()


def _in_line(statuses: Collection[Status], *, by: Actor, now: datetime) -> Select[Order]:
    unclaimed = or_(Order.claimed_until.is_(None), Order.claimed_until <= now)
    return (
        select(Order)
        .where(
            in_statuses(statuses),
            unclaimed,
            ~_held(),
            or_(Order.status != Status.LABELING, Order.labeled_at.is_not(None)),
            or_(Order.status != Status.FINAL_CHECK, Order.packed_by != by.id),
            or_(Order.status != Status.COMPOUNDING, ~_waits_for_capsules()),
        )
        .order_by(Order.due_at, Order.id)
        .limit(1)
    )


def _waits_for_capsules() -> ColumnElement[bool]:
    """A strength that the order asked for is still not there in that number."""
    free = (
        select(func.coalesce(func.sum(CapsuleLot.on_hand - CapsuleLot.reserved), 0))
        .where(
            CapsuleLot.strength_ug == BatchRequest.strength_ug,
            CapsuleLot.status == LotStatus.RELEASED,
            CapsuleLot.beyond_use_on >= Order.last_dose_on,
        )
        .correlate(BatchRequest, Order)
        .scalar_subquery()
    )
    return exists().where(
        BatchRequest.order_id == Order.id,
        BatchRequest.met_at.is_(None),
        BatchRequest.quantity > free,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    """Which part of the orders is shown. Every given value narrows it."""

    statuses: tuple[Status, ...] = OPEN
    held: bool | None = None
    hold_owner: Owner | None = None
    """Held, and this one must act: `prescriber` is the clarification queue."""
    hold_code: str | None = None
    claimed_by: UUID | None = None
    claimed_at: datetime | None = None
    """With a lease that still runs at this instant."""
    unclaimed_at: datetime | None = None
    not_packed_by: UUID | None = None
    """Without what this person packed, and so may not check."""
    due_before: datetime | None = None
    number: int | None = None
    """The Rx number, exactly."""
    family_prefix: str | None = None
    """The beginning of the patient's family name, in any case."""
    given_prefix: str | None = None
    birth_date: date | None = None
    lot_number: str | None = None
    """Of the capsules in a present vial, exactly."""
    order_ids: tuple[UUID, ...] | None = None
    """Of these only: what another room knows the order by, such as a tracking number."""
    newest_first: bool = False
    """The latest due first; for looking back rather than working on."""


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue, with what keeps it where it is."""

    order: Order
    patient: Patient
    holds: tuple[Hold, ...]
    given_up: tuple[JobKind, ...]
    """Work about the order that the worker could not do."""
    lots_out: bool
    """A lot in its vials may not be given out for their days."""
    came_back: bool
    """Vials came back and are not destroyed yet."""
    steps: tuple[PlannedStep, ...]
    """Of the strength plan in force; none while there is no plan."""

    @property
    def place(self) -> tuple[datetime, UUID]:
        """Where it stands in the queue: what a page goes on after."""
        return self.order.due_at, self.order.id


def queue(
    session: Session,
    only: QueueFilter,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[QueueRow]:
    """
    Return orders, the one due first first; `limit` and one more where there are more.

    Args:
        after: Due time and id of the last row of the page before, of the same filter.
    """
    return with_context(session, orders_in(session, only, after=after, limit=limit))


def orders_in(
    session: Session,
    only: QueueFilter,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> Sequence[Order]:
    """Return the orders of a page without what `with_context` adds. Arguments as of `queue`."""
    if _of_what(only):
        plan_anew(session)
    return session.scalars(page(only, after=after, limit=limit)).all()


def members(
    session: Session,
    only: QueueFilter,
    *,
    after: tuple[datetime, UUID] | None = None,
    until: tuple[datetime, UUID] | None = None,
    limit: int,
) -> set[UUID]:
    """
    Return which orders are part of a page now, `limit` at most.

    Args:
        after: As of `queue`.
        until: Due time and id of the last row of the page; None for a page that is the last one.
    """
    key = tuple_(Order.due_at, Order.id)
    found = select(Order.id).where(*_conditions(only)).order_by(Order.due_at, Order.id)
    if after is not None:
        found = found.where(key > after)
    if until is not None:
        found = found.where(key <= until)
    return set(session.scalars(found.limit(limit)))


def came_before(
    session: Session,
    only: QueueFilter,
    place: tuple[datetime, UUID],
    *,
    since: datetime,
    limit: int,
) -> int:
    """
    Count the orders that came to their status since an instant and stand before a page, `limit` at
    most. What stands after a page is met on the way there.

    Args:
        place: After which row the page begins.
    """
    key = tuple_(Order.due_at, Order.id)
    found = (
        select(Order.id)
        .where(*_conditions(only), key <= place, Order.status_since > since)
        .limit(limit)
    )
    return session.scalar(select(func.count()).select_from(found.subquery())) or 0


def versions(session: Session, order_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return how often each of these orders was changed."""
    found = session.execute(select(Order.id, Order.version).where(among(Order.id, order_ids)))
    return {row.id: row.version for row in found}


def rows_of(session: Session, order_ids: Collection[UUID]) -> list[QueueRow]:
    """Return orders as lines of the queue. Raises OrderNotFound for none."""
    found = session.scalars(select(Order).where(Order.id.in_(order_ids)).order_by(Order.due_at))
    rows = with_context(session, found.all())
    if not rows:
        raise OrderNotFound("there is no such order")
    return rows


def with_context(session: Session, orders: Sequence[Order]) -> list[QueueRow]:
    """Return orders as lines of the queue, in the same order. Costs the same for few and many."""
    if not orders:
        return []
    holds_of = _open_holds_of(session, [order.id for order in orders])
    given_up = jobs.given_up(session, [order.id for order in orders])
    out = with_lots_out(session, [order.id for order in orders])
    back = with_vials_back(session, orders)
    patient_ids = {order.patient_id for order in orders}
    found = session.scalars(select(Patient).where(among(Patient.id, patient_ids)))
    patients = {patient.id: patient for patient in found}
    steps = _steps_of(session, orders)
    return [
        QueueRow(
            order,
            patients[order.patient_id],
            tuple(holds_of.get(order.id, ())),
            given_up.get(order.id, ()),
            order.id in out,
            order.id in back,
            of_nights(steps.get((order.prescription_id, order.fill_no), ()), order.nights),
        )
        for order in orders
    ]


def page(
    only: QueueFilter, *, after: tuple[datetime, UUID] | None = None, limit: int
) -> Select[Order]:
    """Return the statement that reads one page of orders."""
    key = tuple_(Order.due_at, Order.id)
    found = select(Order).where(*_conditions(only)).limit(limit + 1)
    if only.newest_first:
        found = found.order_by(Order.due_at.desc(), Order.id.desc())
    else:
        found = found.order_by(Order.due_at, Order.id)
    if after is not None:
        found = found.where(key < after if only.newest_first else key > after)
    return found


def in_statuses(statuses: Collection[Status]) -> ColumnElement[bool]:
    """Return the condition on the status, its values as constants of the statement."""
    known = bindparam(
        "statuses", [*statuses], expanding=True, literal_execute=True, type_=Order.status.type
    )
    return Order.status.in_(known)


def _conditions(only: QueueFilter) -> list[ColumnElement[bool]]:
    conditions = [in_statuses(only.statuses), *_whose_turn(only), *_of_what(only)]
    if only.order_ids is not None:
        conditions.append(among(Order.id, only.order_ids))
    return conditions


def _whose_turn(only: QueueFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if only.held is not None:
        conditions.append(_held() if only.held else ~_held())
    if only.hold_owner is not None:
        conditions.append(_held(Hold.owner == only.hold_owner))
    if only.hold_code is not None:
        conditions.append(_held(Hold.code == only.hold_code))
    if only.claimed_by is not None:
        conditions.append(Order.claimed_by == only.claimed_by)
    if only.claimed_at is not None:
        conditions.append(Order.claimed_until > only.claimed_at)
    if only.unclaimed_at is not None:
        at = only.unclaimed_at
        conditions.append(or_(Order.claimed_until.is_(None), Order.claimed_until <= at))
    if only.not_packed_by is not None:
        conditions.append(Order.packed_by.is_distinct_from(only.not_packed_by))
    if only.due_before is not None:
        conditions.append(Order.due_at < only.due_before)
    return conditions


def _held(*of_kind: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(Hold.order_id == Order.id, Hold.lifted_at.is_(None), *of_kind)


def _of_what(only: QueueFilter) -> list[ColumnElement[bool]]:
    """What somebody looks for. Each begins at an index of its own."""
    conditions: list[ColumnElement[bool]] = []
    if only.number is not None:
        conditions.append(Order.number == only.number)
    if only.lot_number is not None:
        in_vial = (
            select(Container.order_id)
            .join(CapsuleLot, CapsuleLot.id == Container.lot_id)
            .where(CapsuleLot.lot_number == only.lot_number, Container.voided_at.is_(None))
        )
        conditions.append(Order.id.in_(in_vial))
    patient: list[ColumnElement[bool]] = []
    if only.family_prefix is not None:
        patient.append(_begins(Patient.family, only.family_prefix))
    if only.given_prefix is not None:
        patient.append(_begins(Patient.given, only.given_prefix))
    if only.birth_date is not None:
        patient.append(Patient.birth_date == only.birth_date)
    if patient:
        conditions.append(Order.patient_id.in_(select(Patient.id).where(*patient)))
    return conditions


def _begins(column: Any, prefix: str) -> ColumnElement[bool]:
    """Compare beginnings as the index on names does: by character, in lower case."""
    first, name = prefix.strip().lower(), func.lower(column)
    return and_(name.op("~>=~")(first), name.op("~<~")(first + LAST_LETTER))


def _steps_of(
    session: Session, orders: Sequence[Order]
) -> dict[tuple[UUID, int], tuple[PlannedStep, ...]]:
    """Read the steps alone: a plan's other columns hold every option and its working."""
    of_which = {order.prescription_id for order in orders}
    found = select(StrengthPlan.prescription_id, StrengthPlan.fill_no, StrengthPlan.steps).where(
        among(StrengthPlan.prescription_id, of_which), StrengthPlan.state != PlanState.SUPERSEDED
    )
    fills = {(order.prescription_id, order.fill_no) for order in orders}
    return {
        (row.prescription_id, row.fill_no): tuple(PlannedStep.of_data(step) for step in row.steps)
        for row in session.execute(found)
        if (row.prescription_id, row.fill_no) in fills
    }


def _open_holds_of(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, list[Hold]]:
    found: dict[UUID, list[Hold]] = {}
    rows = session.scalars(
        select(Hold)
        .where(among(Hold.order_id, order_ids), Hold.lifted_at.is_(None))
        .order_by(Hold.placed_at, Hold.id)
    )
    for hold in rows:
        found.setdefault(hold.order_id, []).append(hold)
    return found
