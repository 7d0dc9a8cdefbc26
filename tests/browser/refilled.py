"""Next fills for pages to show: late, due soon, coming, and one that the prescriber must renew."""

from datetime import timedelta

from sqlalchemy.orm import Session

from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.refills import operations
from tests.factories.inventory import stock_the_clinic
from tests.factories.orders import Bench
from tests.factories.patients import make_patient
from tests.factories.prescriptions import make_maintenance

DUE_IN = {("Silva", "Tomás"): -3, ("Tanaka", "Yuki"): 0, ("Underwood", "Rae"): 24}
"""Who, and in how many days their next fill is due; a week later nothing is left."""


def stock_refills(bench: Bench, over: Order) -> None:
    """Hand 84 nights of 4.5 mg to each, some time ago; `over` had no repeat."""
    session = bench.session
    operations.schedule(session, over.id, now=bench.now)
    for number, ((family, given), days) in enumerate(DUE_IN.items()):
        stock_the_clinic(session)
        patient = make_patient(
            session, identifier_value=f"MRN-REFILL-{number}", family=family, given=given
        )
        first = make_maintenance(session, patient=patient, valid_from=bench.now.date())
        order = bench.order(Status.HANDED_OVER, prescription=first)
        _as_if_long_ago(session, order, bench, days)


def _as_if_long_ago(session: Session, order: Order, bench: Bench, days: int) -> None:
    refill = operations.schedule(session, order.id, now=bench.now)
    assert refill is not None
    refill.due_on = bench.now.date() + timedelta(days=days)
    refill.earliest_on = refill.due_on - timedelta(days=16)
    refill.run_out_on = refill.due_on + timedelta(days=7)
    session.flush()
