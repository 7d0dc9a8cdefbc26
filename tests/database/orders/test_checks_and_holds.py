"""What the worker finds holds an order, and what lifts a hold again."""

from datetime import date, datetime, timedelta, timezone

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra.jobs import Job
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Hold, Order
from pharmacy.orders.operations.holding import DeadlineImpossible
from pharmacy.orders.operations.rescreening import rescreen
from pharmacy.orders.rules import Origin, Owner, Status
from pharmacy.orders.rules.gates import FindingsUndecided
from pharmacy.orders.rules.holds import HoldNotLiftable, HoldReasonNeeded
from pharmacy.orders.rules.life import MoveNotAllowed, OrderHeld
from pharmacy.patients import operations as patients
from pharmacy.patients.rules import GivenAnswer, Reply, Topic
from pharmacy.prescribers.models import Revocation
from pharmacy.staff.rules import WORKER, PermissionMissing
from tests.conftest import NOW
from tests.factories.orders import Bench
from tests.factories.patients import make_patient
from tests.factories.prescriptions import make_prescription, regimen
from tests.factories.registries import make_import

DIFFERENCE = {"code": "text-dose-differs", "words": "Step 2 says 3 mg and 30 mg.", "step": 2}


def open_codes(session: Session, order: Order) -> list[str]:
    return [hold.code for hold in queries.open_holds(session, order.id)]


def again(bench: Bench, order: Order) -> Order:
    operations.recheck(bench.session, order.id, by=bench.pharmacist, now=bench.now)
    return operations.check(bench.session, order.id, now=bench.now)


def test_each_disagreement_in_what_was_signed_holds_the_order(
    bench: Bench, session: Session
) -> None:
    other = {"code": "quantity-differs", "words": "84 capsules, 90 days.", "step": None}
    order = bench.order(Status.REVIEW, disagreements=[DIFFERENCE, other, DIFFERENCE | {"step": 3}])

    held = {hold.code: hold for hold in queries.open_holds(session, order.id)}

    assert set(held) == {"text-dose-differs", "quantity-differs"}
    assert held["text-dose-differs"].facts == {"steps": [2, 3]}
    assert held["text-dose-differs"].owner is Owner.PHARMACIST
    assert held["text-dose-differs"].deadline_at == NOW + timedelta(hours=24)
    with pytest.raises(OrderHeld):
        bench.approve(order)


def test_a_decided_disagreement_stays_decided_when_it_is_checked_again(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.REVIEW, disagreements=[DIFFERENCE])
    hold = queries.open_holds(session, order.id)[0]
    operations.lift_hold(
        session, order.id, hold.id, reason="the clinic means 3 mg", by=bench.pharmacist, now=NOW
    )

    again(bench, order)

    assert open_codes(session, order) == []
    bench.approve(order)


def test_an_expired_licence_is_lifted_by_a_check_and_by_nobody_else(
    bench: Bench, session: Session
) -> None:
    bench.license.expires_on = date(2026, 3, 1)
    session.flush()
    order = bench.order(Status.REVIEW)
    assert open_codes(session, order) == ["license-expired"]

    hold = queries.open_holds(session, order.id)[0]
    with pytest.raises(HoldNotLiftable):
        operations.lift_hold(
            session, order.id, hold.id, reason="I know them", by=bench.pharmacist, now=NOW
        )
    bench.license.expires_on = date(2028, 3, 1)
    make_import(session, "licenses:TX", file_date=NOW.date())
    again(bench, order)

    assert open_codes(session, order) == []
    assert hold.lift_reason == "no-longer-applies"


def test_missing_registries_hold_and_never_pass(session: Session) -> None:
    bench = Bench(session, registries=False)

    order = bench.order(Status.REVIEW)

    assert set(open_codes(session, order)) == {
        "identity-file-missing",
        "license-file-missing",
        "exclusion-list-missing",
    }


