"""Whatever is divided, cancelled, lost, replaced and brought back: no night too many, none lost."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.db import Database
from pharmacy.kernel.refusals import Refusal
from pharmacy.labels import operations as labels
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Container, Order
from pharmacy.orders.rules import OPEN, Status
from pharmacy.orders.rules.parts import OrderKind
from tests.database.orders.test_parts import broken
from tests.factories.orders import LIFE, Bench
from tests.factories.prescriptions import regimen

STEPS = (1_500, 7), (3_000, 7), (4_500, 7)
DOSES = {1_500: 7, 3_000: 7, 4_500: 7}
"""Every night of the three weeks, by its dose in micrograms."""
WEIGHTS = (6, 2, 2, 2, 1, 1)
RARELY = 0.97
GIVEN = (Status.HANDED_OVER, Status.RETURNED, Status.RECALLED)


class Fill:
    """People at one counter who do things to the orders of one fill, at the wrong time too."""

    def __init__(self, session: Session, seed: int) -> None:
        self.bench = Bench(session)
        self.session = session
        self.chance = random.Random(seed)  # which step comes next
        self.fill = self.bench.order(Status.PLANNED, regimen=regimen(*STEPS))

    def step(self) -> None:
        """Do something that may be refused; a refusal undoes what it began."""
        ends = (self.cancel, self.back)
        acts = (self.onward, self.split, self.rest, self.lose, *ends)
        order = self.chance.choice(queries.family(self.session, self.fill))
        act: Callable[[Order], object] = self.chance.choices(acts, WEIGHTS)[0]
        if order is self.fill and act in ends and self.chance.random() < RARELY:
            return  # what ends the first part ends most of the rest
        try:
            with self.session.begin_nested():
                act(order)
        except Refusal:
            self.session.expire_all()

    def onward(self, order: Order) -> None:
        for hold in queries.open_holds(self.session, order.id):
            operations.lift_hold(
                self.session,
                order.id,
                hold.id,
                reason="goes on",
                by=self.bench.pharmacist,
                now=self.bench.now,
            )
        if order.status in OPEN:
            after = LIFE[min(LIFE.index(order.status) + 1, len(LIFE) - 1)]
            self.bench.walk(order, after)

    def split(self, order: Order) -> None:
        assert order.first_dose_on is not None
        nights = self.chance.choice((3, 7, 10, 14))
        labels.split(
            self.session,
            order.id,
            through=order.first_dose_on + timedelta(days=nights - 1),
            reason="cost",
            by=self.bench.pharmacist,
            now=self.bench.now,
        )

    def cancel(self, order: Order) -> None:
        operations.cancel(
            self.session,
            order.id,
            reason="patient-asked",
            by=self.bench.pharmacist,
            now=self.bench.now,
        )

    def rest(self, order: Order) -> None:
        operations.order_rest(self.session, order.id, by=self.bench.pharmacist, now=self.bench.now)

    def lose(self, order: Order) -> None:
        vials = queries.containers(self.session, order.id)
        operations.replace(
            self.session,
            order.id,
            vials=[each.id for each in self.chance.sample(vials, min(len(vials), 1))],
            reason="damaged",
            by=self.bench.pharmacist,
            now=self.bench.now,
        )

    def back(self, order: Order) -> None:
        operations.return_(
            self.session,
            order.id,
            reason="stopped",
            by=self.bench.technician,
            now=self.bench.now,
        )


def nights_given(session: Session, fill: Order) -> Counter[int]:
    """Count nights that left, by dose; what replaces lost vials counts against those."""
    found = session.execute(
        select(Container, Order)
        .join(Order, Order.id == Container.order_id)
        .where(Order.prescription_id == fill.prescription_id, Container.voided_at.is_(None))
    )
    nights: Counter[int] = Counter()
    for vial, order in found:
        if order.status not in GIVEN:
            continue
        dose = vial.strength_ug * vial.capsules_per_dose
        nights[dose] += (vial.last_dose_on - vial.first_dose_on).days + 1
        if order.kind is OrderKind.REPLACEMENT:
            lost = queries.replaced_by(session, order.id)
            nights[dose] -= sum(each.quantity // each.capsules_per_dose for each in lost)
    return nights


@pytest.mark.parametrize("steps", [30])
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_no_night_is_given_twice_or_lost(worker_database: Database, steps: int, seed: int) -> None:
    with worker_database.engine.connect() as connection:
        transaction = connection.begin()
        with Session(
            connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        ) as session:
            fill = Fill(session, seed)
            for _ in range(steps):
                fill.step()
            assert broken(session) == set()
            given = nights_given(session, fill.fill)
            assert all(given[dose] <= nights for dose, nights in DOSES.items()), given
        transaction.rollback()
