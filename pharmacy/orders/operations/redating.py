"""Dating an order anew: the same vials, to be taken on other days, and labelled for them."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.inventory import queries as lots
from pharmacy.orders import queries
from pharmacy.orders.models import Container, Order
from pharmacy.orders.operations.checking import owe_labels
from pharmacy.orders.operations.dating import earliest_first_dose, first_dose_anew
from pharmacy.orders.operations.following import later_parts_follow
from pharmacy.orders.operations.holding import lift_found
from pharmacy.orders.operations.reviewing import owe_refill, require_prescription, set_dates
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.operations.supplements import PART_DATES_MOVED
from pharmacy.orders.rules import Action
from pharmacy.orders.rules.gates import (
    DatesImpossible,
    LotsOut,
    ReplacementNotRedated,
    require_first_dose,
)
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Actor, Permission


def date_anew(
    session: Session,
    order_id: UUID,
    *,
    first_dose_on: date | None = None,
    by: Actor,
    now: datetime,
) -> Order:
    """
    Move an order's doses to other days, so that new labels and a new leaflet say those.

    The vials stay what they are, with their lots and capsules; each step keeps its length. The
    order goes back to the bench: its new labels are scanned, and it is checked, once more. Later
    parts of the fill follow; one that has vials already is held until it is dated anew as well. The
    drawn labels are made void by `labels.operations.date_anew`.

    Args:
        first_dose_on: Default: `dating.first_dose_anew`.

    Raises:
        MoveNotAllowed, ClaimedByAnother: As the order stands.
        ReplacementNotRedated: The fill that it replaces vials of goes on without waiting.
        PrescriptionOver: It was cancelled, or is not valid today.
        DatesImpossible: The first dose would be in the past, too far ahead, or where it is now; or
            the patient has doses left then, and no pharmacist says so.
        LotsOut: A lot's beyond-use date comes before the last dose.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.DATE_ANEW, by=by, now=now)
    if order.kind is OrderKind.REPLACEMENT:
        raise ReplacementNotRedated("what replaces vials keeps the nights of those")
    site = practice.site(session)
    prescription = require_prescription(session, order, site, now)
    usual = first_dose_anew(session, order, now=now)
    first_on = first_dose_on or usual
    latest = max(prescription.valid_until, usual)
    require_first_dose(first_on, today=site.today(now), valid_until=latest)
    _require_free(session, order, first_on, by=by, now=now)
    assert order.first_dose_on is not None
    assert order.last_dose_on is not None
    later = first_on - order.first_dose_on
    if not later:
        raise DatesImpossible("the doses begin on this day already", field="first_dose_on")
    vials = queries.containers(session, order.id)
    _require_lots_last(session, vials, later)
    facts = {"first_dose_on": first_on.isoformat(), "was": order.first_dose_on.isoformat()}
    take(session, order, Action.DATE_ANEW, by=by, now=now, facts=facts)
    for each in vials:
        each.first_dose_on += later
        each.last_dose_on += later
        each.scanned_at = each.scanned_by = None
    set_dates(order, first_on, order.last_dose_on + later + timedelta(days=1))
    order.first_dose_named = first_dose_on is not None
    order.labeled_at = None
    order.packed_by = order.packed_at = None
    order.checked_by = order.checked_at = None
    lift_found(session, order, PART_DATES_MOVED, now=now)
    owe_labels(session, order)
    later_parts_follow(session, order, now=now)
    owe_refill(session, order)
    return order


def _require_free(
    session: Session, order: Order, first_on: date, *, by: Actor, now: datetime
) -> None:
    """
    Raise DatesImpossible where the patient has doses left on that day.

    A patient who lost theirs needs an earlier day: a pharmacist may name it, but for a part of a
    fill, which begins in no other.
    """
    earliest = earliest_first_dose(session, order, now=now)
    is_part = order.kind is not OrderKind.FILL
    if first_on < earliest and (is_part or Permission.APPROVE_ORDER not in by.permissions):
        raise DatesImpossible(
            "the patient still has doses from before on this day",
            earliest=earliest.isoformat(),
            field="first_dose_on",
        )


def _require_lots_last(session: Session, vials: Sequence[Container], later: timedelta) -> None:
    for each in vials:
        lot = lots.get_capsule_lot(session, each.lot_id)
        if lot.beyond_use_on < each.last_dose_on + later:
            raise LotsOut(
                "a lot's beyond-use date comes before the last dose on these days",
                lots=[lot.lot_number],
                beyond_use_on=lot.beyond_use_on.isoformat(),
                last_dose_on=(each.last_dose_on + later).isoformat(),
            )
