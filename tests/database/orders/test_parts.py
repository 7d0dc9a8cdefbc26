"""A part of a fill goes now, the rest later: the same nights, the same dates, never more."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy import invariants
from pharmacy.inventory import queries as lots
from pharmacy.kernel.refusals import Refusal
from pharmacy.labels import operations as labels
from pharmacy.labels import queries as drawn
from pharmacy.labels.models import LabelKind
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.gates import DatesImpossible
from pharmacy.orders.rules.life import OrderHeld
from pharmacy.orders.rules.parts import (
    EarlierPartFirst,
    NothingLeft,
    OrderKind,
    PartialNotAllowed,
)
from pharmacy.practice import operations as practice
from pharmacy.refills import operations as refills
from pharmacy.refills import queries as refill_queries
from pharmacy.refills.models import RefillState
from pharmacy.refills.operations import LastFillNotHandedOver
from pharmacy.staff.rules import OPERATOR
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import Bench
from tests.factories.prescriptions import make_maintenance, make_prescription

OF_PARTS = {
    *("capsules-make-the-ordered-dose", "every-night-has-one-vial", "nights-are-given-once"),
    *("no-remainder-is-lost", "replaced-no-more-than-lost", "reserved-is-in-open-vials"),
    *("dispensed-once", "capsules-balance", "every-dose-is-the-prescribers", "fill-is-authorised"),
    *("done-once", "steps-are-legal", "status-follows-from-steps"),
    "counted-replacements-are-authorised",
}


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def split(bench: Bench, order: Order, nights: int = 28, reason: str = "cost") -> Order:
    """Keep so many nights, and return the order of the rest."""
    assert order.first_dose_on is not None
    through = order.first_dose_on + timedelta(days=nights - 1)
    return labels.split(
        bench.session, order.id, through=through, reason=reason, by=bench.pharmacist, now=bench.now
    )


def broken(session: Session) -> set[str]:
    session.flush()
    return {each.invariant.name for each in invariants.violations(session)} & OF_PARTS


def continued(bench: Bench, status: Status) -> Order:
    """An order of the clinic's titration, which a maintenance continues."""
    titration = make_prescription(bench.session, patient=bench.patient())
    make_maintenance(bench.session, follows=titration)
    return bench.order(status, prescription=titration)


def labels_of(bench: Bench, order: Order) -> list[tuple[str, str, str]]:
    found = [
        each for each in drawn.of_order(bench.session, order.id) if each.kind is LabelKind.CONTAINER
    ]
    return sorted(
        (each.content["part"], each.content["step"], each.content["dates"]) for each in found
    )


def test_a_remainder_keeps_the_step_dates_and_each_part_counts_its_own_vials(bench: Bench) -> None:
    """Three steps of four weeks, a vial each; one goes now and two later."""
    whole = bench.walk(bench.order(), Status.PLANNED)
    operations.allocate(bench.session, whole.id, by=bench.technician, now=bench.now)
    labels.render(bench.session, whole.id, now=bench.now)
    before = labels_of(bench, whole)

    rest = split(bench, whole)
    bench.walk(rest, Status.PLANNED)
    operations.allocate(bench.session, rest.id, by=bench.technician, now=bench.now)
    labels.render(bench.session, rest.id, now=bench.now)

    labels.render(bench.session, whole.id, now=bench.now)
    assert [part for part, _, _ in before] == ["1 of 3", "2 of 3", "3 of 3"]
    assert labels_of(bench, whole) == [("1 of 1", *before[0][1:])]
    assert labels_of(bench, rest) == [("1 of 2", *before[1][1:]), ("2 of 2", *before[2][1:])]
    assert broken(bench.session) == set()


def test_a_step_of_the_rest_from_two_lots_is_counted_by_what_the_patient_gets(
    bench: Bench,
) -> None:
    """
    Of 3 mg one lot has 10 capsules left and another 20: the second step takes two vials, of 10 and
    of 18. The first part is one vial, the rest is three.
    """
    whole = bench.order(Status.PLANNED)
    rest = split(bench, whole)
    bench.allocate(whole)
    bench.walk(rest, Status.PLANNED)
    lot = bench.lots[3_000]
    lot.on_hand = lot.made = lot.reserved + 10
    make_capsule_lot(bench.session, 3_000, 20, beyond_use_on=lot.beyond_use_on)

    bench.allocate(rest)

    def counted(order: Order) -> list[tuple[int, int, int, int]]:
        vials = queries.containers(bench.session, order.id)
        return [(each.part_no, each.parts, each.step_no, each.quantity) for each in vials]

    assert counted(whole) == [(1, 1, 1, 28)]
    assert counted(rest) == [(1, 3, 2, 10), (2, 3, 2, 18), (3, 3, 3, 28)]


