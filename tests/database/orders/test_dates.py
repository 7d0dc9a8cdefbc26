"""Vials leave with days that are still to come; others are dated anew, and labelled again."""

from datetime import date, timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.inventory.models import CapsuleLot
from pharmacy.labels import operations as labels
from pharmacy.labels import queries as label_queries
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Action, Status
from pharmacy.orders.rules.gates import (
    DatesImpossible,
    LabelsOutOfDate,
    LotsOut,
    ReplacementNotRedated,
)
from pharmacy.orders.rules.life import OrderHeld
from pharmacy.printing import operations as printing
from pharmacy.printing.operations import CopyVoid
from pharmacy.shipping import operations as shipping
from pharmacy.shipping.rules import Carrier
from pharmacy.staff.rules import Actor
from tests.database.orders.test_parts import broken, split
from tests.database.orders.test_replacing import later, replace
from tests.factories.orders import Bench
from tests.factories.prescriptions import make_maintenance, regimen

UPS = "1Z999AA10123456784"


@pytest.fixture
def bench(session: Session) -> Bench:
    """It is 2 March 2026; the first dose of what is labelled today is on the 5th."""
    return Bench(session)


def labelled(bench: Bench, order: Order) -> Order:
    """Have the owed labels drawn for real, and scanned from their copies."""
    labels.render(bench.session, order.id, now=bench.now)
    return order


def made(bench: Bench, to: Status = Status.READY) -> Order:
    """Return an order with real labels."""
    order = bench.order(Status.PLANNED)
    operations.allocate(bench.session, order.id, by=bench.technician, now=bench.now)
    return bench.walk(labelled(bench, order), to)


def date_anew(
    bench: Bench, order: Order, first_dose_on: date | None = None, *, by: Actor | None = None
) -> Order:
    return labels.date_anew(
        bench.session,
        order.id,
        first_dose_on=first_dose_on,
        by=by or bench.technician,
        now=bench.now,
    )


def codes(bench: Bench, order: Order) -> list[str]:
    """What a scanner reads from the newest labels."""
    drawn = label_queries.of_order(bench.session, order.id)
    return [each.content["container_code"] for each in drawn if each.container_id]


def pack(bench: Bench, order: Order) -> Order:
    return printing.pack(
        bench.session, order.id, scanned=codes(bench, order), by=bench.technician, now=bench.now
    )


def ship(bench: Bench, order: Order) -> None:
    shipping.ship(
        bench.session,
        order.id,
        carrier=Carrier.UPS,
        number=UPS,
        by=bench.technician,
        now=bench.now,
    )


@pytest.mark.parametrize("days", [0, 3])
def test_it_is_collected_until_the_evening_of_its_first_dose(bench: Bench, days: int) -> None:
    order = bench.order(Status.READY)
    later(bench, days)

    assert bench.hand_over(order).status is Status.HANDED_OVER


def test_it_is_not_collected_after_its_first_dose(bench: Bench) -> None:
    order = bench.order(Status.READY)
    later(bench, 4)

    with pytest.raises(LabelsOutOfDate) as refused:
        bench.hand_over(order)

    assert refused.value.facts == {"first_dose_on": "2026-03-05", "earliest": "2026-03-06"}


def test_a_parcel_is_sent_while_it_arrives_before_its_first_dose(bench: Bench) -> None:
    in_time, too_late = bench.order(Status.READY), bench.order(Status.READY)
    later(bench, 1)
    ship(bench, in_time)
    later(bench, 1)

    with pytest.raises(LabelsOutOfDate) as refused:
        ship(bench, too_late)

    assert refused.value.facts == {"first_dose_on": "2026-03-05", "earliest": "2026-03-06"}


def test_the_database_too_keeps_vials_whose_days_are_over(bench: Bench) -> None:
    order = bench.order(Status.READY)
    leaves = (
        update(Order)
        .where(Order.id == order.id)
        .values(status=Status.HANDED_OVER, handed_over_at=bench.now + timedelta(days=4))
    )

    with pytest.raises(IntegrityError, match="begins before it is handed over"):
        bench.session.execute(leaves)


def test_a_fill_is_dated_from_the_day_of_its_labels(bench: Bench) -> None:
    """Approved on 2 March, made by the 6th: the first dose is not on the 5th, but on the 9th."""
    order = bench.order(Status.PLANNED)
    later(bench, 4)

    bench.allocate(order)

    assert order.first_dose_on == date(2026, 3, 9)


def test_a_day_that_a_pharmacist_named_is_kept_while_it_is_to_come(bench: Bench) -> None:
    order = bench.order(Status.REVIEW)
    bench.approve(order, first_dose_on=date(2026, 3, 6))
    later(bench, 4)

    bench.allocate(order)

    assert order.first_dose_on == date(2026, 3, 6)


