"""The main job in one process: a signed prescription becomes labels, capsules and a next fill."""

from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.jobs import Job
from pharmacy.inventory import operations as inventory
from pharmacy.inventory.models import LotStatus
from pharmacy.kernel.jobs import JobKind
from pharmacy.labels import operations as labels
from pharmacy.labels.models import LabelKind
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.gates import LotsOut
from pharmacy.prescriptions import queries as prescriptions
from pharmacy.refills import operations as refills
from pharmacy.refills import queries as next_fills
from pharmacy.refills.models import Refill, RefillState
from pharmacy.staff.rules import Actor, Role
from pharmacy.titration import queries as plans
from tests.conftest import NOW
from tests.factories.bundles import sample_bundle, signed
from tests.factories.dates import begin_the_day_after
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import Bench
from tests.factories.prescribers import SigningKey
from tests.factories.staff import make_actor

COLLECTED = NOW + timedelta(hours=20)
"""Tuesday 3 March 2026, 12:30 in Houston: before the first dose that evening."""


@pytest.fixture
def bench(session: Session) -> Bench:
    bench = Bench(session)
    begin_the_day_after(bench)
    return bench


@pytest.fixture
def clinic(session: Session) -> Actor:
    return make_actor(session, Role.EHR_CLIENT)


def receive(session: Session, key: SigningKey, clinic: Actor) -> operations.Receipt:
    return operations.receive(
        session, signed(sample_bundle(), key), by=clinic, source_address="127.0.0.1", now=NOW
    )


def owed(session: Session, order: Order, kind: JobKind) -> int:
    return len(
        session.scalars(select(Job.id).where(Job.ref_id == order.id, Job.kind == kind)).all()
    )


def next_fill(session: Session, order: Order, now: datetime) -> Refill:
    refill = refills.schedule(session, order.id, now=now)
    assert refill is not None
    return refill


def test_a_signed_titration_becomes_three_vials_and_a_tracked_refill(
    bench: Bench, session: Session, clinic: Actor
) -> None:
    receipt = receive(session, bench.key, clinic)
    order = receipt.order
    assert (order.status, order.fill_no, order.authorised_fills) == (Status.RECEIVED, 1, 1)
    assert owed(session, order, JobKind.CHECK_ORDER) == 1

    bench.check(order)
    assert order.status is Status.REVIEW
    assert queries.open_holds(session, order.id) == []

    bench.approve(order)
    assert order.first_dose_on == date(2026, 3, 3)
    assert order.last_dose_on == date(2026, 5, 25)
    assert owed(session, order, JobKind.SCHEDULE_REFILL) == 1

    operations.allocate(session, order.id, by=bench.technician, now=NOW)
    assert owed(session, order, JobKind.RENDER_LABELS) == 1
    drawn = labels.render(session, order.id, now=NOW)
    assert [label.kind for label in drawn].count(LabelKind.CONTAINER) == 3
    assert [label.kind for label in drawn].count(LabelKind.LEAFLET) == 1
    assert order.labeled_at == NOW
    vials = queries.containers(session, order.id)
    assert [(v.strength_ug, v.quantity, v.first_dose_on, v.last_dose_on) for v in vials] == [
        (1_500, 28, date(2026, 3, 3), date(2026, 3, 30)),
        (3_000, 28, date(2026, 3, 31), date(2026, 4, 27)),
        (4_500, 28, date(2026, 4, 28), date(2026, 5, 25)),
    ]

    bench.pack(order)
    bench.release(order)
    bench.hand_over(order, at=COLLECTED)
    assert order.status is Status.HANDED_OVER
    assert [lot.on_hand for lot in bench.lots.values()] == [100, 72, 72, 72]

    refill = next_fill(session, order, COLLECTED)
    maintenance = prescriptions.following(session, order.prescription_id)
    assert maintenance is not None
    assert refill.prescription_id == maintenance.id
    assert (refill.state, refill.fill_no, refill.remaining_fills) == (RefillState.SCHEDULED, 1, 2)
    # 84 days from 3 March: 75 % is 63 days, the 63rd day counted from 3 March is 4 May; but the
    # maintenance is signed from 18 May (the sample's validityPeriod).
    assert refill.earliest_on == date(2026, 5, 18)
    assert refill.run_out_on == date(2026, 5, 26)
    assert refill.due_on == date(2026, 5, 19)


