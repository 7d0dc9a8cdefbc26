"""From which day a fill is taken: it begins when the fill before it is used up."""

from datetime import date, datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.practice import queries as practice
from pharmacy.prescriptions import queries as prescriptions

NOT_TAKEN = (Status.REJECTED, Status.CANCELLED, Status.RETURNED, Status.RECALLED)
"""The patient has nothing of these."""


def usual_first_dose(session: Session, order: Order, *, now: datetime) -> date:
    """
    Return the day on which a fill begins where nobody names another.

    That is the policy's days from today, in which the order is to reach the patient, or the day
    after the last dose of the fill before it: who collects the next fill early has doses left, and
    two fills dated alike would be taken at once. A patient who lost theirs needs an earlier day,
    which a pharmacist names. What belongs to an approved fill begins on the day that its plan says.
    """
    if order.kind is not OrderKind.FILL and order.first_dose_on is not None:
        return order.first_dose_on
    return first_dose_anew(session, order, now=now)


def first_dose_anew(session: Session, order: Order, *, now: datetime) -> date:
    """Return the day on which an order begins that is dated now, where nobody names another."""
    site, policy = practice.site_and_policy(session)
    in_hand_on = site.today(now) + timedelta(days=policy.first_dose_after_days)
    return max(in_hand_on, earliest_first_dose(session, order, now=now))


def earliest_first_dose(session: Session, order: Order, *, now: datetime) -> date:
    """Return the first day, from today on, on which the patient has no dose left from before."""
    site = practice.site(session)
    today = site.today(now)
    if order.kind is OrderKind.FILL:
        return max([today, *_days_without_a_dose(session, order)])
    return max(today, queries.follows_on(session, order) or today)


def _days_without_a_dose(session: Session, order: Order) -> list[date]:
    """Return the first day after each earlier fill of this treatment."""
    own = prescriptions.get(session, order.prescription_id)
    same = and_(Order.prescription_id == own.id, Order.fill_no < order.fill_no)
    last_days = session.scalars(
        select(Order.last_dose_on).where(
            or_(same, Order.prescription_id == own.follows_id),
            Order.status.not_in(NOT_TAKEN),
            Order.last_dose_on.is_not(None),
        )
    )
    return [on + timedelta(days=1) for on in last_days if on is not None]
