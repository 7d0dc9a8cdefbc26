"""Who works on what: a lease that anybody sees and that ends by itself."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.reasons import because
from pharmacy.orders.operations.steps import lock_for, take
from pharmacy.orders.rules import Action
from pharmacy.orders.rules.claims import (
    NothingToClaim,
    require_may_pick,
    require_may_take_over,
    turns_of,
)
from pharmacy.orders.rules.reasons import Purpose
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


def claim(
    session: Session,
    order_id: UUID,
    *,
    reason: str = "",
    words: str = "",
    by: Actor,
    now: datetime,
) -> Order:
    """
    Take one order, or keep one that is claimed already for another lease.

    Args:
        reason: Of a technician who passes over older orders: a code in use; see `reasons.because`.

    Raises:
        ClaimedByAnother: Somebody else's lease still runs; it says who and until when.
        OverrideReasonNeeded: A technician passes over older orders without saying why.
    """
    order = lock_for(session, order_id, by)
    if order.claimed_by != by.id:
        require_may_pick(by, reason)
    facts = {"code": because(session, Purpose.OVERRIDE, reason, words)} if reason else {}
    return _lease(session, order, words or None, by=by, now=now, facts=facts)


def take_over(
    session: Session, order_id: UUID, *, reason: str, words: str = "", by: Actor, now: datetime
) -> Order:
    """
    Take an order out of a colleague's hands while their lease still runs; pharmacists may.

    Args:
        reason: A code in use; see `reasons.because`.

    Raises:
        TakeOverReasonNeeded: Nobody says why.
    """
    order = lock_for(session, order_id, by)
    require_may_take_over(reason)
    facts = {"code": because(session, Purpose.TAKE_OVER, reason, words)}
    return _lease(
        session, order, words or None, by=by, now=now, action=Action.TAKE_OVER, facts=facts
    )


def unclaim(session: Session, order_id: UUID, *, by: Actor, now: datetime) -> Order:
    """Give an order back to the queue."""
    order = lock_for(session, order_id, by)
    take(session, order, Action.UNCLAIM, by=by, now=now)
    order.claimed_by = order.claimed_until = None
    return order


def _lease(
    session: Session,
    order: Order,
    words: str | None,
    *,
    by: Actor,
    now: datetime,
    action: Action = Action.CLAIM,
    facts: Mapping[str, str] = MappingProxyType({}),
) -> Order:
    taken_over = order.claimed_by is not None and order.claimed_by != by.id
    whose = {"taken_over_from": str(order.claimed_by)} if taken_over else {}
    kept = {**facts, **whose} or None
    take(session, order, action, by=by, now=now, reason=words, facts=kept)
    order.claimed_by = by.id
    order.claimed_until = now + timedelta(minutes=practice.policy(session).claim_minutes)
    return order
