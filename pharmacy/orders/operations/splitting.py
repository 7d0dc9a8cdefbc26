"""Handing over a part of a fill now, and the rest of it under an order of its own."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from pharmacy.inventory import operations as inventory
from pharmacy.orders import queries
from pharmacy.orders.models import BatchRequest, Order
from pharmacy.orders.operations.checking import owe_labels
from pharmacy.orders.operations.giving_up import give_up
from pharmacy.orders.operations.handing_over import takes
from pharmacy.orders.operations.reasons import because
from pharmacy.orders.operations.reviewing import owe_refill, set_dates
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.operations.supplements import open_supplement
from pharmacy.orders.rules import Action
from pharmacy.orders.rules.parts import (
    Nights,
    NothingLeft,
    OrderKind,
    PartEmpty,
    PartialNotAllowed,
    Stretch,
    require_cut,
)
from pharmacy.orders.rules.reasons import Purpose
from pharmacy.patients.models import Patient
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Actor
from pharmacy.titration.rules import days_supply


def split(
    session: Session,
    order_id: UUID,
    *,
    through: date,
    reason: str,
    words: str = "",
    by: Actor,
    now: datetime,
) -> Order:
    """
    Keep an order's doses up to a day, and return the order that its other doses are now in.

    No dose moves: the remainder's vials carry the step and the dates that the plan gave them. It is
    the same fill, so no refill is used up, and the first part's hand-over starts the refill's
    clock. Vials of later days are given up as when an order is allocated anew: back to their lots,
    or destroyed where they were packed. What is kept is counted and labelled anew, "1 of 1" where
    it was "1 of 3", and a packed order goes back to the bench: what was packed and checked was more
    than what now leaves.

    Args:
        through: The last day of the part that goes now: of a whole vial, where there are vials.
        reason: A code in use; see `reasons.because`.

    Raises:
        MoveNotAllowed, OrderHeld: As the order stands.
        PartialNotAllowed: A State's rule, with its source.
        PartEmpty, PartCutsVial: There is no such cut.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.SPLIT, by=by, now=now)
    require_partials_allowed(session, order)
    code = because(session, Purpose.PARTIAL, reason, words)
    if order.kind is OrderKind.REPLACEMENT:
        raise PartEmpty("a replacement is handed over whole")
    assert order.first_dose_on is not None
    assert order.last_dose_on is not None
    vials = queries.containers(session, order_id)
    days = [Stretch(each.first_dose_on, each.last_dose_on) for each in vials]
    first_on, last_on = order.first_dose_on, order.last_dose_on
    require_cut(through, first_on=first_on, last_on=last_on, vials=days)
    queries.lock_fill(session, order)
    steps = queries.own_steps(session, order)
    first = order.first_night or 1
    now_part = Nights(first, first + (through - first_on).days)
    rest = Nights(now_part.last + 1, first + days_supply(steps) - 1)
    later = [each for each in vials if each.first_dose_on > through]
    facts = {"code": code, "nights": now_part, "rest": rest} | give_up(
        session, order, later, by=by, now=now
    )
    _stop_asking(session, order, now)
    take(session, order, Action.SPLIT, by=by, now=now, reason=words or None, facts=facts)
    _as_if_not_packed(order)
    _count_anew(session, order, by=by, now=now)
    order.nights = now_part
    set_dates(order, first_on, through + timedelta(days=1))
    session.flush()  # the nights are free before another order has them
    return open_supplement(
        session,
        order,
        OrderKind.REMAINDER,
        rest,
        first_dose_on=through + timedelta(days=1),
        by=by,
        now=now,
    )


def order_rest(session: Session, order_id: UUID, *, by: Actor, now: datetime) -> Order:
    """
    Order again what stayed on the prescription when a remainder was cancelled or rejected.

    Raises:
        MoveNotAllowed: Of an order that is over nothing is ordered.
        NothingLeft: Every night of the fill has its order.
        PartialNotAllowed: A State's rule, with its source.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.ORDER_REST, by=by, now=now)
    require_partials_allowed(session, order)
    queries.lock_fill(session, order)
    rest = queries.nights_left(session, order)
    if rest is None or order.first_dose_on is None or order.kind is OrderKind.REPLACEMENT:
        raise NothingLeft("nothing of this fill is without an order")
    planned = order.first_dose_on + timedelta(days=rest.first - (order.first_night or 1))
    today = practice.site(session).today(now)
    take(session, order, Action.ORDER_REST, by=by, now=now, facts={"nights": rest})
    opened = open_supplement(
        session,
        order,
        OrderKind.REMAINDER,
        rest,
        first_dose_on=max(planned, today),
        by=by,
        now=now,
    )
    owe_refill(session, order)
    return opened


def require_partials_allowed(session: Session, order: Order) -> None:
    """
    Raise PartialNotAllowed where the rule of the pharmacy's State or of the patient's forbids it.

    Where nothing is recorded of a State the general rule counts: allowed, with what remains kept
    on the prescription (domain.md 3.8, *unverified* for each State).
    """
    states = {practice.site(session).state, session.get_one(Patient, order.patient_id).state}
    for rule in practice.partial_rules_of(session, states):
        if not rule.is_allowed:
            raise PartialNotAllowed(
                f"{rule.state} does not allow a fill in parts", state=rule.state, source=rule.source
            )


def _stop_asking(session: Session, order: Order, now: datetime) -> None:
    """What the order waited for it may not need any more; its next allocation asks again."""
    session.execute(
        update(BatchRequest)
        .where(BatchRequest.order_id == order.id, BatchRequest.met_at.is_(None))
        .values(met_at=now)
    )


def _as_if_not_packed(order: Order) -> None:
    order.packed_by = order.packed_at = None
    order.checked_by = order.checked_at = None


def _count_anew(session: Session, order: Order, *, by: Actor, now: datetime) -> None:
    """
    Have the vials that an order keeps counted without those that it gave up, under new codes.

    A label that says "1 of 3" is on a vial already; its code must be dead before another one says
    "1 of 1". The capsules stay where they are, set aside under the new code.
    """
    old = queries.containers(session, order.id)
    if not old:
        return
    inventory.unreserve(session, takes(session, order), by=by, now=now)
    for each in old:
        each.voided_at = now
    session.flush()
    session.add_all(
        each.again(part_no=part_no, parts=len(old)) for part_no, each in enumerate(old, start=1)
    )
    session.flush()
    inventory.reserve(session, takes(session, order), by=by, now=now)
    order.labeled_at = None
    owe_labels(session, order)
