"""Reading orders: one by one, locked for a change, and as the queue."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session

from pharmacy.compounding.rules.planning import OpenLine
from pharmacy.infra import jobs
from pharmacy.inventory.models import CapsuleLot, LotStatus
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import NotFound
from pharmacy.orders.models import BatchRequest, Container, Hold, Order, OrderEvent
from pharmacy.orders.rules import OPEN, Action, Status
from pharmacy.patients.models import Patient
from pharmacy.staff.rules import Actor


class OrderNotFound(NotFound):
    """There is no such order, or none that the caller may see."""

    code = "order-not-found"


def get(session: Session, order_id: UUID) -> Order:
    """Return an order. Raises OrderNotFound."""
    if (order := session.get(Order, order_id)) is None:
        raise OrderNotFound("there is no such order")
    return order


def lock(session: Session, order_id: UUID) -> Order:
    """Return an order as it is now, locked until the transaction ends. Raises OrderNotFound."""
    order = session.get(Order, order_id, with_for_update=True, populate_existing=True)
    if order is None:
        raise OrderNotFound("there is no such order")
    return order


def of_fill(session: Session, prescription_id: UUID, fill_no: int) -> Order | None:
    """Return the order of one fill, if there is one."""
    return session.scalars(
        select(Order).where(Order.prescription_id == prescription_id, Order.fill_no == fill_no)
    ).one_or_none()


def lock_open_of_patient(session: Session, patient_id: UUID) -> list[Order]:
    """Return the orders of a patient that are not over, as they are now, locked by id."""
    found = (
        select(Order)
        .where(Order.patient_id == patient_id, Order.status.in_(OPEN))
        .order_by(Order.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return list(session.scalars(found))


def containers(session: Session, order_id: UUID) -> list[Container]:
    """Return the order's present containers, part 1 first."""
    return list(
        session.scalars(
            select(Container)
            .where(Container.order_id == order_id, Container.voided_at.is_(None))
            .order_by(Container.part_no)
        )
    )


def with_lots_out(session: Session, order_ids: Collection[UUID]) -> set[UUID]:
    """Return which of these orders have a vial that `rules.gates.lots_out` lets nobody have."""
    late = CapsuleLot.beyond_use_on < Container.last_dose_on
    found = (
        select(Container.order_id)
        .join(CapsuleLot, CapsuleLot.id == Container.lot_id)
        .where(
            Container.order_id.in_(order_ids),
            Container.voided_at.is_(None),
            or_(CapsuleLot.status != LotStatus.RELEASED, late),
        )
    )
    return set(session.scalars(found))


def get_container(session: Session, container_id: UUID) -> Container:
    """Return a vial, also one that was given up. Raises NotFound."""
    if (found := session.get(Container, container_id)) is None:
        raise NotFound("there is no such vial")
    return found


def holds(session: Session, order_id: UUID) -> list[Hold]:
    """Return every hold of an order, open ones first, then the newest."""
    return list(
        session.scalars(
            select(Hold)
            .where(Hold.order_id == order_id)
            .order_by(Hold.lifted_at.is_not(None), Hold.placed_at.desc(), Hold.id)
        )
    )


def open_holds(session: Session, order_id: UUID) -> list[Hold]:
    """Return what keeps an order where it is."""
    return list(
        session.scalars(
            select(Hold)
            .where(Hold.order_id == order_id, Hold.lifted_at.is_(None))
            .order_by(Hold.placed_at, Hold.id)
        )
    )


def get_hold(session: Session, order_id: UUID, hold_id: UUID) -> Hold:
    """Return a hold of this order. Raises NotFound."""
    hold = session.get(Hold, hold_id)
    if hold is None or hold.order_id != order_id:
        raise NotFound("this order has no such hold")
    return hold


def events(session: Session, order_id: UUID) -> list[OrderEvent]:
    """Return an order's life, first step first."""
    return list(
        session.scalars(
            select(OrderEvent).where(OrderEvent.order_id == order_id).order_by(OrderEvent.id)
        )
    )


def last_event(session: Session, order_id: UUID, action: Action) -> OrderEvent | None:
    """Return the newest event of one kind."""
    return session.scalars(
        select(OrderEvent)
        .where(OrderEvent.order_id == order_id, OrderEvent.action == action)
        .order_by(OrderEvent.id.desc())
        .limit(1)
    ).one_or_none()


def batch_requests(session: Session, order_id: UUID) -> list[BatchRequest]:
    """Return the capsules that an order waits for, the weakest first."""
    return list(
        session.scalars(
            select(BatchRequest)
            .where(BatchRequest.order_id == order_id, BatchRequest.met_at.is_(None))
            .order_by(BatchRequest.strength_ug)
        )
    )


