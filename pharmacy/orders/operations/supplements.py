"""Opening an order beside a fill's own: for the rest of the fill, or for vials that were lost."""

from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.holding import place_hold
from pharmacy.orders.operations.intake import RECEIVED
from pharmacy.orders.operations.steps import remember
from pharmacy.orders.rules import Origin, Status
from pharmacy.orders.rules.parts import Nights, OrderKind
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import WORKER, Actor

PART_DATES_MOVED: Final = "part-dates-moved"


def open_supplement(
    session: Session,
    of: Order,
    kind: OrderKind,
    nights: Nights,
    *,
    first_dose_on: date,
    uses_fill: bool = False,
    by: Actor,
    now: datetime,
) -> Order:
    """
    Begin an order for some nights of another order's fill, of the same approved plan.

    It goes the whole way that any order goes, both checks included; the worker owes its first one.
    It is due before the patient has nothing left. The database lets no night of a fill be in two
    orders that stand, whoever comes at the same time.
    """
    family = queries.family(session, of)
    opened = Order(
        id=new_id(),
        prescription_id=of.prescription_id,
        fill_no=of.fill_no,
        authorised_fills=of.authorised_fills,
        kind=kind,
        supplement_no=family[-1].supplement_no + 1,
        of_order_id=of.id,
        first_night=nights.first,
        last_night=nights.last,
        uses_fill=uses_fill,
        patient_id=of.patient_id,
        npi=of.npi,
        status=Status.RECEIVED,
        version=1,
        received_at=now,
        due_at=due_before(session, first_dose_on, now=now),
        status_since=now,
        plan_id=of.plan_id,
        first_dose_on=first_dose_on,
        last_dose_on=first_dose_on + timedelta(days=nights.many - 1),
    )
    session.add(opened)
    session.flush()
    facts: dict[str, Any] = {"fill_no": of.fill_no, "kind": kind, "of": str(of.id)}
    remember(session, opened, RECEIVED, None, by=by, now=now, facts=facts | {"nights": nights})
    jobs.add(session, JobKind.CHECK_ORDER, ref_id=opened.id)
    return opened


def due_before(session: Session, first_dose_on: date, *, now: datetime) -> datetime:
    """
    Return by when an order is due of which the first dose is on a day.

    That is the policy's days before it, as with a refill, and never later than that day itself;
    where less time is left, the usual hours from now.
    """
    site, policy = practice.site_and_policy(session)
    days = (first_dose_on - site.today(now)).days
    unhurried = now + timedelta(days=days - policy.refill_lead_days)
    usual = policy.order_due_at(now, site.time_zone)
    return min(max(unhurried, usual), max(now + timedelta(days=days), now))


def hold_what_depends(session: Session, order: Order, *, now: datetime) -> None:
    """Hold the open orders that go on with, or replace, medicine which the patient has not."""
    for later_id in queries.open_dependents(session, order):
        place_hold(
            session,
            later_id,
            code="part-before-gone",
            words="The part of this fill before it was stopped or came back: settle whether the"
            " patient goes on at this dose.",
            facts={"order": str(order.id), "status": order.status},
            origin=Origin.PART,
            by=WORKER,
            now=now,
        )


def hold_for_new_dates(session: Session, part: Order, *, now: datetime) -> None:
    """Hold a part of a fill whose labels do not follow the part before it any more."""
    place_hold(
        session,
        part.id,
        code=PART_DATES_MOVED,
        words="The part of this fill before it begins on another day now: date this order anew, so"
        " that its labels follow.",
        origin=Origin.PART,
        by=WORKER,
        now=now,
    )
