"""Medicine comes back, and is destroyed before a witness."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.orders import queries
from pharmacy.orders.models import Container, Order
from pharmacy.orders.operations.reasons import because
from pharmacy.orders.operations.reviewing import owe_refill
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.operations.supplements import hold_what_depends
from pharmacy.orders.rules import Action
from pharmacy.orders.rules.reasons import Purpose, ReplaceReason
from pharmacy.orders.rules.returning import VialsNotBack, VialsNotOut, WitnessNeeded
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Actor, Permission


def return_(
    session: Session,
    order_id: UUID,
    *,
    reason: str,
    words: str = "",
    vial_ids: Collection[UUID] | None = None,
    by: Actor,
    now: datetime,
) -> Order:
    """
    Record that medicine came back. It is never restocked (domain.md 7.1); see `destroy`.

    The order is returned with its last vial that is not lost; until then it stays what it is.

    Args:
        reason: A code in use; see `reasons.because`.
        vial_ids: Which vials came back. Default: all that are still out.

    Raises:
        VialsNotOut: None is named, or one that is not the order's, or came back before.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.RETURN, by=by, now=now)
    vials = queries.containers(session, order.id)
    back = _chosen([each for each in vials if each.returned_at is None], vial_ids)
    if not back:
        raise VialsNotOut("these are not vials of the order that are out", field="vials")
    for each in back:
        each.returned_at = now
    is_whole = all(each.returned_at or _is_not_awaited(each) for each in vials)
    facts = {
        "code": because(session, Purpose.RETURN, reason, words),
        "vials": [str(each.id) for each in back],
    }
    action = Action.RETURN if is_whole else Action.RETURN_VIALS
    take(session, order, action, by=by, now=now, reason=words or None, facts=facts)
    if is_whole:
        hold_what_depends(session, order, now=now)
        owe_refill(session, order)
    return order


def _is_not_awaited(vial: Container) -> bool:
    """A recalled vial is still to come back, although it is replaced."""
    return vial.lost_at is not None and vial.lost_reason != ReplaceReason.RECALLED


def destroy(
    session: Session,
    order_id: UUID,
    *,
    witness: UUID,
    vial_ids: Collection[UUID] | None = None,
    by: Actor,
    now: datetime,
) -> Order:
    """
    Record that what came back was destroyed, and who saw it.

    Args:
        witness: A colleague who may hand over too. The door has seen their PIN.
        vial_ids: Which vials. Default: all that came back and are still there.

    Raises:
        VialsNotBack: None is named, or one that is not the order's, not back, or destroyed before.
        WitnessNeeded: The witness is whoever records it, or may not hand over.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.DESTROY, by=by, now=now)
    vials = queries.containers(session, order.id)
    gone = _chosen([each for each in vials if each.waits_to_be_destroyed], vial_ids)
    if not gone:
        raise VialsNotBack("these are not vials that wait to be destroyed", field="vials")
    if witness == by.id or not staff.may(session, witness, Permission.HAND_OVER):
        raise WitnessNeeded("a colleague who may hand over watches", field="witness")
    for each in gone:
        each.destroyed_at, each.destroyed_by, each.witnessed_by = now, by.id, witness
    facts = {"vials": [str(each.id) for each in gone], "witness": str(witness)}
    take(session, order, Action.DESTROY, by=by, now=now, facts=facts)
    return order


def _chosen(among: list[Container], wanted: Collection[UUID] | None) -> list[Container]:
    """Return the wanted vials of those that may be; none where one of them may not be."""
    if wanted is None:
        return among
    found = [each for each in among if each.id in set(wanted)]
    return found if len(found) == len(set(wanted)) else []
