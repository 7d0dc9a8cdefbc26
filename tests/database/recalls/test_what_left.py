"""A recall reaches what has left: marked, traceable, brought back and destroyed, never gone on."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy import invariants
from pharmacy.infra.jobs.table import Job
from pharmacy.inventory.models import LotStatus
from pharmacy.orders import operations as orders
from pharmacy.orders import queries as order_queries
from pharmacy.orders.models import Container, Order
from pharmacy.orders.rules import Action, Origin, Status
from pharmacy.orders.rules.returning import VialsNotOut
from pharmacy.recalls import operations, queries
from pharmacy.recalls.models import Recall
from pharmacy.recalls.rules.timers import LotKind, NoticeTo
from pharmacy.refills import operations as refills
from pharmacy.refills.models import RefillState
from pharmacy.refills.rules import NoFillsLeft, RefillClosed
from tests.conftest import NOW
from tests.factories.orders import Bench
from tests.factories.prescriptions import make_prescription


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def recall(bench: Bench) -> Recall:
    return operations.open_recall(
        bench.session,
        LotKind.INGREDIENT,
        bench.lots[1_500].active_lot_id,
        reason="The supplier found less naltrexone than the certificate says.",
        serious=False,
        notice_at=NOW - timedelta(hours=1),
        by=bench.pharmacist,
        now=NOW,
    )


def broken(bench: Bench) -> set[str]:
    rooms = (invariants.stock, invariants.materials, invariants.recalls, invariants.doses)
    names = {each.name for room in rooms for each in room.INVARIANTS}
    return names & {each.invariant.name for each in invariants.violations(bench.session)}


def test_an_order_that_left_is_marked_and_nothing_follows_it(bench: Bench) -> None:
    given = bench.order(Status.HANDED_OVER)
    refills.schedule(bench.session, given.id, now=NOW)

    recall(bench)

    assert given.status is Status.RECALLED
    owed = set(bench.session.scalars(select(Job.kind).where(Job.ref_id == given.id)).all())
    assert "refills.schedule" in owed
    following = refills.schedule(bench.session, given.id, now=NOW)
    assert following is not None
    assert following.state is RefillState.CANCELLED
    with pytest.raises((NoFillsLeft, RefillClosed)):
        refills.order_next(bench.session, following.id, by=bench.pharmacist, now=NOW)
    assert broken(bench) == set()


def test_what_left_stays_traceable_and_its_return_is_written_down(bench: Bench) -> None:
    given = bench.order(Status.HANDED_OVER)
    left = {each.id for each in order_queries.containers(bench.session, given.id)}
    opened = recall(bench)
    in_stock = {lot.lot_number: lot.on_hand for lot in bench.lots.values()}

    orders.return_(bench.session, given.id, reason="recalled", by=bench.pharmacist, now=NOW)

    assert given.status is Status.RETURNED
    trace = queries.forward(bench.session, LotKind.INGREDIENT, bench.lots[1_500].active_lot_id)
    assert {vial.container_id for vial in trace.vials} == left
    assert {vial.status for vial in trace.vials} == {"returned"}
    assert {lot.lot_number: lot.on_hand for lot in bench.lots.values()} == in_stock
    recipients = [each.recipient for each in queries.notices(bench.session, opened.id)]
    assert NoticeTo.PATIENT in recipients
    assert broken(bench) == set()


def test_the_next_fill_on_its_way_waits_for_a_pharmacist(bench: Bench) -> None:
    prescription = make_prescription(bench.session, authorised_fills=2, days_per_fill=28)
    bench.order(Status.HANDED_OVER, prescription=prescription)
    later = bench.order(prescription=prescription, fill_no=2)

    recall(bench)

    [hold] = [
        hold
        for hold in order_queries.open_holds(bench.session, later.id)
        if hold.origin is Origin.RECALL
    ]
    assert hold.code == "fill-before-recalled"
    orders.lift_hold(
        bench.session, later.id, hold.id, reason="begins anew", by=bench.pharmacist, now=NOW
    )
    assert hold.lifted_by == bench.pharmacist.id


def test_the_database_too_lets_no_vial_of_a_withdrawn_lot_leave(bench: Bench) -> None:
    ready = bench.order(Status.READY)
    bench.lots[1_500].status = LotStatus.RECALLED
    bench.session.flush()

    with pytest.raises(IntegrityError, match="not released"):
        bench.session.execute(
            update(Order)
            .where(Order.id == ready.id)
            .values(status="handed-over", handed_over_at=NOW)
        )


def recall_one_strength(bench: Bench, strength_ug: int) -> Recall:
    return operations.open_recall(
        bench.session,
        LotKind.CAPSULE,
        bench.lots[strength_ug].id,
        reason="The capsules of this lot are too light.",
        serious=False,
        notice_at=NOW - timedelta(hours=1),
        by=bench.pharmacist,
        now=NOW,
    )


def bring_back(bench: Bench, order: Order, *vials: Container) -> Order:
    return orders.return_(
        bench.session,
        order.id,
        reason="recalled",
        vial_ids=[each.id for each in vials],
        by=bench.technician,
        now=NOW,
    )


def test_only_the_recalled_vial_of_several_is_marked_and_comes_back(bench: Bench) -> None:
    given = bench.order(Status.HANDED_OVER)
    recall_one_strength(bench, 1_500)
    vials = order_queries.containers(bench.session, given.id)
    bad = [each for each in vials if each.lot_id == bench.lots[1_500].id]

    assert {each.id for each in vials if each.recalled_at} == {each.id for each in bad}
    assert 0 < len(bad) < len(vials)
    bring_back(bench, given, *bad)

    assert given.status is Status.RECALLED
    assert {each.id for each in vials if each.returned_at} == {each.id for each in bad}
    event = order_queries.last_event(bench.session, given.id, Action.RETURN_VIALS)
    assert event is not None
    assert event.facts["vials"] == [str(each.id) for each in bad]
    trace = queries.forward(bench.session, LotKind.CAPSULE, bench.lots[1_500].id)
    assert [vial.returned_at for vial in trace.vials] == [NOW] * len(bad)
    assert broken(bench) == set()


def test_an_order_is_returned_with_its_last_vial(bench: Bench) -> None:
    given = bench.order(Status.HANDED_OVER)
    first, *others = order_queries.containers(bench.session, given.id)

    assert bring_back(bench, given, first).status is Status.HANDED_OVER
    assert bring_back(bench, given, *others).status is Status.RETURNED
    assert broken(bench) == set()


def test_a_vial_comes_back_once_and_to_its_own_order(bench: Bench) -> None:
    given, other = bench.order(Status.HANDED_OVER), bench.order(Status.HANDED_OVER)
    first, *_ = order_queries.containers(bench.session, given.id)
    bring_back(bench, given, first)

    for order, vials in ((given, [first]), (other, [first]), (other, [])):
        with pytest.raises(VialsNotOut):
            bring_back(bench, order, *vials)


def test_a_later_recall_marks_the_other_vial_of_a_recalled_order(bench: Bench) -> None:
    given = bench.order(Status.HANDED_OVER)
    recall_one_strength(bench, 1_500)
    version = given.version

    recall_one_strength(bench, 3_000)

    vials = order_queries.containers(bench.session, given.id)
    marked = {each.lot_id for each in vials if each.recalled_at}
    assert marked == {bench.lots[1_500].id, bench.lots[3_000].id}
    assert (given.status, given.version) == (Status.RECALLED, version + 1)
    assert broken(bench) == set()