def test_the_old_label_of_a_vial_that_is_kept_is_dead(bench: Bench) -> None:
    """It says "1 of 3"; the vial that goes now is the only one."""
    whole = bench.order(Status.READY)
    old = bench.codes(whole)

    split(bench, whole)
    bench.label(whole)

    with pytest.raises(Refusal):
        operations.pack(
            bench.session, whole.id, scanned=old[:1], by=bench.technician, now=bench.now
        )
    bench.walk(whole, Status.HANDED_OVER)
    assert broken(bench.session) == set()


def test_a_remainder_belongs_to_the_fill_and_waits_in_the_queue(bench: Bench) -> None:
    whole = bench.order(Status.PLANNED)

    rest = split(bench, whole)

    assert (rest.kind, rest.fill_no, rest.of_order_id) == (OrderKind.REMAINDER, 1, whole.id)
    assert (whole.nights, rest.nights) == ((1, 28), (29, 84))
    assert whole.last_dose_on is not None
    assert rest.first_dose_on == whole.last_dose_on + timedelta(days=1)
    assert rest.due_at.date() == rest.first_dose_on - timedelta(days=7)
    assert rest.status is Status.RECEIVED
    assert queries.of_fill(bench.session, whole.prescription_id, 1) == whole


def test_what_was_packed_is_destroyed_and_what_was_set_aside_goes_back(bench: Bench) -> None:
    set_aside, packed = bench.order(Status.LABELING), bench.order(Status.READY)
    lot = bench.lots[4_500]
    held = lots.get_capsule_lot(bench.session, lot.id).reserved

    split(bench, set_aside, 56)
    split(bench, packed, 56)

    now = lots.get_capsule_lot(bench.session, lot.id)
    assert held - now.reserved == 56
    assert now.made - now.on_hand == 28
    assert packed.status is Status.LABELING
    assert packed.packed_by is None
    assert packed.checked_by is None
    assert broken(bench.session) == set()


def test_both_parts_are_packed_checked_and_handed_over(bench: Bench) -> None:
    whole = bench.order(Status.READY)
    rest = split(bench, whole)

    bench.walk(whole, Status.HANDED_OVER)
    bench.walk(rest, Status.HANDED_OVER)

    assert broken(bench.session) == set()


def test_the_rest_is_not_handed_over_before_what_is_taken_first(bench: Bench) -> None:
    whole = bench.order(Status.LABELING)
    rest = split(bench, whole)
    bench.walk(rest, Status.READY)

    with pytest.raises(EarlierPartFirst):
        bench.hand_over(rest)


def test_the_first_part_has_the_capsules_first(bench: Bench) -> None:
    whole = bench.order(Status.PLANNED)
    rest = split(bench, whole)
    bench.walk(rest, Status.PLANNED)

    with pytest.raises(EarlierPartFirst):
        bench.allocate(rest)


def test_no_other_day_is_chosen_for_a_remainder(bench: Bench) -> None:
    rest = split(bench, bench.order(Status.PLANNED))
    bench.walk(rest, Status.REVIEW)

    with pytest.raises(DatesImpossible):
        bench.approve(rest, first_dose_on=bench.now.date() + timedelta(days=3))


def test_the_first_part_starts_the_refills_clock_for_the_whole_fill(bench: Bench) -> None:
    """84 days, handed over today: three quarters of them, both days counted, end on day 63."""
    whole = bench.order(Status.LABELING)
    rest = split(bench, whole)
    bench.walk(whole, Status.HANDED_OVER)

    refill = refills.schedule(bench.session, whole.id, now=bench.now)

    assert refill is not None
    assert refills.schedule(bench.session, rest.id, now=bench.now) is None
    assert refill.earliest_on == bench.now.date() + timedelta(days=62)
    assert refill_queries.after_order(bench.session, rest.id) is None


def test_no_refill_is_ordered_while_a_part_is_still_to_come(bench: Bench) -> None:
    whole = continued(bench, Status.LABELING)
    split(bench, whole)
    bench.walk(whole, Status.HANDED_OVER)
    refill = refills.schedule(bench.session, whole.id, now=bench.now)
    assert refill is not None
    assert refill.state is RefillState.SCHEDULED

    with pytest.raises(LastFillNotHandedOver):
        refills.order_next(bench.session, refill.id, by=bench.pharmacist, now=bench.now)


