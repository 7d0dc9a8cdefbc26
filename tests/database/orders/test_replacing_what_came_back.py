"""A parcel that came back, and a lot that was recalled: the patient gets medicine all the same."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.parts import LossNotSo, NothingToReplace, OrderKind
from pharmacy.orders.rules.reordering import PrescriptionVoided
from pharmacy.practice.operations import change_policy
from pharmacy.recalls import operations as recalls
from pharmacy.recalls.rules.timers import LotKind
from pharmacy.refills import operations as refills
from pharmacy.refills.models import Refill, RefillState
from pharmacy.refills.operations import LastFillNotHandedOver
from pharmacy.shipping import operations as shipping
from pharmacy.shipping.rules import Carrier, ParcelStatus
from pharmacy.staff.rules import OPERATOR
from tests.database.orders.test_parts import broken, split
from tests.database.orders.test_replacing import UPS, codes, count_lost, later, replace
from tests.database.refills.test_refills import scheduled
from tests.factories.dates import begin_the_day_after
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import Bench
from tests.factories.prescriptions import make_maintenance


@pytest.fixture
def bench(session: Session) -> Bench:
    """A pharmacy whose parcels arrive on the day after labelling, when the first dose is taken."""
    found = Bench(session)
    begin_the_day_after(found)
    change_policy(session, "ship_transit_days", 1, reason="by courier", by=OPERATOR, now=found.now)
    return found


def send(bench: Bench, order: Order) -> Order:
    shipping.ship(
        bench.session, order.id, carrier=Carrier.UPS, number=UPS, by=bench.technician, now=bench.now
    )
    return order


def came_back(bench: Bench, order: Order, days: int = 17) -> Order:
    """Send an order on 2 March, with its first dose on the 3rd; the carrier brings it back."""
    send(bench, order)
    later(bench, days)
    shipping.end(
        bench.session, order.id, status=ParcelStatus.RETURNED, by=bench.technician, now=bench.now
    )
    return order


def recall(bench: Bench, strength_ug: int) -> None:
    recalls.open_recall(
        bench.session,
        LotKind.CAPSULE,
        bench.lots[strength_ug].id,
        reason="The supplier found less naltrexone than the certificate says.",
        serious=True,
        notice_at=bench.now,
        by=bench.pharmacist,
        now=bench.now,
    )


def maintained(bench: Bench) -> Order:
    """4.5 mg for 84 nights, with one repeat, packed and released; there are capsules for more."""
    make_capsule_lot(bench.session, 4_500, 3 * 84)
    prescription = make_maintenance(
        bench.session, patient=bench.patient(), valid_from=date(2026, 3, 2)
    )
    return bench.order(Status.READY, prescription=prescription)


def followed(bench: Bench, order: Order) -> Refill:
    refill = refills.schedule(bench.session, order.id, now=bench.now)
    assert refill is not None
    return refill


def test_what_never_arrived_is_replaced_whole_and_begins_at_its_first_night(bench: Bench) -> None:
    """Back on 19 March: all 84 nights are still to come, from the 20th on."""
    order = came_back(bench, bench.order(Status.READY))

    new = replace(bench, order, 1, 2, 3, reason="undeliverable")

    assert (new.kind, new.nights) == (OrderKind.REPLACEMENT, (1, 84))
    assert (new.first_dose_on, new.last_dose_on) == (date(2026, 3, 20), date(2026, 6, 11))
    bench.walk(new, Status.HANDED_OVER)
    vials = queries.containers(bench.session, new.id)
    assert [(each.step_no, each.strength_ug, each.quantity) for each in vials] == [
        (1, 1_500, 28),
        (2, 3_000, 28),
        (3, 4_500, 28),
    ]
    assert order.status is Status.RETURNED
    assert broken(bench.session) == set()


def test_a_late_replacement_of_what_never_arrived_leaves_no_night_out(bench: Bench) -> None:
    new = replace(
        bench, came_back(bench, bench.order(Status.READY)), 1, 2, 3, reason="undeliverable"
    )
    bench.walk(new, Status.PLANNED)
    later(bench, 5)

    bench.allocate(new)

    assert (new.nights, new.first_dose_on) == ((1, 84), date(2026, 3, 25))
    assert broken(bench.session) == set()


def test_where_a_later_part_has_its_days_the_plan_does_not_wait(bench: Bench) -> None:
    """Nights 29 to 84 have an order of their own: 20 March is the 18th night, 11 are left."""
    order = bench.order(Status.LABELING)
    split(bench, order)
    came_back(bench, bench.walk(order, Status.READY))

    new = replace(bench, order, 1, reason="undeliverable")

    assert new.nights == (18, 28)


def test_a_recalled_vial_is_replaced_from_another_lot(bench: Bench) -> None:
    """10 days after 2 March, the doses of 3 to 12 March are over: the 13th is the 11th night."""
    order = bench.order(Status.HANDED_OVER)
    later(bench, 10)
    recall(bench, 1_500)
    other = make_capsule_lot(bench.session, 1_500)

    new = replace(bench, order, 1, reason="recalled")

    assert (order.status, new.nights) == (Status.RECALLED, (11, 28))
    bench.walk(new, Status.HANDED_OVER)
    assert [each.lot_id for each in queries.containers(bench.session, new.id)] == [other.id]
    assert broken(bench.session) == set()


def test_recalled_vials_come_back_although_they_are_replaced(bench: Bench) -> None:
    order = bench.order(Status.HANDED_OVER)
    recall(bench, 1_500)
    make_capsule_lot(bench.session, 1_500)
    new = replace(bench, order, 1, reason="recalled")
    first, second, third = queries.containers(bench.session, order.id)

    def back(*vials: int) -> None:
        wanted = [(first, second, third)[no].id for no in vials]
        operations.return_(
            bench.session,
            order.id,
            reason="recalled",
            vial_ids=wanted,
            by=bench.technician,
            now=bench.now,
        )

    back(1, 2)
    assert order.status is Status.RECALLED
    back(0)

    assert order.status is Status.RETURNED
    assert codes(bench, new.id) == []
    bench.walk(new, Status.HANDED_OVER)


def test_what_came_back_or_was_recalled_uses_up_no_fill(bench: Bench) -> None:
    """By this pharmacy's policy, what the patient lost would."""
    count_lost(bench)
    order = came_back(bench, maintained(bench))

    assert not replace(bench, order, 1, reason="undeliverable").uses_fill