def open_lines(session: Session) -> list[OpenLine]:
    """Return the capsules that waiting orders still lack, a line for each order and strength."""
    found = session.execute(
        select(
            BatchRequest.order_id,
            BatchRequest.strength_ug,
            BatchRequest.quantity,
            Order.due_at,
            Order.last_dose_on,
        )
        .join(Order, Order.id == BatchRequest.order_id)
        .where(
            BatchRequest.met_at.is_(None),
            Order.status == Status.COMPOUNDING,
        )
    )
    return [
        OpenLine(order_id, strength_ug, quantity, due_at, last_dose_on)
        for order_id, strength_ug, quantity, due_at, last_dose_on in found
        if last_dose_on is not None
    ]


def capsules_awaited(session: Session, strength_ug: int) -> int:
    """Return how many capsules of a strength waiting orders lack."""
    return sum(line.capsules for line in open_lines(session) if line.strength_ug == strength_ug)


def lock_waiting_for(session: Session, strength_ug: int) -> list[UUID]:
    """
    Return the orders that wait for capsules of a strength, locked, the first due first.

    Orders that somebody else has locked are passed by: whoever holds lots must not wait for them.
    """
    return list(
        session.scalars(
            select(Order.id)
            .join(BatchRequest, BatchRequest.order_id == Order.id)
            .where(
                BatchRequest.met_at.is_(None),
                BatchRequest.strength_ug == strength_ug,
                Order.status == Status.COMPOUNDING,
            )
            .order_by(Order.due_at, Order.id)
            .with_for_update(of=Order, skip_locked=True)
        )
    )


def lock_next(
    session: Session, statuses: Collection[Status], *, by: Actor, now: datetime
) -> Order | None:
    """Return the order due first that this person can work on, locked, passing others' locks."""
    held = exists().where(Hold.order_id == Order.id, Hold.lifted_at.is_(None))
    unclaimed = or_(Order.claimed_until.is_(None), Order.claimed_until <= now)
    return session.scalars(
        select(Order)
        .where(
            Order.status.in_(statuses),
            unclaimed,
            ~held,
            or_(Order.status != Status.LABELING, Order.labeled_at.is_not(None)),
            or_(Order.status != Status.FINAL_CHECK, Order.packed_by != by.id),
            or_(Order.status != Status.COMPOUNDING, ~_waits_for_capsules()),
        )
        .order_by(Order.due_at, Order.id)
        .limit(1)
        .with_for_update(of=Order, skip_locked=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


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
    """Which part of the queue is shown. Every given value narrows it."""

    statuses: tuple[Status, ...] = OPEN
    held: bool | None = None
    claimed_by: UUID | None = None
    unclaimed_at: datetime | None = None
    due_before: datetime | None = None


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


def queue(
    session: Session,
    only: QueueFilter,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[QueueRow]:
    """Return open orders, the one due first first; `limit` and one more where there are more."""
    page = _narrowed(select(Order), only).order_by(Order.due_at, Order.id).limit(limit + 1)
    if after is not None:
        page = page.where(tuple_(Order.due_at, Order.id) > after)
    return _with_context(session, session.scalars(page).all())


def rows_of(session: Session, order_ids: Collection[UUID]) -> list[QueueRow]:
    """Return orders as lines of the queue. Raises OrderNotFound for none."""
    found = session.scalars(select(Order).where(Order.id.in_(order_ids)).order_by(Order.due_at))
    rows = _with_context(session, found.all())
    if not rows:
        raise OrderNotFound("there is no such order")
    return rows


def _with_context(session: Session, orders: Sequence[Order]) -> list[QueueRow]:
    holds_of = _open_holds_of(session, [order.id for order in orders])
    given_up = jobs.given_up(session, [order.id for order in orders])
    out = with_lots_out(session, [order.id for order in orders])
    patient_ids = {order.patient_id for order in orders}
    found = session.scalars(select(Patient).where(Patient.id.in_(patient_ids)))
    patients = {patient.id: patient for patient in found}
    return [
        QueueRow(
            order,
            patients[order.patient_id],
            tuple(holds_of.get(order.id, ())),
            given_up.get(order.id, ()),
            order.id in out,
        )
        for order in orders
    ]


def _narrowed(page: Select[Order], only: QueueFilter) -> Select[Order]:
    held = exists().where(Hold.order_id == Order.id, Hold.lifted_at.is_(None))
    page = page.where(Order.status.in_(only.statuses))
    if only.held is not None:
        page = page.where(held if only.held else ~held)
    if only.claimed_by is not None:
        page = page.where(Order.claimed_by == only.claimed_by)
    if only.unclaimed_at is not None:
        at = only.unclaimed_at
        page = page.where(or_(Order.claimed_until.is_(None), Order.claimed_until <= at))
    if only.due_before is not None:
        page = page.where(Order.due_at < only.due_before)
    return page


def _open_holds_of(session: Session, order_ids: Sequence[UUID]) -> dict[UUID, list[Hold]]:
    found: dict[UUID, list[Hold]] = {}
    rows = session.scalars(
        select(Hold)
        .where(Hold.order_id.in_(order_ids), Hold.lifted_at.is_(None))
        .order_by(Hold.placed_at, Hold.id)
    )
    for hold in rows:
        found.setdefault(hold.order_id, []).append(hold)
    return found