def test_a_dose_that_no_strength_makes_holds_the_order(bench: Bench, session: Session) -> None:
    """domain.md E1: 2.25 mg."""
    order = bench.order(Status.REVIEW, regimen=regimen((2_250, 28), (4_500, 28)))

    assert "no-strength-for-dose" in open_codes(session, order)
    assert order.plan_id is None


def test_a_patient_in_a_state_without_our_licence_holds_the_order(
    bench: Bench, session: Session
) -> None:
    patient = make_patient(session, identifier_value="MRN-TEST-NV", state="NV")

    order = bench.order(Status.REVIEW, patient=patient)

    assert open_codes(session, order) == ["site-not-licensed-in-state"]


def test_checking_twice_changes_nothing_more(bench: Bench, session: Session) -> None:
    order = bench.order(Status.REVIEW, disagreements=[DIFFERENCE])
    plan_id, held = order.plan_id, open_codes(session, order)

    operations.check(session, order.id, now=NOW)

    assert (order.plan_id, open_codes(session, order)) == (plan_id, held)
    assert len(queries.holds(session, order.id)) == 1


def test_every_recheck_is_owed_as_a_job_of_its_own(bench: Bench, session: Session) -> None:
    order = bench.order(Status.REVIEW)

    for _ in range(2):
        again(bench, order)

    owed = session.scalars(
        select(Job.dedupe_key).where(Job.ref_id == order.id, Job.kind == JobKind.CHECK_ORDER)
    ).all()
    assert len(owed) == 3


def test_questions_that_were_not_asked_keep_the_order_in_review(
    bench: Bench, session: Session
) -> None:
    order = bench.order()
    operations.check(session, order.id, now=NOW)

    with pytest.raises(FindingsUndecided):
        operations.approve(session, order.id, by=bench.pharmacist, now=NOW)


def test_a_new_answer_about_opioids_reaches_an_order_that_was_decided(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.REVIEW)
    bench.decide(order)
    said = GivenAnswer(topic=Topic.OPIOIDS, reply=Reply.YES)
    patients.record_answers(
        session, order.patient_id, [said], source="patient-phone", by=bench.technician, now=NOW
    )

    assert rescreen(session, order.patient_id, now=NOW) == [order]

    with pytest.raises(FindingsUndecided):
        operations.approve(session, order.id, by=bench.pharmacist, now=NOW)


def test_a_technician_places_a_hold_that_only_a_pharmacist_lifts(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.PLANNED)
    hold = operations.place_hold(
        session, order.id, code="patient-called", words="Ask again.", by=bench.technician, now=NOW
    )

    with pytest.raises(OrderHeld):
        bench.allocate(order)
    with pytest.raises(PermissionMissing):
        operations.lift_hold(
            session, order.id, hold.id, reason="asked", by=bench.technician, now=NOW
        )
    with pytest.raises(HoldReasonNeeded):
        operations.lift_hold(session, order.id, hold.id, reason="", by=bench.pharmacist, now=NOW)
    operations.lift_hold(session, order.id, hold.id, reason="asked", by=bench.pharmacist, now=NOW)
    bench.allocate(order)


def test_the_same_hold_is_placed_once(bench: Bench, session: Session) -> None:
    order = bench.order(Status.PLANNED)
    placed = [
        operations.place_hold(session, order.id, code="a-code", words="W.", by=WORKER, now=NOW)
        for _ in range(2)
    ]

    assert placed[0].id == placed[1].id
    session.add(
        Hold(
            order_id=order.id,
            code="a-code",
            words="W.",
            owner=Owner.PHARMACIST,
            origin=Origin.PERSON,
            facts={},
            placed_at=NOW,
            deadline_at=NOW,
        )
    )
    with pytest.raises(IntegrityError, match="uq_holds_open"):
        session.flush()


