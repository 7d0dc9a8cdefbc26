"""Placing and lifting holds."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.orders import queries
from pharmacy.orders.models import Hold, Order
from pharmacy.orders.operations.reasons import because
from pharmacy.orders.operations.steps import lock_for, take, take_each
from pharmacy.orders.rules import OPEN, Action, Origin, Owner
from pharmacy.orders.rules.holds import HoldReasonNeeded, kind_of, require_liftable
from pharmacy.orders.rules.reasons import Purpose
from pharmacy.practice import queries as practice
from pharmacy.prescribers import operations as prescribers
from pharmacy.prescribers.models import PrescriberKey, Revocation
from pharmacy.prescriptions.models import Evidence, Prescription, Verification
from pharmacy.staff.rules import WORKER, Actor

FURTHEST: Final = timedelta(days=366)
"""A deadline beyond it is a slip of the pen, and none that anybody waits for."""


class HeldAlready(Conflict):
    """Somebody holds the order for this reason already; two of one kind would hide each other."""

    code = "held-already"
    remedy = "Read the hold on the order's page; lift it first, or choose another reason."


class HoldAlreadyLifted(Conflict):
    """The hold was lifted before."""

    code = "hold-already-lifted"


class DeadlineImpossible(Invalid):
    """Somebody must act within a year from now, and not in the past."""

    code = "deadline-impossible"
    remedy = "Name an instant within a year from now, or none: the policy knows one."


def place_hold(
    session: Session,
    order_id: UUID,
    *,
    code: str,
    words: str,
    owner: str | None = None,
    facts: Mapping[str, Any] | None = None,
    deadline_at: datetime | None = None,
    origin: Origin = Origin.PERSON,
    by: Actor,
    now: datetime,
) -> Hold:
    """
    Keep an order where it is until somebody acts. A hold that is open already is returned as it is.

    A person's hold and a machine's stand beside each other, also under one code: settling the one
    says nothing about the other.

    Args:
        code: Stable and lower case; it says what must be settled.
        words: One sentence for whoever must act, without patient data.
        owner: Who must act, as in `rules.Owner`. Default: as the catalogue says.
        deadline_at: Default: the policy's hours from now.
        origin: What noticed it: `Origin.LABELS` for the drawing of labels.

    Raises:
        MoveNotAllowed: The order is over.
        HoldReasonNeeded: No words.
        DeadlineImpossible: The deadline has passed, or is more than a year away.
    """
    order = lock_for(session, order_id, by)
    if not words.strip():
        raise HoldReasonNeeded(f"say what must be settled for {code}", hold=code)
    already = (each for each in queries.open_holds(session, order_id) if each.code == code)
    if (same := next((each for each in already if each.origin is origin), None)) is not None:
        return same
    if deadline_at is not None and not now < deadline_at <= now + FURTHEST:
        raise DeadlineImpossible("the deadline is not within a year from now")
    if deadline_at is None:
        deadline_at = now + timedelta(hours=practice.policy(session).hold_deadline_hours)
    hold = Hold(
        order_id=order_id,
        code=code,
        words=words,
        owner=Owner(owner) if owner else kind_of(code).owner,
        origin=origin,
        facts=dict(facts or {}),
        placed_at=now,
        placed_by=by.id,
        deadline_at=deadline_at,
    )
    take(session, order, Action.PLACE_HOLD, by=by, now=now, facts={"hold": code})
    session.add(hold)
    session.flush()
    return hold


def hold_each(
    session: Session,
    orders: Sequence[Order],
    *,
    code: str,
    words: str,
    facts: Mapping[str, Any],
    origin: Origin,
    now: datetime,
) -> None:
    """Hold locked orders, however many, for one reason that the machine found; each only once."""
    held = queries.open_holds_of(session, [order.id for order in orders])
    fresh = [
        order
        for order in orders
        if not any(hold.code == code and hold.origin is origin for hold in held.get(order.id, ()))
    ]
    if not fresh:
        return
    take_each(session, fresh, Action.PLACE_HOLD, by=WORKER, now=now, facts={"hold": code})
    deadline_at = now + timedelta(hours=practice.policy(session).hold_deadline_hours)
    session.add_all(
        Hold(
            order_id=order.id,
            code=code,
            words=words,
            owner=kind_of(code).owner,
            origin=origin,
            facts=dict(facts),
            placed_at=now,
            placed_by=WORKER.id,
            deadline_at=deadline_at,
        )
        for order in fresh
    )
    session.flush()


def hold_because(
    session: Session,
    order_id: UUID,
    *,
    reason: str,
    words: str,
    owner: Owner,
    by: Actor,
    now: datetime,
) -> Hold:
    """
    Keep an order where it is for one of the pharmacy's coded reasons.

    Raises:
        ReasonUnknown, ReasonWordsNeeded, HeldAlready. Also whatever `place_hold` refuses.
    """
    code = because(session, Purpose.HOLD, reason, words)
    for each in queries.open_holds(session, order_id):
        if each.code == code and each.origin is Origin.PERSON:
            raise HeldAlready("the order is on hold for this reason", field="reason")
    return place_hold(session, order_id, code=code, words=words, owner=owner, by=by, now=now)


def lift_hold(
    session: Session, order_id: UUID, hold_id: UUID, *, reason: str, by: Actor, now: datetime
) -> Hold:
    """
    Record a person's decision that a hold no longer stands in the way.

    Raises:
        HoldNotLiftable: Only a check that no longer finds the reason lifts this one.
        HoldReasonNeeded: No reason was given.
        HoldAlreadyLifted: Somebody was faster.
    """
    order = lock_for(session, order_id, by)
    hold = queries.get_hold(session, order_id, hold_id)
    if hold.lifted_at is not None:
        raise HoldAlreadyLifted("this hold was lifted before")
    require_liftable(hold.code, hold.origin, reason)
    take(session, order, Action.LIFT_HOLD, by=by, now=now, reason=reason, facts={"hold": hold.code})
    _lift(hold, reason, by=by, now=now)
    return hold


def lift_what_no_longer_applies(
    session: Session, order: Order, origin: Origin, *, still: frozenset[str], now: datetime
) -> None:
    """Lift a locked order's machine-made holds of one origin, but for the codes in `still`."""
    for hold in queries.open_holds(session, order.id):
        if hold.origin is origin and hold.code not in still:
            _lift(hold, "no-longer-applies", by=WORKER, now=now)


