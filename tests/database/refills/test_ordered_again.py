"""What follows a fill that was ordered again: its refills go with it, and none is lost."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from pharmacy.orders import operations as orders
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.refills import operations, queries
from pharmacy.refills.models import Refill, RefillState
from pharmacy.refills.rules import NoFillsLeft, RefillClosed
from tests.database.orders.test_replacing import later
from tests.database.refills.test_refills import scheduled
from tests.factories.dates import begin_the_day_after
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import Bench
from tests.factories.prescriptions import make_maintenance


@pytest.fixture
def bench(session: Session) -> Bench:
    found = Bench(session)
    begin_the_day_after(found)
    return found


def cancelled(bench: Bench, order: Order) -> Order:
    orders.cancel(
        bench.session, order.id, reason="not-collected", by=bench.pharmacist, now=bench.now
    )
    operations.schedule(bench.session, order.id, now=bench.now)  # the worker's part
    return order


def again(bench: Bench, order: Order) -> Order:
    return operations.order_again(
        bench.session, order.id, reason="patient-wants-it", by=bench.pharmacist, now=bench.now
    )


def second_of_four(bench: Bench) -> tuple[Refill, Order]:
    """Hand one fill of four over, and order the second: with the refill that it came of."""
    prescription = make_maintenance(
        bench.session,
        patient=bench.patient(),
        valid_from=date(2026, 3, 2),
        authorised_fills=4,
    )
    refill = scheduled(bench, bench.order(Status.HANDED_OVER, prescription=prescription))
    later(bench, 62)
    second = operations.order_next(bench.session, refill.id, by=bench.technician, now=bench.now)
    return refill, second


def test_a_cancelled_second_fill_takes_the_others_not_with_it(bench: Bench) -> None:
    """
    Four fills of 84 nights; the second is approved on 3 May, to follow the first on 26 May.

    It is cancelled, ordered again and approved: the third follows again, two are left.
    """
    before, second = second_of_four(bench)
    bench.walk(second, Status.PLANNED)
    after = scheduled(bench, second)
    assert (after.state, after.fill_no, after.remaining_fills) == (RefillState.SCHEDULED, 3, 2)
    cancelled(bench, second)
    assert after.state is RefillState.CANCELLED

    new = again(bench, second)

    assert (before.state, before.order_id) == (RefillState.ORDERED, new.id)
    assert (after.state, after.after_order_id) == (RefillState.CANCELLED, new.id)
    bench.walk(new, Status.PLANNED)
    assert scheduled(bench, new) is after
    assert (after.state, after.fill_no, after.remaining_fills) == (RefillState.SCHEDULED, 3, 2)
    assert after.run_out_on == date(2026, 5, 26) + timedelta(days=84)
    assert queries.after_order(bench.session, second.id) is None


def test_every_authorised_fill_is_reached_after_one_was_ordered_again(bench: Bench) -> None:
    make_capsule_lot(bench.session, 4_500, 4 * 84, beyond_use_on=date(2027, 3, 1))
    _, second = second_of_four(bench)
    new = bench.walk(again(bench, cancelled(bench, second)), Status.HANDED_OVER)
    given = [1, new.fill_no]
    for _ in range(2):
        refill = scheduled(bench, new)
        later(bench, 84)
        new = operations.order_next(bench.session, refill.id, by=bench.technician, now=bench.now)
        bench.walk(new, Status.HANDED_OVER)
        given.append(new.fill_no)

    last = scheduled(bench, new)

    assert given == [1, 2, 3, 4]
    assert (last.state, last.remaining_fills) == (RefillState.RENEWAL_NEEDED, 0)
    with pytest.raises(NoFillsLeft):
        operations.order_next(bench.session, last.id, by=bench.technician, now=bench.now)


def test_a_fill_that_ended_before_it_was_approved_is_followed_too(bench: Bench) -> None:
    before, second = second_of_four(bench)
    cancelled(bench, second)
    assert queries.after_order(bench.session, second.id) is None

    new = bench.walk(again(bench, second), Status.PLANNED)

    assert before.order_id == new.id
    assert scheduled(bench, new).fill_no == 3


def test_a_refill_that_was_ordered_names_the_order_to_begin_again_from(bench: Bench) -> None:
    before, second = second_of_four(bench)
    cancelled(bench, second)

    with pytest.raises(RefillClosed) as refused:
        operations.order_next(bench.session, before.id, by=bench.technician, now=bench.now)

    assert str(refused.value.facts["order"]).startswith("ord_")
    assert "orders the fill again" in refused.value.remedy


def test_what_the_worker_owed_of_the_ended_order_changes_nothing_any_more(bench: Bench) -> None:
    """The job of the cancellation comes after the fill lives again."""
    _, second = second_of_four(bench)
    bench.walk(second, Status.PLANNED)
    after = scheduled(bench, second)
    orders.cancel(
        bench.session, second.id, reason="not-collected", by=bench.pharmacist, now=bench.now
    )
    new = bench.walk(again(bench, second), Status.PLANNED)
    scheduled(bench, new)

    operations.schedule(bench.session, second.id, now=bench.now)

    assert (after.state, after.after_order_id) == (RefillState.SCHEDULED, new.id)