def test_a_persons_hold_under_a_machines_code_neither_hides_nor_settles_what_the_machine_found(
    bench: Bench, session: Session
) -> None:
    """Else a technician could place it, have it lifted as a mistake, and the finding were gone."""
    order = bench.order(prescription=make_prescription(session, disagreements=[DIFFERENCE]))
    theirs = operations.place_hold(
        session, order.id, code="text-dose-differs", words="W.", by=bench.technician, now=NOW
    )
    operations.check(session, order.id, now=NOW)
    assert open_codes(session, order) == ["text-dose-differs"] * 2

    operations.lift_hold(
        session, order.id, theirs.id, reason="a mistake", by=bench.pharmacist, now=NOW
    )
    operations.check(session, order.id, now=NOW)

    assert open_codes(session, order) == ["text-dose-differs"]


@pytest.mark.parametrize(
    "deadline_at",
    [
        NOW,
        NOW + timedelta(days=367),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
    ],
)
def test_a_deadline_that_no_calendar_can_show_is_refused_and_does_not_poison_the_queue(
    bench: Bench, session: Session, deadline_at: datetime
) -> None:
    """PostgreSQL keeps the year 10000; whoever reads it back, reads the queue no more."""
    order = bench.order(Status.PLANNED)

    with pytest.raises(DeadlineImpossible):
        operations.place_hold(
            session,
            order.id,
            code="call-back",
            words="W.",
            deadline_at=deadline_at,
            by=bench.technician,
            now=NOW,
        )


def test_an_order_that_is_over_is_not_held(bench: Bench, session: Session) -> None:
    order = bench.order(Status.HANDED_OVER)

    with pytest.raises(MoveNotAllowed):
        operations.place_hold(session, order.id, code="late", words="W.", by=WORKER, now=NOW)


def test_labels_that_could_be_drawn_after_all_lift_their_own_hold(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.PLANNED)
    operations.allocate(session, order.id, by=bench.technician, now=NOW)
    operations.place_hold(
        session,
        order.id,
        code="text-does-not-fit",
        words="The name does not fit.",
        origin=Origin.LABELS,
        by=WORKER,
        now=NOW,
    )

    operations.check(session, order.id, now=NOW)
    assert open_codes(session, order) == ["text-does-not-fit"]

    operations.labeled(session, order.id, now=NOW)
    assert open_codes(session, order) == []


def test_a_recheck_owes_the_labels_that_are_still_missing(bench: Bench, session: Session) -> None:
    order = bench.order(Status.PLANNED)
    operations.allocate(session, order.id, by=bench.technician, now=NOW)

    operations.recheck(session, order.id, by=bench.pharmacist, now=NOW)

    owed = session.scalars(
        select(Job.id).where(Job.ref_id == order.id, Job.kind == JobKind.RENDER_LABELS)
    ).all()
    assert len(owed) == 2


def test_a_compromised_key_holds_what_it_signed_since_and_nothing_handed_over(
    bench: Bench, session: Session
) -> None:
    waiting, gone = bench.order(Status.LABELING), bench.order(Status.HANDED_OVER)

    _, routine = operations.end_key(
        session, bench.key.kid, revocation=Revocation.ROUTINE, by=bench.pharmacist, now=NOW
    )
    _, held = operations.end_key(
        session,
        bench.key.kid,
        revocation=Revocation.COMPROMISED,
        compromised_since=NOW,
        by=bench.pharmacist,
        now=NOW,
    )

    assert (routine, held) == (0, 1)
    assert open_codes(session, waiting) == ["key-compromised"]
    assert open_codes(session, gone) == []
    with pytest.raises(OrderHeld):
        bench.pack(waiting)


def test_a_fill_that_the_regimen_does_not_describe_holds_its_order(
    bench: Bench, session: Session
) -> None:
    """A repeat on a titration without "then continue" (domain.md 1.5)."""
    prescription = make_prescription(session, authorised_fills=2, days_per_fill=84)

    order = bench.order(Status.REVIEW, prescription=prescription, fill_no=2)

    assert open_codes(session, order) == ["fill-not-described"]
