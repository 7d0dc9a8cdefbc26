"""What an order's new dates mean for the later parts of its fill."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.reviewing import set_dates
from pharmacy.orders.operations.supplements import due_before, hold_for_new_dates
from pharmacy.orders.rules import OPEN
from pharmacy.orders.rules.life import ALLOCATED


def later_parts_follow(session: Session, order: Order, *, now: datetime) -> None:
    """
    Move the doses of later parts behind an order that was dated anew.

    A part that has vials is held, since their labels say other days: it is dated anew.
    """
    for each in queries.later_parts(session, order):
        if each.status not in OPEN or each.nights is None:
            continue
        if each.status in ALLOCATED:
            hold_for_new_dates(session, each, now=now)
            continue
        assert order.last_dose_on is not None
        assert order.last_night is not None
        first_on = order.last_dose_on + timedelta(days=each.nights.first - order.last_night)
        set_dates(each, first_on, first_on + timedelta(days=each.nights.many))
        each.due_at = due_before(session, first_on, now=now)
        each.version += 1
