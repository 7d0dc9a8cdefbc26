"""Reading what came back and waits to be destroyed."""

from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import DateTime, func, select, type_coerce
from sqlalchemy.orm import Session

from pharmacy.orders.models import Container

TO_DESTROY: Final = (Container.returned_at.is_not(None), Container.destroyed_at.is_(None))


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
        .where(*TO_DESTROY)
        .group_by(Container.order_id)
        .order_by(since, Container.order_id)
        .limit(limit)
    )
    return [CameBack(*row) for row in session.execute(found)]