def lift_found(session: Session, order: Order, code: str, *, now: datetime) -> None:
    """Lift a locked order's machine-made hold of one code, now that it was seen to."""
    for hold in queries.open_holds(session, order.id):
        if hold.code == code and hold.origin is not Origin.PERSON:
            _lift(hold, "no-longer-applies", by=WORKER, now=now)


def _lift(hold: Hold, reason: str, *, by: Actor, now: datetime) -> None:
    hold.lifted_at, hold.lifted_by, hold.lift_reason = now, by.id, reason


def end_key(
    session: Session,
    kid: str,
    *,
    revocation: Revocation,
    compromised_since: datetime | None = None,
    by: Actor,
    now: datetime,
) -> tuple[PrescriberKey, int]:
    """
    End a prescriber's key; a compromise holds every order that it signed since and that is here.

    Returns:
        The key, and how many orders are on hold because of it.

    Raises:
        Refusal: Whatever `prescribers.operations.revoke_key` refuses.
    """
    key = prescribers.revoke_key(
        session,
        kid,
        revocation=revocation,
        compromised_since=compromised_since,
        by=by,
        now=now,
    )
    since = key.compromised_since
    return key, hold_for_compromised_key(session, kid, since, now=now) if since else 0


def hold_for_compromised_key(session: Session, kid: str, since: datetime, *, now: datetime) -> int:
    """
    Hold every order that is not handed over yet and whose evidence a compromised key signed since.

    Returns how many orders are held by it.
    """
    signed_with_it = (
        select(Order.id)
        .join(Prescription, Prescription.id == Order.prescription_id)
        .join(Evidence, Evidence.id == Prescription.evidence_id)
        .join(Verification, Verification.evidence_id == Evidence.id)
        .where(Order.status.in_(OPEN), Verification.kid == kid, Evidence.received_at >= since)
        .distinct()
    )
    reached = queries.lock_each(session, session.scalars(signed_with_it).all())
    hold_each(
        session,
        reached,
        code="key-compromised",
        words="The key that signed this prescription was reported compromised.",
        facts={"kid": kid, "since": since.isoformat()},
        origin=Origin.KEY,
        now=now,
    )
    return len(reached)
