"""Questions to the prescriber: held until answered, answered in three ways, never edited."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Clarification, Order, OrderEvent
from pharmacy.orders.rules import Action, Owner, Status
from pharmacy.orders.rules.clarifying import (
    AnswersAnotherOrder,
    NotReadBack,
    QuestionClosed,
    QuestionKind,
    QuestionOpen,
    SaidAtAnotherTime,
    WordsNeeded,
)
from pharmacy.orders.rules.holds import HoldNotLiftable
from pharmacy.orders.rules.life import OrderHeld
from pharmacy.patients.models import Patient
from pharmacy.prescriptions.models import Prescription
from pharmacy.staff.rules import Actor, PermissionMissing, Role
from tests.conftest import NOW
from tests.factories.bundles import fresh_bundle, resource, signed
from tests.factories.orders import Bench
from tests.factories.staff import make_actor

QUESTION = "Is step 2 meant to be 3 mg or 30 mg?"
ANSWER = "Certainly 3 mg, and never 30."


def ask(bench: Bench, order: Order, **more: Any) -> Clarification:
    asked = {"kind": QuestionKind.DOSE, "words": QUESTION, "by": bench.pharmacist} | more
    return operations.ask(bench.session, order.id, now=bench.now, **asked)


@pytest.fixture
def physician(session: Session) -> Actor:
    return make_actor(session, Role.PHYSICIAN)


def submitted(bench: Bench, by: Actor, **members: Any) -> Order:
    """An order that came in signed, checked by the worker."""
    token = signed(fresh_bundle(**members), bench.key)
    receipt = operations.receive(
        bench.session, token, by=by, source_address="192.0.2.1", now=bench.now
    )
    return bench.check(receipt.order)


def test_a_question_holds_the_order_for_the_prescriber_until_a_deadline(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.REVIEW)

    question = ask(bench, order, field="dosageInstruction[1]")

    hold = queries.get_hold(session, order.id, question.hold_id)
    assert (hold.code, hold.owner) == ("clarification-dose", Owner.PRESCRIBER)
    assert hold.deadline_at == question.escalate_at == bench.now + timedelta(hours=72)
    assert question.remind_at == bench.now + timedelta(hours=24)
    assert QUESTION not in hold.words
    with pytest.raises(OrderHeld):
        bench.approve(order)
    with pytest.raises(HoldNotLiftable):
        operations.lift_hold(
            session, order.id, hold.id, reason="never mind", by=bench.pharmacist, now=bench.now
        )


def test_only_a_pharmacist_asks_and_in_words_and_once_of_a_kind(bench: Bench) -> None:
    order = bench.order(Status.REVIEW)

    with pytest.raises(PermissionMissing):
        ask(bench, order, by=bench.technician)
    with pytest.raises(WordsNeeded):
        ask(bench, order, words="  ")
    ask(bench, order)
    with pytest.raises(QuestionOpen):
        ask(bench, order)
    ask(bench, order, kind=QuestionKind.QUANTITY)


def test_an_answer_in_words_waits_for_a_pharmacist_to_read_it(
    bench: Bench, session: Session, physician: Actor
) -> None:
    order = bench.order(Status.REVIEW)
    question = ask(bench, order)

    operations.answer_in_words(
        session, order.id, question.id, words="3 mg.", by=physician, now=bench.now
    )

    (hold,) = queries.open_holds(session, order.id)
    assert (hold.code, hold.owner) == ("clarification-answered", Owner.PHARMACIST)
    operations.lift_hold(
        session, order.id, hold.id, reason="as planned", by=bench.pharmacist, now=bench.now
    )
    assert bench.approve(order).status is Status.PLANNED


def test_a_spoken_answer_counts_when_it_was_read_back(bench: Bench, session: Session) -> None:
    order = bench.order(Status.REVIEW)
    question = ask(bench, order)
    heard = {"words": "3 mg.", "spoke_with": "Dr Testprescriber", "by": bench.pharmacist}

    for gap in ({"read_back": False}, {"read_back": True, "spoke_with": " "}):
        with pytest.raises(NotReadBack):
            operations.note_telephone(session, order.id, question.id, now=bench.now, **heard | gap)
    operations.note_telephone(
        session, order.id, question.id, read_back=True, now=bench.now, **heard
    )

    assert (question.state, question.answer, question.read_back) == ("answered", "telephone", True)
    assert queries.open_holds(session, order.id) == []


def test_an_answer_was_said_after_its_question_and_before_it_was_noted(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.REVIEW)
    question = ask(bench, order)
    later = bench.now + timedelta(hours=3)

    def note(said_at: datetime) -> None:
        operations.note_telephone(
            session,
            order.id,
            question.id,
            words="3 mg.",
            spoke_with="Dr Testprescriber",
            read_back=True,
            said_at=said_at,
            by=bench.pharmacist,
            now=later,
        )

    early = "update clarifications set said_at = asked_at - interval '2 minutes'"
    with pytest.raises(IntegrityError, match="said_before_it_was_noted"), session.begin_nested():
        session.execute(text(early))
    for wrong in (bench.now - timedelta(minutes=2), later + timedelta(minutes=1)):
        with pytest.raises(SaidAtAnotherTime):
            note(wrong)
    note(bench.now + timedelta(hours=1))

    assert question.said_at == bench.now + timedelta(hours=1)
    assert question.answered_at == later


def test_a_new_signature_replaces_the_order_and_edits_nothing(
    bench: Bench, session: Session, physician: Actor
) -> None:
    order = submitted(bench, physician)
    question = ask(bench, order)
    before = session.get_one(Prescription, order.prescription_id).regimen
    mrn = patient_of(session, order)

    receipt = operations.answer_by_prescription(
        session,
        order.id,
        question.id,
        token=signed(fresh_bundle(mrn), bench.key),
        source_address="192.0.2.1",
        by=physician,
        now=bench.now,
    )

    old = session.get_one(Prescription, order.prescription_id)
    assert (order.status, receipt.order.status) == (Status.CANCELLED, Status.RECEIVED)
    assert (old.regimen, old.cancelled_at) == (before, bench.now)
    assert question.replacement_id == receipt.order.prescription_id
    answered = queries.last_event(session, order.id, Action.ANSWER)
    assert answered is not None
    assert answered.facts["replaced_by"] == str(receipt.order.id)
    cancelled = queries.last_event(session, order.id, Action.CANCEL)
    assert cancelled is not None
    assert cancelled.facts["code"] == "replaced"


def patient_of(session: Session, order: Order) -> Any:
    """Make the next bundle the same patient's."""
    value = session.get_one(Patient, order.patient_id).identifier_value

    def change(bundle: dict[str, Any]) -> None:
        resource(bundle, "Patient")["identifier"][0]["value"] = value

    return change


