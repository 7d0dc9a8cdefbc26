"""The order leaves: to the patient, or with whoever takes it along."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.inventory import operations as inventory
from pharmacy.inventory.operations import Take
from pharmacy.orders import queries
from pharmacy.orders.models import HandOver, Order
from pharmacy.orders.operations.packing import require_lots_usable, require_still_true
from pharmacy.orders.operations.reviewing import owe_refill
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.rules import OPEN, Action
from pharmacy.orders.rules.gates import require_dates_ahead
from pharmacy.orders.rules.handing_over import (
    Collector,
    CounsellorNeeded,
    HandingOver,
    Taken,
    counselling_needed_for,
)
from pharmacy.orders.rules.parts import EarlierPartFirst
from pharmacy.orders.rules.reasons import Counselling
from pharmacy.practice import queries as practice
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Actor, Role


def hand_over(
    session: Session, order_id: UUID, *, given: HandingOver, by: Actor, now: datetime
) -> Order:
    """
    Record that the patient, or who came for them, received the order, or that a carrier took it.

    What the labels say holds from here on, so that they must begin when the patient can. The next
    fill is worked out again from this day.

    Args:
        given: Who was known by what, and what came of the offer of advice. A pharmacist who hands
            over without naming another gave the advice.

    Raises:
        IdentityNotChecked, CounsellorNeeded, …: See `HandingOver.require_whole`.
        LabelsOutOfDate: The first dose is over, or comes before the parcel does.
        LotsOut: A lot was withdrawn meanwhile.
        EarlierPartFirst: What the patient takes before is still here.
        PrescriptionOver: It was cancelled since the release, or is not valid today.
        GateClosed: The prescriber's evidence is not good any more; what is fresh is used again.
        FindingsUndecided: The patient said something new since the release, "I take opioids now",
            or was asked too long ago.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.HAND_OVER, by=by, now=now)
    given = _with_counsellor(session, given, by)
    given.require_whole()
    needed_for = advice_needed_for(session, order)
    facts: dict[str, object] = {"counselling": given.counselling, "collector": given.collector}
    _require_earlier_parts(session, order)
    facts["checks"] = require_still_true(session, order, now=now)
    require_lots_usable(session, order)
    _require_dates_ahead(session, order, given, now)
    inventory.dispense(session, takes(session, order), by=by, now=now)
    order.handed_over_by, order.handed_over_at = by.id, now
    take(session, order, Action.HAND_OVER, by=by, now=now, facts=facts)
    session.add(_kept(order, given, needed_for, by=by, now=now))
    owe_refill(session, order)
    return order


def advice_needed_for(session: Session, order: Order) -> list[str]:
    """Return why advice is offered unasked with this order. See `counselling_needed_for`."""
    before = queries.handed_over_before(session, order)
    taken = _taken(session, order.id)
    return counselling_needed_for(taken, _taken(session, before.id) if before else None)


def _taken(session: Session, order_id: UUID) -> set[Taken]:
    return {
        Taken(each.strength_ug, each.capsules_per_dose, each.directions)
        for each in queries.containers(session, order_id)
    }


def _with_counsellor(session: Session, given: HandingOver, by: Actor) -> HandingOver:
    """Return it with whoever gave the advice. Raises CounsellorNeeded for no pharmacist."""
    if given.counselling != Counselling.ACCEPTED:
        return replace(given, counselled_by=None)
    counsellor = given.counselled_by or by.id
    if counsellor is None or not staff.holds(session, counsellor, Role.PHARMACIST):
        raise CounsellorNeeded("advice is given by a pharmacist")
    return replace(given, counselled_by=counsellor)


def _kept(
    order: Order, given: HandingOver, needed_for: list[str], *, by: Actor, now: datetime
) -> HandOver:
    return HandOver(
        order_id=order.id,
        identifiers=sorted(set(given.identifiers)),
        collector=Collector(given.collector),
        collector_name=given.collector_name.strip(),
        counselling=Counselling(given.counselling),
        counselled_by=given.counselled_by,
        counselling_needed_for=needed_for,
        by_id=by.id,
        at=now,
    )


def takes(session: Session, order: Order) -> list[Take]:
    """Return what the order's present containers took from their lots."""
    return [
        Take(each.lot_id, each.quantity, each.id) for each in queries.containers(session, order.id)
    ]


def _require_dates_ahead(session: Session, order: Order, given: HandingOver, now: datetime) -> None:
    assert order.first_dose_on is not None
    site, policy = practice.site_and_policy(session)
    days = policy.ship_transit_days if given.collector == Collector.CARRIER else 0
    require_dates_ahead(order.first_dose_on, today=site.today(now), transit_days=days)


def _require_earlier_parts(session: Session, order: Order) -> None:
    for each in queries.earlier_parts(session, order):
        if each.status in OPEN:
            raise EarlierPartFirst("the part before it is not handed over", order=each.number)