def test_a_reason_says_what_is_on_record(bench: Bench) -> None:
    order = bench.order(Status.HANDED_OVER)

    for reason in ("undeliverable", "recalled"):
        with pytest.raises(LossNotSo):
            replace(bench, order, 1, reason=reason)


def test_what_came_back_for_another_dose_is_not_replaced(bench: Bench) -> None:
    order = bench.order(Status.HANDED_OVER)
    operations.return_(
        bench.session, order.id, reason="dose-changed", by=bench.technician, now=bench.now
    )

    with pytest.raises(PrescriptionVoided):
        replace(bench, order, 1, reason="damaged")


def test_of_a_recalled_vial_whose_days_are_over_nothing_is_replaced(bench: Bench) -> None:
    order = bench.order(Status.HANDED_OVER)
    later(bench, 28)
    recall(bench, 1_500)

    with pytest.raises(NothingToReplace):
        replace(bench, order, 1, reason="recalled")


def test_the_next_fill_follows_what_replaces_a_parcel_that_came_back(bench: Bench) -> None:
    """
    84 nights from 3 March ran out on 26 May; from 20 March they run out on 12 June, 17 days later.

    75 % of 84 are 63: the window opened on 3 May, and opens on 20 May now.
    """
    order = maintained(bench)
    send(bench, order)
    refill = scheduled(bench, order)
    assert (refill.earliest_on, refill.run_out_on) == (date(2026, 5, 3), date(2026, 5, 26))
    later(bench, 17)
    shipping.end(
        bench.session, order.id, status=ParcelStatus.RETURNED, by=bench.technician, now=bench.now
    )
    assert followed(bench, order).state is RefillState.CANCELLED

    new = replace(bench, order, 1, reason="undeliverable")

    assert scheduled(bench, order) is refill
    assert (refill.state, refill.fill_no, refill.remaining_fills) == (RefillState.SCHEDULED, 2, 1)
    assert (refill.earliest_on, refill.run_out_on) == (date(2026, 5, 20), date(2026, 6, 12))
    bench.now += timedelta(days=62)  # 20 May
    with pytest.raises(LastFillNotHandedOver):
        refills.order_next(bench.session, refill.id, by=bench.technician, now=bench.now)
    bench.now -= timedelta(days=62)
    bench.walk(new, Status.HANDED_OVER)
    bench.now += timedelta(days=62)
    second = refills.order_next(bench.session, refill.id, by=bench.technician, now=bench.now)
    assert (second.fill_no, second.kind) == (2, OrderKind.FILL)


def test_nothing_follows_once_the_replacement_is_cancelled(bench: Bench) -> None:
    order = came_back(bench, maintained(bench))
    new = replace(bench, order, 1, reason="undeliverable")
    assert followed(bench, order).state is RefillState.SCHEDULED

    operations.cancel(
        bench.session, new.id, reason="patient-asked", by=bench.pharmacist, now=bench.now
    )

    assert followed(bench, order).state is RefillState.CANCELLED
    assert replace(bench, order, 1, reason="undeliverable").nights == (1, 84)
    assert followed(bench, order).state is RefillState.SCHEDULED


def test_a_replacement_that_came_back_too_is_replaced_again(bench: Bench) -> None:
    order = came_back(bench, maintained(bench))
    first = replace(bench, order, 1, reason="undeliverable")
    assert followed(bench, order).state is RefillState.SCHEDULED
    bench.walk(first, Status.HANDED_OVER)
    operations.return_(
        bench.session, first.id, reason="undeliverable", by=bench.technician, now=bench.now
    )
    assert followed(bench, order).state is RefillState.CANCELLED

    second = replace(bench, first, 1, reason="undeliverable")

    assert second.nights == (1, 84)
    assert followed(bench, order).state is RefillState.SCHEDULED
    assert broken(bench.session) == set()


def test_of_three_recalled_vials_all_that_are_left_are_replaced_before_the_next_fill(
    bench: Bench,
) -> None:
    order = bench.order(Status.HANDED_OVER)
    later(bench, 28)
    for strength_ug in (1_500, 3_000, 4_500):
        recall(bench, strength_ug)
        make_capsule_lot(bench.session, strength_ug)
    refill = refills.schedule(bench.session, order.id, now=bench.now)
    assert refill is None

    replace(bench, order, 2, reason="recalled")
    assert queries.is_off(bench.session, order)
    replace(bench, order, 3, reason="recalled")

    assert not queries.is_off(bench.session, order)  # the days of the first one are over
