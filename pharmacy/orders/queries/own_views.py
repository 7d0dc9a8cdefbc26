"""Reading a person's own views of the queue."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.orders.models import QueueView


def own_views(session: Session, account_id: UUID) -> list[QueueView]:
    """Return the views that a person keeps, in their order."""
    found = select(QueueView).where(QueueView.account_id == account_id).order_by(QueueView.place)
    return list(session.scalars(found))
