"""From drawn labels to a checked parcel."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.holding import lift_what_no_longer_applies
from pharmacy.orders.operations.steps import take
from pharmacy.orders.rules import Action, Origin
from pharmacy.staff.rules import WORKER


def labeled(session: Session, order_id: UUID, *, now: datetime) -> Order:
    """Record that every label and the leaflet of the present containers are drawn."""
    order = queries.lock(session, order_id)
    lift_what_no_longer_applies(session, order, Origin.LABELS, still=frozenset(), now=now)
    session.flush()
    take(session, order, Action.LABEL, by=WORKER, now=now)
    order.labeled_at = now
    return order
