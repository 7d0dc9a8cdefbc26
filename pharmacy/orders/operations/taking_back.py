"""Taking vials back from an order that waits for other capsules: its lot was recalled."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.inventory import operations as inventory
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.handing_over import takes
from pharmacy.orders.operations.holding import lift_what_no_longer_applies
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.rules import Action, Origin
from pharmacy.orders.rules.life import PACKED
from pharmacy.staff.rules import Actor


def take_back(session: Session, order_id: UUID, *, by: Actor, now: datetime) -> Order:
    """
    Give up every vial of an order, so that it is allocated again from other lots.

    Capsules that were packed are destroyed; those that were only set aside go back to their lots.
    What a recall held is free again.

    Raises:
        MoveNotAllowed: The order has no vials here.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.TAKE_BACK, by=by, now=now)
    moved = takes(session, order)
    destroyed = order.status in PACKED
    if destroyed:
        inventory.waste(session, moved, by=by, now=now)
    else:
        inventory.unreserve(session, moved, by=by, now=now)
    for each in queries.containers(session, order_id):
        each.voided_at = now
    facts = {"vials": len(moved), "capsules": "destroyed" if destroyed else "back-in-stock"}
    take(session, order, Action.TAKE_BACK, by=by, now=now, facts=facts)
    order.labeled_at = order.packed_at = order.packed_by = None
    order.checked_at = order.checked_by = None
    lift_what_no_longer_applies(session, order, Origin.RECALL, still=frozenset(), now=now)
    session.flush()
    return order
