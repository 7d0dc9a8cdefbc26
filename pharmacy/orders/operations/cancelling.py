"""Stopping an order: what that means for the capsules depends on how far it had come."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.orders.models import Order
from pharmacy.orders.operations.giving_up import give_up_vials
from pharmacy.orders.operations.reasons import because
from pharmacy.orders.operations.reviewing import kept_on_prescription, owe_refill
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.operations.supplements import hold_what_depends
from pharmacy.orders.rules import Action
from pharmacy.orders.rules.reasons import Purpose
from pharmacy.staff.rules import Actor


def cancel(
    session: Session, order_id: UUID, *, reason: str, words: str = "", by: Actor, now: datetime
) -> Order:
    """
    Stop an order, and say in its last event what had been made of it.

    Capsules that were only set aside go back to their lots; capsules that were packed left the
    bottle and are destroyed. The fill that would have followed is cancelled too, until a pharmacist
    orders this one again (see `reordering.reorder`). What a remainder
    was for stays on the prescription, where a pharmacist orders it again; parts of the fill that
    would be taken after this one are held.

    Args:
        reason: A code in use; see `reasons.because`.

    Raises:
        MoveNotAllowed: The order was handed over, or is over.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.CANCEL, by=by, now=now)
    code = because(session, Purpose.CANCEL, reason, words)
    facts = {"code": code} | give_up_vials(session, order, by=by, now=now)
    facts |= kept_on_prescription(order)
    take(session, order, Action.CANCEL, by=by, now=now, reason=words or None, facts=facts)
    hold_what_depends(session, order, now=now)
    owe_refill(session, order)
    return order
