"""Regimens of domain.md 1.2 and the traps of a calendar, from a signature to the next fill."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from pharmacy.labels import operations as labels
from pharmacy.labels.models import Label, LabelKind
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.refills import operations as refills
from pharmacy.refills.models import Refill, RefillState
from pharmacy.staff.rules import Actor, Role
from tests.factories.bundles import (
    Change,
    fresh_bundle,
    maintenance_alone,
    titration,
    titration_alone,
    signed,
)
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import Bench
from tests.factories.staff import make_actor

STRENGTHS = (500, 1_500, 3_000, 4_500)


class Counter:
    """A clinic's order at the counter: signed, checked, labelled, collected and filled again."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.bench = Bench(session, stock=False)
        self.clinic: Actor = make_actor(session, Role.EHR_CLIENT)

    def receive(self, *changes: Change) -> Order:
        return operations.receive(
            self.session,
            signed(fresh_bundle(*changes), self.bench.key),
            by=self.clinic,
            source_address="127.0.0.1",
            now=self.bench.now,
        ).order

    def travel(self, to: datetime) -> None:
        """Let time pass; the registries are loaded and lots are made as a pharmacy would."""
        self.bench.now = to
        self.bench.load_registries()

    def restock(self) -> None:
        """Release fresh lots of the clinic's strengths: 180 days, this day counted."""
        today = self.bench.now.date()
        for strength in STRENGTHS:
            make_capsule_lot(
                self.session,
                strength,
                600,
                compounded_on=today,
                beyond_use_on=today + timedelta(days=179),
            )

    def hand_over(self, order: Order) -> list[Label]:
        """Walk an order to the patient, with labels as the worker draws them."""
        self.restock()
        self.bench.walk(order, Status.PLANNED)
        operations.allocate(self.session, order.id, by=self.bench.technician, now=self.bench.now)
        drawn = labels.render(self.session, order.id, now=self.bench.now)
        self.bench.walk(order, Status.HANDED_OVER)
        return list(drawn)

    def next_fill(self, order: Order) -> Refill:
        refill = refills.schedule(self.session, order.id, now=self.bench.now)
        assert refill is not None
        return refill

    def order_next(self, refill: Refill) -> Order:
        return refills.order_next(
            self.session, refill.id, by=self.bench.technician, now=self.bench.now
        )

    def held_for(self, order: Order) -> set[str]:
        return {hold.code for hold in queries.open_holds(self.session, order.id)}

    def lift_all(self, order: Order) -> None:
        for hold in queries.open_holds(self.session, order.id):
            operations.lift_hold(
                self.session,
                order.id,
                hold.id,
                reason="clarified with the clinic",
                by=self.bench.pharmacist,
                now=self.bench.now,
            )


@pytest.fixture
def counter(session: Session) -> Counter:
    return Counter(session)


def noon(year: int, month: int, day: int) -> datetime:
    """Noon in Houston, give or take the hour of daylight saving."""
    return datetime(year, month, day, 18, tzinfo=UTC)


def cluster(label: Label) -> tuple[str, str, str]:
    """What the patient reads first."""
    content = label.content
    return content["strength"], content["directions"], f"{content['dates']} {content['doses']}"


def vials(drawn: list[Label]) -> list[Label]:
    return [label for label in drawn if label.kind is LabelKind.CONTAINER]


def leaflet(drawn: list[Label]) -> dict[str, Any]:
    return next(label for label in drawn if label.kind is LabelKind.LEAFLET).content


def test_the_second_fill_continues_the_first_one_s_calendar(counter: Counter) -> None:
    """
    interop.md 2.2: the clinic's titration from 3 March, then 84 x 4.5 mg twice, and no more.

    Run-out is 3 March + 84 = 26 May; then + 84 = 18 August, then + 84 = 10 November 2026.
    """
    first = counter.receive()
    counter.hand_over(first)
    refill = counter.next_fill(first)
    assert (refill.run_out_on, refill.remaining_fills) == (date(2026, 5, 26), 2)
    assert refill.earliest_on == date(2026, 5, 18)  # 75 % is used on 3 May; signed from 18 May

    counter.travel(noon(2026, 5, 19))
    second = counter.order_next(refill)
    drawn = counter.hand_over(second)

    assert (second.first_dose_on, second.last_dose_on) == (date(2026, 5, 26), date(2026, 8, 17))
    assert [cluster(each) for each in vials(drawn)] == [
        (
            "4.5 mg capsule",
            "Take 1 capsule at bedtime",
            "Tue 26 May to Mon 17 Aug 2026 (84 doses)",
        )
    ]
    refill = counter.next_fill(second)
    assert (refill.run_out_on, refill.remaining_fills) == (date(2026, 8, 18), 1)

    counter.travel(noon(2026, 8, 11))
    third = counter.order_next(refill)
    drawn = counter.hand_over(third)
    assert cluster(vials(drawn)[0])[2] == "Tue 18 Aug to Mon 9 Nov 2026 (84 doses)"
    refill = counter.next_fill(third)
    assert (refill.state, refill.run_out_on) == (RefillState.RENEWAL_NEEDED, date(2026, 11, 10))
    assert refill.remaining_fills == 0


def test_a_titration_s_label_says_which_fills_follow_it(counter: Counter) -> None:
    """
    Its own repeats are 0, but the maintenance that continues it is authorised twice (domain.md
    5.1): "Refills 0" would send the patient back to the clinic for nothing.
    """
    first = counter.receive()
    drawn = counter.hand_over(first)

    words = "2 (4.5 mg), until 1 Mar 2027"
    assert {each.content["refills"] for each in vials(drawn)} == {words}
    assert leaflet(drawn)["refills"] == words
    refill = counter.next_fill(first)
    assert refill.remaining_fills == 2

    counter.travel(noon(2026, 5, 19))
    second = counter.hand_over(counter.order_next(refill))
    assert vials(second)[0].content["refills"] == "1, until 1 Mar 2027"


def test_a_titration_alone_has_no_refills(counter: Counter) -> None:
    drawn = counter.hand_over(counter.receive(titration_alone))

    assert vials(drawn)[0].content["refills"] == "0, until 1 Sep 2026"
