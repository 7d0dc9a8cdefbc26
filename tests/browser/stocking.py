"""People and orders at every point of their lives, for pages to show."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.labels import operations as labels
from pharmacy.orders import operations
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Owner, Status
from tests.browser.bench import stock_bench
from tests.browser.oversight import stock_oversight
from tests.browser.people import NAMES, PASSWORD, PIN
from tests.factories.inventory import stock_the_clinic
from tests.factories.orders import Bench
from tests.factories.patients import make_patient
from tests.factories.printing import furnish, make_printer
from tests.factories.staff import hashed, make_account

PATIENTS = {
    "new": ("Abernathy", "Grace", Status.RECEIVED),
    "to review": ("Delacroix-Oyelaran", "Maximiliana", Status.REVIEW),
    "to review too": ("Fitzgerald", "Tom", Status.REVIEW),
    "planned": ("Haddad", "Samir", Status.PLANNED),
    "to pack": ("Ionescu", "Ana", Status.LABELING),
    "to pack too": ("Kovač", "Željka", Status.LABELING),
    "to check": ("Mbeki", "Thandi", Status.FINAL_CHECK),
    "ready": ("Nguyễn", "Thị Minh", Status.READY),
    "over": ("O'Brien", "Seán", Status.HANDED_OVER),
}
"""By the name that tests use: who, and how far their order is."""
HELD = "to review too"
PRINTED = "to pack too"
"""Whose labels came to paper, or not."""


class Draws(Bench):
    """A bench at which labels are really drawn."""

    def allocate(self, order: Order) -> Order:
        operations.allocate(self.session, order.id, by=self.technician, now=self.now)
        labels.render(self.session, order.id, now=self.now)
        return order


def stock(session: Session) -> None:
    """Fill an empty database."""
    for role, (username, name) in NAMES.items():
        make_account(
            session,
            role,
            username=username,
            display_name=name,
            password_hash=hashed(PASSWORD),
            pin_hash=hashed(PIN),
        )
    furnish(session, make_printer(session))
    bench = Draws(session)
    for _ in range(4):
        stock_the_clinic(session)
    for number, (name, (family, given, status)) in enumerate(PATIENTS.items()):
        patient = make_patient(
            session, identifier_value=f"MRN-{number}", family=family, given=given
        )
        order = bench.order(status, patient=patient)
        order.received_at = bench.now - timedelta(hours=7 * number + 1)
        order.due_at = bench.now + timedelta(hours=6 * number - 26)
        if name == HELD:
            operations.place_hold(
                session,
                order.id,
                code="dose-unclear",
                words="Is the second step 3 mg or 4.5 mg? Asked the clinic by phone.",
                owner=Owner.PRESCRIBER,
                deadline_at=None,
                by=bench.pharmacist,
                now=bench.now,
            )
        if name == PRINTED:
            printed = order
    stock_oversight(bench, printed)
    stock_bench(bench)


def known(session: Session) -> dict[str, Order]:
    """Return the orders by name."""
    orders = session.scalars(select(Order).order_by(Order.number).limit(len(PATIENTS)))
    return dict(zip(PATIENTS, orders, strict=True))