def test_dating_anew_moves_the_same_vials_and_draws_their_labels_again(bench: Bench) -> None:
    """On 9 March, three days on: every vial by seven days, each step as long as before."""
    order = made(bench)
    before = {each.id: each for each in queries.containers(bench.session, order.id)}
    days = {key: (each.first_dose_on, each.last_dose_on) for key, each in before.items()}
    old = label_queries.of_order(bench.session, order.id)
    later(bench, 7)

    date_anew(bench, order)

    assert (order.status, order.first_dose_on) == (Status.LABELING, date(2026, 3, 12))
    assert all(each.voided_at is not None for each in old)
    vials = queries.containers(bench.session, order.id)
    seven = timedelta(days=7)
    assert {each.id: (each.first_dose_on - seven, each.last_dose_on - seven) for each in vials} == (
        days
    )
    labelled(bench, order)
    drawn = [each.content for each in label_queries.of_order(bench.session, order.id)]
    assert [each["dates"] for each in drawn[:3]] == [
        "Thu 12 Mar to Wed 8 Apr 2026",
        "Thu 9 Apr to Wed 6 May 2026",
        "Thu 7 May to Wed 3 Jun 2026",
    ]
    assert all("earlier labels" in each["reprint"] for each in drawn[:3])
    assert broken(bench.session) == set()


def test_what_was_dated_anew_is_scanned_and_checked_again_and_leaves(bench: Bench) -> None:
    order = made(bench)
    later(bench, 7)
    labelled(bench, date_anew(bench, order))
    assert (order.packed_by, order.checked_by) == (None, None)

    pack(bench, order)
    bench.release(order)
    bench.hand_over(order)

    assert order.status is Status.HANDED_OVER
    event = queries.last_event(bench.session, order.id, Action.DATE_ANEW)
    assert event is not None
    assert event.facts == {"first_dose_on": "2026-03-12", "was": "2026-03-05"}


def test_a_label_with_the_old_days_cannot_be_scanned_any_more(bench: Bench) -> None:
    order = made(bench)
    old = codes(bench, order)
    later(bench, 7)
    labelled(bench, date_anew(bench, order))

    for code in (old[0], old[0].partition(".")[0]):
        with pytest.raises(CopyVoid):
            printing.confirm(bench.session, code, by=bench.technician, now=bench.now)
    assert codes(bench, order) == [f"{each}.02" for each in old]


def test_a_label_that_was_never_printed_has_a_code_of_its_own_after_it_too(bench: Bench) -> None:
    """Somebody may have printed it by hand, from the stored document."""
    order = made(bench, Status.LABELING)
    old = codes(bench, order)[0]
    later(bench, 7)
    labelled(bench, date_anew(bench, order))

    with pytest.raises(CopyVoid):
        printing.confirm(bench.session, old, by=bench.technician, now=bench.now)


def test_a_lot_must_last_for_the_new_days(bench: Bench) -> None:
    """84 doses from 12 March on end on 3 June."""
    order = made(bench)
    last = queries.containers(bench.session, order.id)[-1]
    bench.session.get_one(CapsuleLot, last.lot_id).beyond_use_on = date(2026, 6, 2)
    later(bench, 7)

    with pytest.raises(LotsOut) as refused:
        date_anew(bench, order)

    assert refused.value.facts["last_dose_on"] == "2026-06-03"


def test_a_day_is_chosen_from_today_on_and_another_than_now(bench: Bench) -> None:
    order = made(bench)
    for day in (date(2026, 3, 1), date(2026, 3, 5), date(2028, 1, 1)):
        with pytest.raises(DatesImpossible):
            date_anew(bench, order, day)

    assert date_anew(bench, order, date(2026, 3, 2)).first_dose_on == date(2026, 3, 2)


def test_only_a_pharmacist_dates_a_fill_into_the_one_before(bench: Bench) -> None:
    """Of 28 nights from 5 March on the last is 1 April's."""
    prescription = make_maintenance(
        bench.session,
        patient=bench.patient(),
        valid_from=date(2026, 3, 2),
        regimen=regimen((4_500, None)),
        days_per_fill=28,
    )
    bench.order(Status.HANDED_OVER, prescription=prescription)
    second = bench.order(Status.LABELING, prescription=prescription, fill_no=2)
    assert second.first_dose_on == date(2026, 4, 2)

    with pytest.raises(DatesImpossible) as refused:
        date_anew(bench, second, date(2026, 3, 20))
    assert refused.value.facts["earliest"] == "2026-04-02"

    date_anew(bench, second, date(2026, 3, 20), by=bench.pharmacist)
    assert second.first_dose_on == date(2026, 3, 20)


def test_later_parts_of_a_fill_follow_and_are_held_where_they_have_labels(bench: Bench) -> None:
    """The first 28 nights go now; dated anew by 7 days, the rest begins 7 days later too."""
    first = made(bench, Status.LABELING)
    rest = split(bench, first)
    bench.walk(rest, Status.LABELING)
    later(bench, 7)

    date_anew(bench, first)
    with pytest.raises(OrderHeld):
        bench.pack(rest)
    date_anew(bench, rest)

    assert (first.first_dose_on, rest.first_dose_on) == (date(2026, 3, 12), date(2026, 4, 9))
    assert queries.open_holds(bench.session, rest.id) == []
    assert broken(bench.session) == set()


def test_a_rest_without_vials_only_follows(bench: Bench) -> None:
    first = made(bench, Status.LABELING)
    rest = split(bench, first)
    later(bench, 7)

    date_anew(bench, first)

    assert rest.first_dose_on == date(2026, 4, 9)
    assert queries.open_holds(bench.session, rest.id) == []


def test_what_replaces_vials_is_not_dated_anew(bench: Bench) -> None:
    new = replace(bench, bench.order(Status.HANDED_OVER), 1)
    bench.walk(new, Status.LABELING)

    with pytest.raises(ReplacementNotRedated):
        date_anew(bench, new)
