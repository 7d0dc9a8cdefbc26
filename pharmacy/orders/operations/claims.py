"""Who works on what: a lease that anybody sees and that ends by itself."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.steps import lock_for, take
from pharmacy.orders.rules import Action
from pharmacy.orders.rules.claims import (
    NothingToClaim,
    require_may_pick,
    require_may_take_over,
    turns_of,
)
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Actor, Permission


def claim_next(session: Session, *, by: Actor, now: datetime) -> Order:
    """
    Take the order that is due first of those that wait for this person's role.

    Passes over orders that are held, that others work on, whose labels are not drawn, that wait
    for capsules which are not there, or that this person may not check because they packed them.

    Raises:
        NothingToClaim: None waits.
    """
    by.require(Permission.CLAIM_ORDER)
    order = queries.lock_next(session, turns_of(by), by=by, now=now)
    if order is None:
        raise NothingToClaim("no order waits for you")
    return _lease(session, order, None, by=by, now=now)


def claim(session: Session, order_id: UUID, *, reason: str = "", by: Actor, now: datetime) -> Order:
    """
    Take one order, or keep one that is claimed already for another lease.

    Raises:
        ClaimedByAnother: Somebody else's lease still runs; it says who and until when.
        OverrideReasonNeeded: A technician passes over older orders without saying why.
    """
    order = lock_for(session, order_id, by)
    if order.claimed_by != by.id:
        require_may_pick(by, reason)
    return _lease(session, order, reason or None, by=by, now=now)


def take_over(session: Session, order_id: UUID, *, reason: str, by: Actor, now: datetime) -> Order:
    """
    Take an order out of a colleague's hands while their lease still runs; pharmacists may.

    Raises:
        TakeOverReasonNeeded: Nobody says why.
    """
    order = lock_for(session, order_id, by)
    require_may_take_over(reason)
    return _lease(session, order, reason, by=by, now=now, action=Action.TAKE_OVER)


def unclaim(session: Session, order_id: UUID, *, by: Actor, now: datetime) -> Order:
    """Give an order back to the queue."""
    order = lock_for(session, order_id, by)
    take(session, order, Action.UNCLAIM, by=by, now=now)
    order.claimed_by = order.claimed_until = None
    return order


def _lease(
    session: Session,
    order: Order,
    reason: str | None,
    *,
    by: Actor,
    now: datetime,
    action: Action = Action.CLAIM,
) -> Order:
    taken_over = order.claimed_by is not None and order.claimed_by != by.id
    facts = {"taken_over_from": str(order.claimed_by)} if taken_over else None
    take(session, order, action, by=by, now=now, reason=reason, facts=facts)
    order.claimed_by = by.id
    order.claimed_until = now + timedelta(minutes=practice.policy(session).claim_minutes)
    return order
