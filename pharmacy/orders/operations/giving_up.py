"""Giving up an order's vials: what becomes of their capsules depends on how far it had come."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from pharmacy.inventory import operations as inventory
from pharmacy.inventory.operations import Take
from pharmacy.orders import queries
from pharmacy.orders.models import Container, Order
from pharmacy.orders.rules import Action, Status
from pharmacy.orders.rules.life import PACKED
from pharmacy.staff.rules import Actor


def give_up_vials(session: Session, order: Order, *, by: Actor, now: datetime) -> dict[str, Any]:
    """Make every present vial of a locked order void. See `give_up`."""
    return give_up(session, order, queries.containers(session, order.id), by=by, now=now)


def give_up(
    session: Session, order: Order, vials: Sequence[Container], *, by: Actor, now: datetime
) -> dict[str, Any]:
    """
    Make vials of a locked order void, and return what had been made for its event.

    Capsules that were only set aside go back to their lots; capsules that were packed, be it before
    the order was sent back, left the bottle and are destroyed.
    """
    facts = {
        "stage": order.status,
        "made": [
            {"strength_ug": each.strength_ug, "capsules": each.quantity, "lot": str(each.lot_id)}
            for each in vials
        ],
    }
    moved = [Take(each.lot_id, each.quantity, each.id) for each in vials]
    if not vials:
        fate = "none-made"
    elif were_packed(session, order):
        inventory.waste(session, moved, by=by, now=now)
        fate = "destroyed"
    else:
        inventory.unreserve(session, moved, by=by, now=now)
        fate = "back-in-stock"
    for each in vials:
        each.voided_at = now
    return facts | {"capsules": fate}


def were_packed(session: Session, order: Order) -> bool:
    """Say whether the present vials were filled, be it before the order was sent back."""
    if order.status is not Status.LABELING:
        return order.status in PACKED
    allocated = queries.last_event(session, order.id, Action.ALLOCATE)
    packed = queries.last_event(session, order.id, Action.PACK)
    return packed is not None and (allocated is None or packed.id > allocated.id)
