"""Orders wait for capsules, batches are made of what they need, and a release lets them go on."""

from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.orm import Session

from pharmacy.compounding.operations.planning import AnticipationTooLarge
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from tests.conftest import NOW
from tests.factories.compounding import Laboratory
from tests.factories.orders import Bench


class Pharmacy(Bench):
    """An empty shelf, a laboratory, and orders that wait."""

    def __init__(self, session: Session) -> None:
        super().__init__(session, stock=False)
        self.laboratory = Laboratory.beside(session)

    def waiting(self) -> Order:
        order = self.order(Status.PLANNED)
        operations.allocate(self.session, order.id, by=self.technician, now=NOW)
        assert order.status is Status.COMPOUNDING
        return order

    def make(self, strength_ug: int, capsules: int) -> tuple:
        laboratory = self.laboratory
        batch = operations.accept_batch(
            self.session,
            strength_ug=strength_ug,
            capsules=capsules,
            by=laboratory.pharmacist,
            now=NOW,
        )
        laboratory.do_step(batch)
        laboratory.tested(laboratory.filled(batch))
        met = operations.release_batch(self.session, batch.id, by=laboratory.second, now=NOW)
        return met.order_ids


@pytest.fixture
def pharmacy(session: Session) -> Pharmacy:
    return Pharmacy(session)


def test_waiting_orders_are_gathered_and_served(pharmacy: Pharmacy) -> None:
    first, second = pharmacy.waiting(), pharmacy.waiting()

    plan = operations.propose_batches(pharmacy.session, now=NOW)
    assert [(each.strength_ug, each.capsules) for each in plan.proposals] == [
        (1_500, 56),
        (3_000, 56),
        (4_500, 56),
    ]

    assert pharmacy.make(1_500, 56) == ()
    assert pharmacy.make(3_000, 56) == ()
    assert pharmacy.make(4_500, 56) == (first.id, second.id)
    assert (first.status, second.status) == (Status.LABELING, Status.LABELING)
    assert queries.open_lines(pharmacy.session) == []


def test_an_order_without_a_last_dose_is_needed_all_the_same(pharmacy: Pharmacy) -> None:
    order = pharmacy.waiting()
    order.last_dose_on = None
    pharmacy.session.flush()

    lines = queries.open_lines(pharmacy.session)

    assert {line.order_id for line in lines} == {order.id}
    assert {line.last_dose_on for line in lines} == {
        order.due_at.astimezone(ZoneInfo("America/Chicago")).date()
    }


def test_a_held_order_waits_on(pharmacy: Pharmacy) -> None:
    held, free = pharmacy.waiting(), pharmacy.waiting()
    operations.place_hold(
        pharmacy.session,
        held.id,
        code="stock",
        words="The patient asked us to wait",
        owner="pharmacist",
        facts={},
        by=pharmacy.technician,
        now=NOW,
    )
    for strength in (1_500, 3_000):
        pharmacy.make(strength, 56)

    assert pharmacy.make(4_500, 56) == (free.id,)
    assert held.status is Status.COMPOUNDING


def test_what_is_being_made_is_not_planned_twice(pharmacy: Pharmacy) -> None:
    pharmacy.waiting()
    for strength in (1_500, 3_000, 4_500):
        operations.accept_batch(
            pharmacy.session,
            strength_ug=strength,
            capsules=28,
            by=pharmacy.laboratory.pharmacist,
            now=NOW,
        )

    assert operations.propose_batches(pharmacy.session, now=NOW).proposals == ()
    with pytest.raises(AnticipationTooLarge):
        operations.accept_batch(
            pharmacy.session,
            strength_ug=1_500,
            capsules=1,
            by=pharmacy.laboratory.pharmacist,
            now=NOW,
        )