def test_a_prescription_for_somebody_else_is_no_answer(
    bench: Bench, session: Session, physician: Actor
) -> None:
    order = submitted(bench, physician)
    question = ask(bench, order)

    with pytest.raises(AnswersAnotherOrder), session.begin_nested():
        operations.answer_by_prescription(
            session,
            order.id,
            question.id,
            token=signed(fresh_bundle(), bench.key),
            source_address="192.0.2.1",
            by=physician,
            now=bench.now,
        )
    session.refresh(question)
    assert question.is_open


def test_a_closed_question_stays_closed(bench: Bench, session: Session, physician: Actor) -> None:
    order = bench.order(Status.REVIEW)
    question = ask(bench, order)
    operations.withdraw(
        session, order.id, question.id, reason="found it", by=bench.pharmacist, now=bench.now
    )

    assert queries.open_holds(session, order.id) == []
    with pytest.raises(QuestionClosed):
        operations.answer_in_words(
            session, order.id, question.id, words="3 mg.", by=physician, now=bench.now
        )


def test_the_database_too_rewrites_no_question_and_no_answer(
    bench: Bench, session: Session, physician: Actor
) -> None:
    order = bench.order(Status.REVIEW)
    question = ask(bench, order)
    with pytest.raises(IntegrityError, match="not rewritten"), session.begin_nested():
        session.execute(text("update clarifications set words = 'another question'"))
    operations.answer_in_words(
        session, order.id, question.id, words="3 mg.", by=physician, now=bench.now
    )

    with pytest.raises(IntegrityError, match="stands"), session.begin_nested():
        session.execute(text("update clarifications set answer_words = '30 mg.'"))


def test_the_clock_reminds_once_and_then_hands_the_question_to_a_pharmacist(
    bench: Bench, session: Session
) -> None:
    order = bench.order(Status.REVIEW)
    question = ask(bench, order)

    def after(hours: int) -> list[str]:
        operations.look_after_questions(session, now=NOW + timedelta(hours=hours))
        found = select(OrderEvent.action).where(
            OrderEvent.order_id == order.id, OrderEvent.by_kind == "worker"
        )
        actions = session.scalars(found.order_by(OrderEvent.id)).all()
        return [each.removeprefix("clarification-") for each in actions if "clarif" in each]

    assert after(23) == []
    assert after(24) == after(71) == ["reminded"]
    assert queries.get_hold(session, order.id, question.hold_id).owner is Owner.PRESCRIBER
    assert after(72) == after(500) == ["reminded", "escalated"]
    assert queries.get_hold(session, order.id, question.hold_id).owner is Owner.PHARMACIST


def test_the_audit_knows_of_every_step_and_of_no_word(
    bench: Bench, session: Session, physician: Actor
) -> None:
    """Four questions: each is answered in another way, or withdrawn."""
    order = submitted(bench, physician)
    first, second, third, fourth = (
        ask(bench, order, kind=kind)
        for kind in (
            QuestionKind.DOSE,
            QuestionKind.QUANTITY,
            QuestionKind.DIRECTIONS,
            QuestionKind.OTHER,
        )
    )
    at = {"now": bench.now}
    operations.answer_in_words(session, order.id, first.id, words=ANSWER, by=physician, **at)
    operations.note_telephone(
        session,
        order.id,
        second.id,
        words=ANSWER,
        spoke_with="Dr Testprescriber",
        read_back=True,
        by=bench.pharmacist,
        **at,
    )
    operations.withdraw(session, order.id, third.id, reason=ANSWER, by=bench.pharmacist, **at)
    operations.answer_by_prescription(
        session,
        order.id,
        fourth.id,
        token=signed(fresh_bundle(patient_of(session, order)), bench.key),
        source_address="192.0.2.1",
        by=physician,
        **at,
    )

    entries = session.scalars(
        select(AuditEntry)
        .where(AuditEntry.subject_id == order.id, AuditEntry.action.startswith("order.clarif"))
        .order_by(AuditEntry.id)
    ).all()
    assert [(each.action.removeprefix("order.clarification-"), each.by_id) for each in entries] == [
        *[("asked", bench.pharmacist.id)] * 4,
        ("answered", physician.id),
        ("noted", bench.pharmacist.id),
        ("withdrawn", bench.pharmacist.id),
        ("answered", physician.id),
    ]
    told = str(session.scalars(select(AuditEntry.detail)).all())
    for words in (QUESTION, ANSWER, "Dr Testprescriber"):
        assert words not in told
