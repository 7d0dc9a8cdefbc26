"""An order from its receipt to its hand-over, and what its life leaves written."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.inventory.models import CapsuleMove, LotStatus, MoveKind
from pharmacy.kernel.ids import encode
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.intake import FillAlreadyOrdered, FillNotAuthorised
from pharmacy.orders.operations.rescreening import rescreen
from pharmacy.orders.rules import MOVES, Action, Status
from pharmacy.orders.rules.gates import (
    DatesImpossible,
    FindingsUndecided,
    GateClosed,
    IdentityNotChecked,
    LabelsMissing,
    PackMismatch,
    PrescriptionOver,
)
from pharmacy.orders.rules.handing_over import HandingOver
from pharmacy.orders.rules.life import MoveNotAllowed
from pharmacy.patients import operations as patients
from pharmacy.patients.rules import GivenAnswer, Reply, Topic
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions.models import Prescription
from pharmacy.staff.rules import WORKER, Role, SecondPersonNeeded
from tests.conftest import NOW
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import LIFE, Bench
from tests.factories.prescriptions import make_prescription
from tests.factories.registries import make_import


def moved(session: Session, kind: MoveKind) -> int:
    found = select(func.sum(CapsuleMove.quantity)).where(CapsuleMove.kind == kind)
    return int(session.scalar(found) or 0)


def test_an_order_goes_the_straight_way(bench: Bench) -> None:
    order = bench.order()

    for status in LIFE[1:]:
        bench.walk(order, status)
        assert order.status is status


def test_every_step_is_an_event_and_an_audit_entry(bench: Bench, session: Session) -> None:
    order = bench.order(Status.HANDED_OVER)

    told = [event.action for event in queries.events(session, order.id)]
    written = session.scalars(
        select(AuditEntry.action).where(AuditEntry.subject_id == order.id).order_by(AuditEntry.id)
    ).all()
    assert told == [
        "received",
        Action.CHECK,
        Action.APPROVE,
        Action.ALLOCATE,
        Action.LABEL,
        Action.PACK,
        Action.RELEASE,
        Action.HAND_OVER,
    ]
    assert written == [f"order.{action}" for action in told]
    assert order.version == len(told)


def test_every_move_in_an_orders_history_is_one_of_the_table(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.HANDED_OVER)

    for event in queries.events(session, order.id)[1:]:
        assert event.from_status is not None
        assert MOVES[Action(event.action)].paths[Status(event.from_status)] == event.to_status


def test_one_fill_has_one_order(bench: Bench, session: Session) -> None:
    order = bench.order()
    prescription = session.get_one(Prescription, order.prescription_id)

    for fill_no, refusal in (
        (1, FillAlreadyOrdered),
        (2, FillNotAuthorised),
        (0, FillNotAuthorised),
    ):
        with pytest.raises(refusal):
            operations.open_fill(
                session, prescription, fill_no=fill_no, policy=Policy(), by=WORKER, now=NOW
            )


def test_a_cancelled_prescription_is_not_approved(bench: Bench, session: Session) -> None:
    order = bench.order(Status.REVIEW)
    bench.decide(order)
    session.get_one(Prescription, order.prescription_id).cancelled_at = NOW

    with pytest.raises(PrescriptionOver):
        bench.approve(order)


def test_the_first_dose_is_not_in_the_past(bench: Bench) -> None:
    order = bench.order(Status.REVIEW)

    with pytest.raises(DatesImpossible):
        bench.approve(order, first_dose_on=NOW.date().replace(day=1))


def test_who_packed_may_not_check(bench: Bench, session: Session) -> None:
    order = bench.order(Status.LABELING)
    operations.pack(session, order.id, scanned=bench.codes(order), by=bench.pharmacist, now=NOW)

    with pytest.raises(SecondPersonNeeded):
        bench.release(order, by=bench.pharmacist)
    bench.release(order, by=bench.second_pharmacist)
    assert order.status is Status.READY


def test_nothing_is_packed_before_its_labels_are_drawn(bench: Bench, session: Session) -> None:
    order = bench.order(Status.PLANNED)
    operations.allocate(session, order.id, by=bench.technician, now=NOW)

    with pytest.raises(LabelsMissing):
        operations.pack(session, order.id, scanned=bench.codes(order), by=bench.technician, now=NOW)


def test_another_orders_vial_stops_the_line(bench: Bench, session: Session) -> None:
    order = bench.order(Status.LABELING)
    other = bench.order(Status.LABELING)
    scanned = [*bench.codes(order)[:-1], bench.codes(other)[-1]]

    with pytest.raises(PackMismatch) as refused:
        operations.pack(session, order.id, scanned=scanned, by=bench.technician, now=NOW)

    assert refused.value.facts["foreign"] == [bench.codes(other)[-1]]
    assert order.status is Status.LABELING


def test_sent_back_an_order_is_packed_and_scanned_again(bench: Bench, session: Session) -> None:
    order = bench.order(Status.FINAL_CHECK)

    operations.send_back(session, order.id, reason="wrong-count", by=bench.pharmacist, now=NOW)

    assert (order.status, order.packed_by) == (Status.LABELING, None)
    assert all(each.scanned_at is None for each in queries.containers(session, order.id))
    bench.walk(order, Status.READY)
    assert order.status is Status.READY


def test_a_withdrawn_lot_stops_the_release_and_the_hand_over(
    bench: Bench, session: Session
) -> None:
    packed, ready = bench.order(Status.FINAL_CHECK), bench.order(Status.READY)
    bench.lots[3_000].status = LotStatus.RECALLED
    session.flush()

    with pytest.raises(GateClosed) as refused:
        bench.release(packed)
    with pytest.raises(GateClosed):
        bench.hand_over(ready)

    assert refused.value.facts["lots"] == [bench.lots[3_000].lot_number]


def test_who_takes_opioids_by_now_is_not_handed_a_released_order(
    bench: Bench, session: Session
) -> None:
    ready = bench.order(Status.READY)
    said = GivenAnswer(topic=Topic.OPIOIDS, reply=Reply.YES)
    patients.record_answers(
        session, ready.patient_id, [said], source="patient-phone", by=bench.technician, now=NOW
    )
    rescreen(session, ready.patient_id, now=NOW)

    with pytest.raises(FindingsUndecided):
        bench.hand_over(ready)


def test_a_licence_that_ended_since_the_review_stops_the_release(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.FINAL_CHECK)
    bench.license.status_raw = "Suspended"
    make_import(session, "licenses:TX", file_date=NOW.date(), imported_at=NOW)

    with pytest.raises(GateClosed) as refused:
        bench.release(order)
    operations.recheck(session, order.id, by=bench.pharmacist, now=NOW)
    operations.check(session, order.id, now=NOW)

    assert refused.value.facts["codes"] == ["license-not-active"]
    assert [hold.code for hold in queries.open_holds(session, order.id)] == ["license-not-active"]
    assert order.status is Status.FINAL_CHECK


def test_a_release_keeps_its_dated_evidence(bench: Bench, session: Session) -> None:
    order = bench.order(Status.READY)

    event = queries.last_event(session, order.id, Action.RELEASE)

    assert event is not None
    assert len(event.facts["checks"]) == 4  # identity, licence, exclusion list, key
    assert len(event.facts["lots"]) == 3


def test_two_identifiers_are_compared_before_anything_leaves(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.READY)

    with pytest.raises(IdentityNotChecked):
        operations.hand_over(
            session,
            order.id,
            given=HandingOver(identifiers=["name", "name"], counselling="declined"),
            by=bench.technician,
            now=NOW,
        )


def test_what_was_handed_over_left_the_shelf_once(bench: Bench, session: Session) -> None:
    order = bench.order(Status.HANDED_OVER)

    with pytest.raises(MoveNotAllowed):
        bench.hand_over(order)

    assert moved(session, MoveKind.DISPENSED) == 84
    assert [(lot.on_hand, lot.reserved) for lot in bench.lots.values()] == [
        (100, 0),
        (72, 0),
        (72, 0),
        (72, 0),
    ]


def test_medicine_that_comes_back_is_not_restocked(bench: Bench, session: Session) -> None:
    order = bench.order(Status.HANDED_OVER)

    operations.return_(session, order.id, reason="stopped", by=bench.technician, now=NOW)

    assert order.status is Status.RETURNED
    assert bench.lots[1_500].on_hand == 72


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        (Status.RECEIVED, "none-made"),
        (Status.REVIEW, "none-made"),
        (Status.PLANNED, "none-made"),
        (Status.LABELING, "back-in-stock"),
        (Status.FINAL_CHECK, "destroyed"),
        (Status.READY, "destroyed"),
    ],
)
def test_cancelling_answers_by_stage_what_was_made(
    bench: Bench, session: Session, status: Status, fate: str
) -> None:
    made = 0 if fate == "none-made" else 84
    back, wasted = (made, 0) if fate == "back-in-stock" else (0, made)
    order = bench.order(status)

    operations.cancel(session, order.id, reason="prescriber-asked", by=bench.pharmacist, now=NOW)

    event = queries.last_event(session, order.id, Action.CANCEL)
    assert event is not None
    assert (event.facts["stage"], event.facts["capsules"]) == (status, fate)
    assert sum(each["capsules"] for each in event.facts["made"]) == made
    assert moved(session, MoveKind.UNRESERVED) == back
    assert moved(session, MoveKind.WASTED) == wasted
    assert sum(lot.reserved for lot in bench.lots.values()) == 0
    assert sum(lot.on_hand for lot in bench.lots.values()) == 400 - wasted
    assert order.status is Status.CANCELLED


def test_a_waiting_order_is_cancelled_too(session: Session) -> None:
    bench = Bench(session, stock=False)
    order = bench.order(Status.PLANNED)
    operations.allocate(session, order.id, by=bench.technician, now=NOW)
    assert order.status is Status.COMPOUNDING

    operations.cancel(session, order.id, reason="patient-asked", by=bench.pharmacist, now=NOW)

    assert order.status is Status.CANCELLED


def test_a_clinic_cancels_only_its_own_prescribers_orders(bench: Bench, session: Session) -> None:
    order = bench.order(Status.PLANNED)
    stranger = bench.person(Role.EHR_CLIENT, npi="1999999901")

    with pytest.raises(queries.OrderNotFound):
        operations.cancel(session, order.id, reason="prescriber-asked", by=stranger, now=NOW)
    operations.cancel(
        session, order.id, reason="prescriber-asked", by=bench.person(Role.EHR_CLIENT), now=NOW
    )
    assert order.status is Status.CANCELLED


def test_capsules_that_are_missing_are_asked_for_and_used_when_they_come(
    session: Session,
) -> None:
    bench = Bench(session, stock=False)
    make_capsule_lot(session, 1_500, 100)
    make_capsule_lot(session, 3_000, 20)
    order = bench.order(Status.PLANNED)

    operations.allocate(session, order.id, by=bench.technician, now=NOW)
    asked = queries.batch_requests(session, order.id)
    assert order.status is Status.COMPOUNDING
    assert [(each.strength_ug, each.quantity) for each in asked] == [(3_000, 8), (4_500, 28)]
    assert queries.containers(session, order.id) == []

    make_capsule_lot(session, 4_500, 28)
    operations.allocate(session, order.id, by=bench.technician, now=NOW)
    asked = queries.batch_requests(session, order.id)
    assert [(each.strength_ug, each.quantity) for each in asked] == [(3_000, 8)]

    make_capsule_lot(session, 3_000, 8)
    operations.allocate(session, order.id, by=bench.technician, now=NOW)
    assert order.status is Status.LABELING
    assert queries.batch_requests(session, order.id) == []
    vials = [(each.strength_ug, each.quantity) for each in queries.containers(session, order.id)]
    assert sorted(vials) == [(1_500, 28), (3_000, 8), (3_000, 20), (4_500, 28)]


def test_each_container_has_its_own_code_and_its_part(bench: Bench, session: Session) -> None:
    order = bench.order(Status.LABELING)

    vials = queries.containers(session, order.id)

    assert len({encode("ctr", each.id) for each in vials}) == 3
    assert [(each.part_no, each.parts, each.step_no, each.steps) for each in vials] == [
        (1, 3, 1, 3),
        (2, 3, 2, 3),
        (3, 3, 3, 3),
    ]


def test_an_order_that_is_over_is_left_alone_by_the_worker(bench: Bench, session: Session) -> None:
    order: Order = bench.order(Status.LABELING)
    operations.cancel(session, order.id, reason="patient-asked", by=bench.pharmacist, now=NOW)
    version = order.version

    operations.check(session, order.id, now=NOW)
    operations.labeled(session, order.id, now=NOW)

    assert (order.status, order.version) == (Status.CANCELLED, version)


def test_a_second_fill_of_a_maintenance_is_its_own_order(bench: Bench, session: Session) -> None:
    prescription = make_prescription(session, authorised_fills=2, days_per_fill=28)

    first = bench.order(prescription=prescription)
    second = bench.order(prescription=prescription, fill_no=2)

    assert (first.fill_no, second.fill_no) == (1, 2)
