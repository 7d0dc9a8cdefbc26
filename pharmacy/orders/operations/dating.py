"""From which day a fill is taken: it begins when the fill before it is used up."""

from datetime import date, datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.practice import queries as practice
from pharmacy.practice.models import Site
from pharmacy.prescriptions import queries as prescriptions

NOT_TAKEN = (Status.REJECTED, Status.CANCELLED, Status.RETURNED, Status.RECALLED)
"""The patient has nothing of these."""


def usual_first_dose(session: Session, order: Order, *, now: datetime) -> date:
    """
    Return the day on which a fill begins where nobody names another.

    That is the policy's days from today, or the day after the last dose of the fill before it: who
    collects the next fill early has doses left, and two fills dated alike would be taken at once.
    A patient who lost theirs needs an earlier day, which a pharmacist names. What belongs to an
    approved fill begins on the day that its plan says.
    """
    if order.kind is not OrderKind.FILL and order.first_dose_on is not None:
        return order.first_dose_on
    site = practice.site(session)
    soon = site.today(now) + timedelta(days=practice.policy(session).first_dose_after_days)
    return max([soon, *_days_without_a_dose(session, order, site)])


def _days_without_a_dose(session: Session, order: Order, site: Site) -> list[date]:
    """Return the first day after each earlier fill of this treatment."""
    own = prescriptions.get(session, order.prescription_id)
    same = and_(Order.prescription_id == own.id, Order.fill_no < order.fill_no)
    earlier = session.scalars(
        select(Order).where(
            or_(same, Order.prescription_id == own.follows_id),
            Order.status.not_in(NOT_TAKEN),
            Order.last_dose_on.is_not(None),
        )
    )
    return [run_out(each, site) for each in earlier]


def run_out(order: Order, site: Site) -> date:
    """Return the first day without a dose; what was collected late is taken later."""
    assert order.first_dose_on is not None
    assert order.last_dose_on is not None
    late = 0
    if order.handed_over_at is not None:
        late = max(0, (site.today(order.handed_over_at) - order.first_dose_on).days)
    return order.last_dose_on + timedelta(days=late + 1)
