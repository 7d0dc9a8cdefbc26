"""Reading questions to prescribers."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from pharmacy.orders.models import Clarification, Order
from pharmacy.orders.rules.clarifying import ClarificationNotFound


def clarifications(session: Session, order_id: UUID) -> list[Clarification]:
    """Return every question about an order, the newest first."""
    found = select(Clarification).where(Clarification.order_id == order_id)
    return list(session.scalars(found.order_by(Clarification.asked_at.desc(), Clarification.id)))


def open_clarifications(session: Session, order_id: UUID) -> list[Clarification]:
    """Return the questions about an order that wait for an answer."""
    return [each for each in clarifications(session, order_id) if each.is_open]


def get_clarification(session: Session, order_id: UUID, clarification_id: UUID) -> Clarification:
    """Return a question about this order. Raises ClarificationNotFound."""
    found = session.get(Clarification, clarification_id, populate_existing=True)
    if found is None or found.order_id != order_id:
        raise ClarificationNotFound("this order has no such question")
    return found


def waiting_questions(
    session: Session,
    *,
    npis: Collection[str] | None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[tuple[Clarification, Order]]:
    """
    Return the questions that wait for an answer, the first to be brought to mind first.

    Args:
        npis: Of orders by these prescribers. None: everybody's.
        after: `remind_at` and id of the last one of the page before.
    """
    found = (
        select(Clarification, Order)
        .join(Order, Order.id == Clarification.order_id)
        .where(Clarification.answered_at.is_(None), Clarification.withdrawn_at.is_(None))
    )
    if npis is not None:
        found = found.where(Order.npi.in_(npis))
    if after is not None:
        found = found.where(tuple_(Clarification.remind_at, Clarification.id) > after)
    found = found.order_by(Clarification.remind_at, Clarification.id).limit(limit + 1)
    return [(question, order) for question, order in session.execute(found)]
