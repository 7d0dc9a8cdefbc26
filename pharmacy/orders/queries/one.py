"""Reading one order and what belongs to it, locked for a change where it must be."""

from collections.abc import Collection
from typing import Final
from uuid import UUID

from sqlalchemy import and_, func, or_, select, union
from sqlalchemy.orm import Session, aliased

from pharmacy.kernel.refusals import NotFound
from pharmacy.orders.models import Container, HandOver, Hold, Order, OrderEvent, OrderPicture
from pharmacy.orders.rules import OPEN, Action, Status
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.prescriptions.models import Prescription

LAST_NIGHT: Final = 10_000
"""Later than any night of any fill."""


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


def lock_each(session: Session, order_ids: Collection[UUID]) -> list[Order]:
    """Return orders as they are now, locked in the order of their ids, as everybody locks them."""
    found = select(Order).where(Order.id.in_(order_ids)).order_by(Order.id).with_for_update()
    return list(session.scalars(found.execution_options(populate_existing=True)))


def of_fill(session: Session, prescription_id: UUID, fill_no: int) -> Order | None:
    """Return the own order of a fill, if there is one: the newest, where it was ordered again."""
    return session.scalars(
        select(Order)
        .where(
            Order.prescription_id == prescription_id,
            Order.fill_no == fill_no,
            Order.kind == OrderKind.FILL,
        )
        .order_by(Order.supplement_no.desc())
        .limit(1)
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


def open_of_patient(session: Session, patient_id: UUID) -> list[UUID]:
    """Return the orders of a patient that are not over, by id."""
    found = select(Order.id).where(Order.patient_id == patient_id, Order.status.in_(OPEN))
    return list(session.scalars(found.order_by(Order.id)))


def open_of_prescriber(session: Session, npi: str) -> list[UUID]:
    """Return a prescriber's orders that are not over, by id."""
    found = select(Order.id).where(Order.npi == npi, Order.status.in_(OPEN))
    return list(session.scalars(found.order_by(Order.id)))


def ids_of_patient(session: Session, patient_id: UUID) -> list[UUID]:
    """Return every order of a patient, the newest first."""
    found = select(Order.id).where(Order.patient_id == patient_id)
    return list(session.scalars(found.order_by(Order.received_at.desc(), Order.id)))


def containers(session: Session, order_id: UUID) -> list[Container]:
    """Return the order's present containers, part 1 first."""
    return list(
        session.scalars(
            select(Container)
            .where(Container.order_id == order_id, Container.voided_at.is_(None))
            .order_by(Container.part_no)
        )
    )


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


def by_number(session: Session, number: int) -> UUID | None:
    """Return which order has an Rx number; None where none has."""
    return session.scalar(select(Order.id).where(Order.number == number))


def numbers(session: Session, order_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return the Rx numbers of orders."""
    found = select(Order.id, Order.number).where(Order.id.in_(order_ids))
    return {row.id: row.number for row in session.execute(found)}


def open_holds(session: Session, order_id: UUID) -> list[Hold]:
    """Return what keeps an order where it is."""
    return open_holds_of(session, [order_id]).get(order_id, [])


def open_holds_of(session: Session, order_ids: Collection[UUID]) -> dict[UUID, list[Hold]]:
    """Return what keeps each of these orders where it is; nothing for one that is free."""
    found: dict[UUID, list[Hold]] = {}
    open_ones = select(Hold).where(Hold.order_id.in_(order_ids), Hold.lifted_at.is_(None))
    for hold in session.scalars(open_ones.order_by(Hold.placed_at, Hold.id)):
        found.setdefault(hold.order_id, []).append(hold)
    return found


def containers_by_id(session: Session, vial_ids: Collection[UUID]) -> list[Container]:
    """Return vials as they are now, by id."""
    found = select(Container).where(Container.id.in_(vial_ids)).order_by(Container.id)
    return list(session.scalars(found.execution_options(populate_existing=True)))


def get_hold(session: Session, order_id: UUID, hold_id: UUID) -> Hold:
    """Return a hold of this order. Raises NotFound."""
    hold = session.get(Hold, hold_id)
    if hold is None or hold.order_id != order_id:
        raise NotFound("this order has no such hold")
    return hold


def pictures(session: Session, order_id: UUID) -> list[OrderPicture]:
    """
    Return the pictures of the product as it is packed now, without their bytes, the first first.

    What was taken before the order was allocated, split or sent back shows another packing; it is
    kept, and not among these.
    """
    began = (
        select(func.max(OrderEvent.at))
        .where(
            OrderEvent.order_id == order_id,
            OrderEvent.action.in_((Action.ALLOCATE, Action.SEND_BACK, Action.SPLIT)),
        )
        .scalar_subquery()
    )
    return list(
        session.scalars(
            select(OrderPicture)
            .where(OrderPicture.order_id == order_id, OrderPicture.taken_at >= began)
            .order_by(OrderPicture.taken_at, OrderPicture.id)
        )
    )


def get_picture(session: Session, order_id: UUID, picture_id: UUID) -> OrderPicture:
    """Return a picture of this order, older ones too. Raises NotFound."""
    found = session.get(OrderPicture, picture_id)
    if found is None or found.order_id != order_id:
        raise NotFound("this order has no such picture")
    return found


def handed_over_before(session: Session, order: Order) -> Order | None:
    """Return the order of this patient that was handed over last, before this one."""
    return session.scalars(
        select(Order)
        .where(
            Order.patient_id == order.patient_id,
            Order.id != order.id,
            Order.status.in_((Status.HANDED_OVER, Status.RETURNED, Status.RECALLED)),
            Order.handed_over_at.is_not(None),
        )
        .order_by(Order.handed_over_at.desc())
        .limit(1)
    ).one_or_none()


def open_after(session: Session, order_ids: Collection[UUID]) -> list[UUID]:
    """Return the open orders that go on with the treatment of any of these orders, by id."""
    given, later = aliased(Order), aliased(Order)
    comes_after = or_(
        later.fill_no > given.fill_no,
        and_(
            later.fill_no == given.fill_no,
            later.first_night > func.coalesce(given.last_night, LAST_NIGHT),
        ),
    )
    next_fills = (
        select(later.id)
        .join(given, given.prescription_id == later.prescription_id)
        .where(given.id.in_(order_ids), comes_after, later.status.in_(OPEN))
    )
    next_prescriptions = (
        select(later.id)
        .join(Prescription, Prescription.id == later.prescription_id)
        .join(given, given.prescription_id == Prescription.follows_id)
        .where(given.id.in_(order_ids), later.status.in_(OPEN))
    )
    return sorted(session.scalars(union(next_fills, next_prescriptions)))


def lock_with_following(session: Session, order_ids: Collection[UUID]) -> dict[UUID, Order]:
    """Return orders and the open ones that go on with their treatment, locked at once, by id."""
    following = open_after(session, order_ids)
    return {order.id: order for order in lock_each(session, {*order_ids, *following})}


def hand_over(session: Session, order_id: UUID) -> HandOver | None:
    """Return how an order left, if it did."""
    return session.get(HandOver, order_id)


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
