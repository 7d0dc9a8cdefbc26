"""Reading what came back and waits to be destroyed."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import DateTime, func, select, type_coerce
from sqlalchemy.orm import Session

from pharmacy.infra.db import among
from pharmacy.orders.models import Container, Order
from pharmacy.orders.rules import OPEN

WAITS: Final = (Container.returned_at.is_not(None), Container.destroyed_at.is_(None))


class CameBack(NamedTuple):
    """Vials of one order that wait to be destroyed."""

    order_id: UUID
    since: datetime
    vials: int


def came_back(session: Session, *, limit: int) -> list[CameBack]:
    """Return the orders with vials to destroy, those that wait longest first."""
    since = type_coerce(func.min(Container.returned_at), DateTime(timezone=True))
    found = (
        select(Container.order_id, since, func.count())
        .where(*WAITS)
        .group_by(Container.order_id)
        .order_by(since, Container.order_id)
        .limit(limit)
    )
    return [CameBack(*row) for row in session.execute(found)]


def with_vials_back(session: Session, orders: Sequence[Order]) -> Collection[UUID]:
    """Return which of these orders have vials to destroy; open ones are not looked at."""
    left = [order.id for order in orders if order.status not in OPEN]
    if not left:
        return ()
    return set(
        session.scalars(select(Container.order_id).where(among(Container.order_id, left), *WAITS))
    )
