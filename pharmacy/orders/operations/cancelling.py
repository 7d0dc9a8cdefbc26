"""Stopping an order: what that means for the capsules depends on how far it had come."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.inventory import operations as inventory
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.handing_over import takes
from pharmacy.orders.operations.reviewing import owe_refill
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.rules import Action, Status
from pharmacy.orders.rules.life import PACKED
from pharmacy.orders.rules.reasons import CancelReason, coded
from pharmacy.staff.rules import Actor


def cancel(
    session: Session, order_id: UUID, *, reason: str, words: str = "", by: Actor, now: datetime
) -> Order:
    """
    Stop an order, and say in its last event what had been made of it.

    Capsules that were only set aside go back to their lots; capsules that were packed left the
    bottle and are destroyed. The fill that would have followed is cancelled too.

    Args:
        reason: A code of `rules.reasons.CancelReason`.

    Raises:
        MoveNotAllowed: The order was handed over, or is over.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.CANCEL, by=by, now=now)
    facts = {
        "code": coded(CancelReason, reason),
        "stage": order.status,
        "made": _made(session, order),
        "capsules": _fate(order.status),
    }
    moved = takes(session, order)
    if order.status in PACKED:
        inventory.waste(session, moved, by=by, now=now)
    else:
        inventory.unreserve(session, moved, by=by, now=now)
    for each in queries.containers(session, order_id):
        each.voided_at = now
    take(session, order, Action.CANCEL, by=by, now=now, reason=words or None, facts=facts)
    owe_refill(session, order)
    return order


def _made(session: Session, order: Order) -> list[dict[str, object]]:
    return [
        {"strength_ug": each.strength_ug, "capsules": each.quantity, "lot": str(each.lot_id)}
        for each in queries.containers(session, order.id)
    ]


def _fate(stage: Status) -> str:
    if stage in PACKED:
        return "destroyed"
    return "back-in-stock" if stage is Status.LABELING else "none-made"
