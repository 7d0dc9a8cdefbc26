"""Vials that were lost are replaced for the nights that are left, and never twice."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from pharmacy.dispensing import operations as dispensing
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.life import MoveNotAllowed
from pharmacy.orders.rules.parts import (
    NoFillToCount,
    NothingToReplace,
    NotInTransit,
    OrderKind,
    VialLost,
    VialsOutOfOrder,
)
from pharmacy.orders.rules.reasons import ReasonUnknown
from pharmacy.practice import operations as practice
from pharmacy.practice import queries as practice_queries
from pharmacy.refills import operations as refills
from pharmacy.refills import queries as refill_queries
from pharmacy.shipping import operations as shipping
from pharmacy.shipping import queries as parcels
from pharmacy.shipping.rules import Carrier, ParcelStatus
from pharmacy.staff.rules import OPERATOR, PermissionMissing
from tests.database.orders.test_parts import broken, split
from tests.factories.orders import Bench
from tests.factories.prescriptions import make_maintenance, make_prescription

UPS = "1Z999AA10123456784"


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def replace(
    bench: Bench,
    order: Order,
    *parts: int,
    reason: str = "damaged",
    start_on: date | None = None,
) -> Order:
    """Replace vials that follow one another, by number."""
    (new,) = replace_each(bench, order, *parts, reason=reason, start_on=start_on)
    return new


def replace_each(
    bench: Bench,
    order: Order,
    *parts: int,
    reason: str = "damaged",
    start_on: date | None = None,
) -> list[Order]:
    vials = [
        each.id for each in queries.containers(bench.session, order.id) if each.part_no in parts
    ]
    return dispensing.replace(
        bench.session,
        order.id,
        vials=vials,
        reason=reason,
        start_on=start_on,
        by=bench.pharmacist,
        now=bench.now,
    )


def later(bench: Bench, days: int) -> None:
    """Let days pass; the registries are loaded anew."""
    bench.now += timedelta(days=days)
    bench.load_registries()


def count_lost(bench: Bench) -> None:
    practice.change_policy(
        bench.session,
        "patient_lost_counts_as_fill",
        data=True,
        reason="agreed with the insurer",
        by=OPERATOR,
        now=bench.now,
    )


def test_a_replacement_is_for_the_nights_that_are_left_of_the_step(bench: Bench) -> None:
    """The doses begin on the 3rd day from now; so does, 10 days on, what replaces the rest."""
    order = bench.order(Status.HANDED_OVER)
    later(bench, 10)

    new = replace(bench, order, 1)

    assert new.kind is OrderKind.REPLACEMENT
    assert new.first_dose_on == practice_queries.site(bench.session).today(bench.now) + timedelta(
        days=3
    )
    assert new.nights == (11, 28)
    bench.walk(new, Status.HANDED_OVER)
    (vial,) = queries.containers(bench.session, new.id)
    old = queries.replaced_by(bench.session, new.id)[0]
    assert (vial.step_no, vial.strength_ug, vial.quantity) == (1, 1_500, 18)
    assert (vial.part_no, vial.parts) == (1, 1)
    assert vial.last_dose_on == old.last_dose_on
    assert broken(bench.session) == set()


def test_a_vial_for_a_later_step_is_replaced_whole(bench: Bench) -> None:
    order = bench.order(Status.HANDED_OVER)

    new = replace(bench, order, 2, 3)

    assert new.nights == (29, 84)
    bench.walk(new, Status.LABELING)
    made = queries.containers(bench.session, new.id)
    assert [(each.step_no, each.part_no, each.quantity) for each in made] == [
        (2, 1, 28),
        (3, 2, 28),
    ]


def test_a_replacement_that_comes_late_is_for_fewer_nights(bench: Bench) -> None:
    order = bench.order(Status.HANDED_OVER)
    new = replace(bench, order, 1)
    bench.walk(new, Status.PLANNED)
    last = new.last_dose_on
    later(bench, 5)

    bench.allocate(new)

    assert (new.nights, new.last_dose_on) == ((6, 28), last)
    assert broken(bench.session) == set()


def test_a_replacement_after_the_last_dose_is_none(bench: Bench) -> None:
    order = bench.order(Status.HANDED_OVER)
    later(bench, 28)

    with pytest.raises(NothingToReplace):
        replace(bench, order, 1)


def test_a_vial_is_replaced_once(bench: Bench) -> None:
    order = bench.order(Status.HANDED_OVER)
    new = replace(bench, order, 1)

    with pytest.raises(VialLost):
        replace(bench, order, 1)
    operations.cancel(
        bench.session, new.id, reason="patient-asked", by=bench.pharmacist, now=bench.now
    )
    again = replace(bench, order, 1)

    assert queries.containers(bench.session, order.id)[0].replaced_by == again.id
    assert broken(bench.session) == set()


def test_a_replacement_can_be_lost_too(bench: Bench) -> None:
    first = replace(bench, bench.order(Status.HANDED_OVER), 1)
    bench.walk(first, Status.HANDED_OVER)
    later(bench, 3)

    second = replace(bench, first, 1)

    assert (second.of_order_id, second.nights) == (first.id, (4, 28))
    bench.walk(second, Status.HANDED_OVER)
    assert broken(bench.session) == set()


def test_vials_apart_are_replaced_by_an_order_each(bench: Bench) -> None:
    """
    The first and the third of three steps are lost after 10 days, in which 9 doses were taken and
    tonight's is the 10th: nights 11 to 28, and 57 to 84. What the patient has of step 2 stays.
    """
    order = bench.order(Status.HANDED_OVER)
    later(bench, 10)

    first, second = replace_each(bench, order, 3, 1)

    assert (first.nights, second.nights) == ((11, 28), (57, 84))
    vials = queries.containers(bench.session, order.id)
    assert [each.replaced_by for each in vials] == [first.id, None, second.id]
    bench.walk(second, Status.HANDED_OVER)
    bench.walk(first, Status.HANDED_OVER)
    assert broken(bench.session) == set()


def test_what_was_lost_together_uses_up_one_fill_at_most(bench: Bench) -> None:
    prescription = make_prescription(bench.session, authorised_fills=2, patient=bench.patient())
    order = bench.order(Status.HANDED_OVER, prescription=prescription)
    count_lost(bench)

    opened = replace_each(bench, order, 1, 3, reason="lost-by-patient")

    assert [each.uses_fill for each in opened] == [True, False]
    assert broken(bench.session) == set()


def test_no_vials_and_another_orders_vials_are_not_replaced(bench: Bench) -> None:
    order, other = bench.order(Status.HANDED_OVER), bench.order(Status.HANDED_OVER)
    foreign = queries.containers(bench.session, other.id)[0].id

    for vials in ([], [foreign]):
        with pytest.raises(VialsOutOfOrder):
            operations.replace_each(
                bench.session,
                order.id,
                vials=vials,
                reason="damaged",
                by=bench.pharmacist,
                now=bench.now,
            )


def test_only_what_left_is_replaced_and_only_by_a_pharmacist(bench: Bench) -> None:
    ready, gone = bench.order(Status.READY), bench.order(Status.HANDED_OVER)

    with pytest.raises(MoveNotAllowed):
        replace(bench, ready, 1)
    bench.pharmacist = bench.technician
    with pytest.raises(PermissionMissing):
        replace(bench, gone, 1)


def test_a_reason_is_a_coded_one(bench: Bench) -> None:
    with pytest.raises(ReasonUnknown):
        replace(bench, bench.order(Status.HANDED_OVER), 1, reason="whatever")


def test_lost_in_transit_ends_the_parcel(bench: Bench) -> None:
    collected, sent = bench.order(Status.HANDED_OVER), bench.order(Status.READY)
    shipping.ship(
        bench.session, sent.id, carrier=Carrier.UPS, number=UPS, by=bench.technician, now=bench.now
    )

    with pytest.raises(NotInTransit):
        replace(bench, collected, 1, reason="lost-in-transit")
    replace(bench, sent, 1, 2, 3, reason="lost-in-transit")

    assert parcels.of_order(bench.session, sent.id).status is ParcelStatus.LOST


def test_a_replacement_leaves_the_refill_as_it_is(bench: Bench) -> None:
    prescription = make_maintenance(
        bench.session, patient=bench.patient(), valid_from=date(2026, 3, 2)
    )
    order = bench.order(Status.HANDED_OVER, prescription=prescription)
    refill = refills.schedule(bench.session, order.id, now=bench.now)
    assert refill is not None
    before = (refill.fill_no, refill.remaining_fills, refill.earliest_on)

    new = replace(bench, order, 1, reason="lost-by-patient")

    refills.schedule(bench.session, order.id, now=bench.now)
    assert (refill.fill_no, refill.remaining_fills, refill.earliest_on) == before
    assert refill_queries.after_order(bench.session, new.id) is None
    assert not new.uses_fill


def test_by_policy_what_the_patient_lost_uses_up_a_fill(bench: Bench) -> None:
    prescription = make_maintenance(
        bench.session, patient=bench.patient(), valid_from=date(2026, 3, 2)
    )
    order = bench.order(Status.HANDED_OVER, prescription=prescription)
    refill = refills.schedule(bench.session, order.id, now=bench.now)
    assert refill is not None
    left = refill.remaining_fills
    count_lost(bench)

    assert replace(bench, order, 1, reason="lost-by-patient").uses_fill

    refills.schedule(bench.session, order.id, now=bench.now)
    assert refill.remaining_fills == left - 1
    assert broken(bench.session) == set()


def test_without_a_fill_left_what_counts_as_one_is_not_replaced(bench: Bench) -> None:
    count_lost(bench)
    order = bench.order(Status.HANDED_OVER)

    with pytest.raises(NoFillToCount):
        replace(bench, order, 1, reason="lost-by-patient")
    assert not replace(bench, order, 1, reason="damaged").uses_fill


def test_when_the_fill_comes_back_its_open_replacement_is_held(bench: Bench) -> None:
    order = bench.order(Status.HANDED_OVER)
    new = replace(bench, order, 2)

    operations.return_(
        bench.session, order.id, reason="stopped", by=bench.technician, now=bench.now
    )

    assert codes(bench, new.id) == ["part-before-gone"]


def codes(bench: Bench, order_id: UUID) -> list[str]:
    return [hold.code for hold in queries.open_holds(bench.session, order_id)]


def test_vials_of_a_remainder_are_replaced_like_any_others(bench: Bench) -> None:
    whole = bench.order(Status.LABELING)
    rest = split(bench, whole)
    bench.walk(whole, Status.HANDED_OVER)
    bench.walk(rest, Status.HANDED_OVER)

    new = replace(bench, rest, 1)

    assert new.nights == (29, 56)
    assert broken(bench.session) == set()