def test_a_cancelled_remainder_stays_on_the_prescription_and_is_ordered_again(
    bench: Bench,
) -> None:
    whole = continued(bench, Status.LABELING)
    rest = split(bench, whole)
    bench.walk(whole, Status.HANDED_OVER)
    cancel(bench, rest)

    last = queries.events(bench.session, rest.id)[-1]
    assert (last.facts["quantity"], last.facts["nights"]) == ("stays-on-prescription", [29, 84])
    ended = refills.schedule(bench.session, whole.id, now=bench.now)
    assert ended is None or ended.state is RefillState.CANCELLED
    again = operations.order_rest(bench.session, whole.id, by=bench.pharmacist, now=bench.now)

    assert again.nights == (29, 84)
    assert again.first_dose_on == rest.first_dose_on
    refill = refills.schedule(bench.session, whole.id, now=bench.now)
    assert refill is not None
    assert refill.state is RefillState.SCHEDULED
    with pytest.raises(NothingLeft):
        operations.order_rest(bench.session, whole.id, by=bench.pharmacist, now=bench.now)
    assert broken(bench.session) == set()


def cancel(bench: Bench, order: Order) -> None:
    operations.cancel(
        bench.session, order.id, reason="patient-asked", by=bench.pharmacist, now=bench.now
    )


def test_a_remainder_is_held_when_the_part_before_it_is_cancelled(bench: Bench) -> None:
    whole = bench.order(Status.LABELING)
    rest = split(bench, whole)
    bench.walk(rest, Status.REVIEW)

    cancel(bench, whole)

    assert [hold.code for hold in queries.open_holds(bench.session, rest.id)] == [
        "part-before-gone"
    ]
    with pytest.raises(OrderHeld):
        bench.approve(rest)


def test_a_state_that_forbids_parts_is_named_with_its_source(bench: Bench) -> None:
    practice.rule_partials(
        bench.session,
        "TX",
        is_allowed=False,
        source="an example of a rule",
        by=OPERATOR,
        now=bench.now,
    )
    order = bench.order(Status.PLANNED)

    with pytest.raises(PartialNotAllowed) as refused:
        split(bench, order)

    assert refused.value.facts == {"state": "TX", "source": "an example of a rule"}


def test_a_first_part_that_is_dated_anew_takes_the_rest_along(bench: Bench) -> None:
    whole = bench.order(Status.PLANNED)
    rest = split(bench, whole)
    bench.now += timedelta(days=4)
    bench.load_registries()

    operations.allocate(bench.session, whole.id, by=bench.technician, now=bench.now)

    assert whole.last_dose_on is not None
    assert rest.first_dose_on == whole.last_dose_on + timedelta(days=1)


def test_the_database_gives_no_night_twice(session: Session, bench: Bench) -> None:
    rest = split(bench, bench.order(Status.PLANNED))

    with pytest.raises(IntegrityError, match="another order is for these nights"):
        session.execute(text("update orders set first_night = 28 where id = :id"), {"id": rest.id})


def test_the_database_knows_how_many_nights_a_fill_has(session: Session, bench: Bench) -> None:
    rest = split(bench, bench.order(Status.PLANNED))

    with pytest.raises(IntegrityError, match="the fill has fewer nights"):
        session.execute(text("update orders set last_night = 85 where id = :id"), {"id": rest.id})


def test_every_part_is_found_from_every_other(bench: Bench) -> None:
    whole = bench.order(Status.PLANNED)
    second = split(bench, whole)
    bench.walk(second, Status.PLANNED)
    third = split(bench, second)

    found = queries.family(bench.session, third)

    assert [each.id for each in found] == [whole.id, second.id, third.id]
    assert [each.nights for each in found] == [(1, 28), (29, 56), (57, 84)]
    assert (
        bench.session.scalars(select(Order.kind).where(Order.id == third.id)).one() == "remainder"
    )


def test_a_part_with_vials_is_held_when_the_part_before_it_moves(bench: Bench) -> None:
    whole = bench.order(Status.LABELING)
    rest = split(bench, whole)
    bench.walk(rest, Status.LABELING)
    anew = {"reason": "damaged", "by": bench.pharmacist}
    operations.reallocate(bench.session, whole.id, now=bench.now, **anew)
    bench.now += timedelta(days=4)

    operations.allocate(bench.session, whole.id, by=bench.technician, now=bench.now)

    (hold,) = queries.open_holds(bench.session, rest.id)
    assert hold.code == "part-dates-moved"
    operations.reallocate(bench.session, rest.id, now=bench.now, **anew)
    operations.lift_hold(
        bench.session, rest.id, hold.id, reason="settled", by=bench.pharmacist, now=bench.now
    )
    operations.allocate(bench.session, rest.id, by=bench.technician, now=bench.now)
    assert whole.last_dose_on is not None
    assert rest.first_dose_on == whole.last_dose_on + timedelta(days=1)
    assert broken(bench.session) == set()


def test_a_part_behind_a_cancelled_one_is_held(bench: Bench) -> None:
    second = split(bench, bench.order(Status.PLANNED))
    bench.walk(second, Status.PLANNED)
    third = split(bench, second)
    cancel(bench, second)

    assert [hold.code for hold in queries.open_holds(bench.session, third.id)] == [
        "part-before-gone"
    ]
