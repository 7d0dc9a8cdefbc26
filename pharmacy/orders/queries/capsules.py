"""Reading what orders wait for: capsules of a strength that are not there yet."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Date, cast, func, select
from sqlalchemy.orm import Session

from pharmacy.compounding.rules.planning import OpenLine
from pharmacy.orders.models import BatchRequest, Order
from pharmacy.orders.rules import Status
from pharmacy.practice import queries as practice


def batch_requests(session: Session, order_id: UUID) -> list[BatchRequest]:
    """Return the capsules that an order waits for, the weakest first."""
    return list(
        session.scalars(
            select(BatchRequest)
            .where(BatchRequest.order_id == order_id, BatchRequest.met_at.is_(None))
            .order_by(BatchRequest.strength_ug)
        )
    )


def open_lines(session: Session, strengths: Collection[int] | None = None) -> list[OpenLine]:
    """
    Return the capsules that waiting orders still lack, a line for each order and strength.

    An order without a last dose is needed all the same: its capsules are good until it is due, at
    least, and its allocation asks again.

    Args:
        strengths: Only of these strengths, in micrograms. None: of all.
    """
    zone = practice.site(session).time_zone
    found = session.execute(
        select(
            BatchRequest.order_id,
            BatchRequest.strength_ug,
            BatchRequest.quantity,
            Order.due_at,
            func.coalesce(Order.last_dose_on, cast(func.timezone(zone, Order.due_at), Date)),
        )
        .join(Order, Order.id == BatchRequest.order_id)
        .where(
            BatchRequest.met_at.is_(None),
            Order.status == Status.COMPOUNDING,
            *([] if strengths is None else [BatchRequest.strength_ug.in_(strengths)]),
        )
    )
    return [OpenLine(*row) for row in found]


def capsules_awaited(session: Session, strength_ug: int) -> int:
    """Return how many capsules of a strength waiting orders lack."""
    return sum(line.capsules for line in open_lines(session, [strength_ug]))


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
