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
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Origin, Status
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
