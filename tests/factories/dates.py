"""Days that pass while an order waits, without moving the clock of everything else."""

from datetime import timedelta

from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.practice import operations as practice
from pharmacy.staff.rules import OPERATOR
from tests.factories.orders import Bench


def let_days_pass(bench: Bench, order: Order, days: int) -> None:
    """Have an order be labelled so many days ago: its days are as much nearer, or over."""
    before = timedelta(days=days)
    assert order.first_dose_on is not None
    assert order.last_dose_on is not None
    order.first_dose_on -= before
    order.last_dose_on -= before
    for vial in queries.containers(bench.session, order.id):
        vial.first_dose_on -= before
        vial.last_dose_on -= before
    bench.session.flush()


def begin_the_day_after(bench: Bench) -> None:
    """Be a pharmacy whose patients collect at once: doses begin on the day after labelling."""
    practice.change_policy(
        bench.session,
        "first_dose_after_days",
        data=1,
        reason="collected at once",
        by=OPERATOR,
        now=bench.now,
    )
