"""Reading a person's own views of the queue."""

from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from pharmacy.orders.models import QueueView

OWN_VIEWS: Final = (
    select(QueueView)
    .where(QueueView.account_id == bindparam("account_id"))
    .order_by(QueueView.place)
)


def own_views(session: Session, account_id: UUID) -> list[QueueView]:
    """Return the views that a person keeps, in their order."""
    return list(session.scalars(OWN_VIEWS, {"account_id": account_id}))