def test_the_next_fill_continues_with_the_maintenance_dose_and_then_a_renewal_is_needed(
    bench: Bench, session: Session, clinic: Actor
) -> None:
    first = receive(session, bench.key, clinic).order
    bench.walk(first, Status.HANDED_OVER)
    refill = next_fill(session, first, NOW)
    strengths = []

    for _ in range(2):
        bench.now += timedelta(days=80)
        bench.load_registries()
        make_capsule_lot(session, 4_500, beyond_use_on=date(2026, 12, 31))
        order = refills.order_next(session, refill.id, by=bench.technician, now=bench.now)
        bench.walk(order, Status.HANDED_OVER)
        assert order.plan_id is not None
        plan = plans.get(session, order.plan_id)
        strengths.append([(step.dose_ug, step.days) for step in plan.planned_steps])
        refill = next_fill(session, order, bench.now)

    assert strengths == [[(4_500, 84)], [(4_500, 84)]]
    assert refill.state is RefillState.RENEWAL_NEEDED
    assert next_fills.after_order(session, first.id) is not None


def test_the_same_bytes_again_give_the_same_order(
    bench: Bench, session: Session, clinic: Actor
) -> None:
    once = receive(session, bench.key, clinic)
    again = receive(session, bench.key, clinic)

    assert not once.replayed
    assert again.replayed
    assert again.order.id == once.order.id
    assert owed(session, once.order, JobKind.CHECK_ORDER) == 1


def test_a_lot_withdrawn_after_packing_costs_the_patient_no_fill(
    bench: Bench, session: Session, clinic: Actor
) -> None:
    order = receive(session, bench.key, clinic).order
    bench.walk(order, Status.PLANNED)
    operations.allocate(session, order.id, by=bench.technician, now=NOW)
    first = labels.render(session, order.id, now=NOW)
    bench.pack(order)
    inventory.withdraw_capsule_lot(
        session,
        bench.lots[1_500].id,
        status=LotStatus.RECALLED,
        reason="potency below 90 %",
        by=bench.pharmacist,
        now=NOW,
    )
    with pytest.raises(LotsOut):
        bench.release(order)

    labels.reallocate(
        session, order.id, reason="lot-withdrawn", by=bench.second_pharmacist, now=NOW
    )
    operations.allocate(session, order.id, by=bench.technician, now=NOW)
    assert order.status is Status.COMPOUNDING
    asked = queries.batch_requests(session, order.id)
    assert [(each.strength_ug, each.quantity) for each in asked] == [(1_500, 28)]

    fresh = make_capsule_lot(session, 1_500, 28)
    operations.allocate(session, order.id, by=bench.technician, now=NOW)
    second = labels.render(session, order.id, now=NOW)
    bench.walk(order, Status.READY)
    bench.hand_over(order, at=COLLECTED)

    assert queries.containers(session, order.id)[0].lot_id == fresh.id
    assert all(label.voided_at is None for label in second)
    for label in first:
        session.refresh(label)
        assert label.voided_at == NOW
    # 100 of each strength; 28 of each were packed and destroyed, 28 of 3 and 4.5 mg given besides.
    on_hand = {strength: bench.lots[strength].on_hand for strength in (1_500, 3_000, 4_500)}
    assert on_hand == {1_500: 72, 3_000: 44, 4_500: 44}
    assert fresh.on_hand == 0
    assert next_fill(session, order, COLLECTED).state is RefillState.SCHEDULED
