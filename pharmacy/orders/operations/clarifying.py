"""Asking the prescriber, and what comes back. Nothing but a new signature changes an order."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from pharmacy.orders import queries
from pharmacy.orders.models import Clarification, Hold, Order
from pharmacy.orders.operations.cancelling import cancel
from pharmacy.orders.operations.intake import Receipt, receive
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.rules import OPEN, Action, Origin, Owner
from pharmacy.orders.rules.clarifying import (
    ANSWERED,
    AnswerKind,
    AnswersAnotherOrder,
    QuestionClosed,
    QuestionKind,
    QuestionOpen,
    hold_code,
    require_read_back,
    require_said_between,
    require_words,
)
from pharmacy.orders.rules.reasons import CancelReason
from pharmacy.practice import queries as practice
from pharmacy.prescriptions import operations as prescriptions
from pharmacy.prescriptions import queries as prescription_queries
from pharmacy.staff.rules import WORKER, Actor

AT_ONCE = 100
"""Questions that one tick looks after; the next one goes on."""


def ask(
    session: Session,
    order_id: UUID,
    *,
    kind: QuestionKind,
    words: str,
    field: str | None = None,
    finding_id: UUID | None = None,
    by: Actor,
    now: datetime,
) -> Clarification:
    """
    Ask the prescriber about an order, and hold it until the answer is there.

    Args:
        words: The question itself. The prescriber reads it; logs and audit do not hold it.
        field: Which part of the prescription it is about: `dosageInstruction[1]`, …
        finding_id: Which finding of the screening it is about.

    Raises:
        WordsNeeded: Nothing is asked.
        QuestionOpen: One of this kind waits already.
        MoveNotAllowed, PermissionMissing: As the order and the asker stand.
    """
    order = lock_for(session, order_id, by)
    asked = require_words(words)
    if any(each.kind is kind for each in queries.open_clarifications(session, order_id)):
        raise QuestionOpen(f"a question about {kind} waits for its answer", kind=kind)
    policy = practice.policy(session)
    remind_at = now + timedelta(hours=policy.clarification_reminder_hours)
    escalate_at = now + timedelta(hours=policy.clarification_escalation_hours)
    take(session, order, Action.ASK, by=by, now=now, facts={"question": kind})
    hold = Hold(
        code=hold_code(kind),
        words=f"The prescriber was asked about: {kind}.",
        owner=Owner.PRESCRIBER,
        deadline_at=escalate_at,
        **_placed(order, by, now),
    )
    session.add(hold)
    session.flush()
    question = Clarification(
        order_id=order_id,
        kind=kind,
        field=field,
        finding_id=finding_id,
        words=asked,
        hold_id=hold.id,
        asked_by=by.id,
        asked_at=now,
        remind_at=remind_at,
        escalate_at=escalate_at,
    )
    session.add(question)
    session.flush()
    return question


def answer_in_words(
    session: Session,
    order_id: UUID,
    clarification_id: UUID,
    *,
    words: str,
    by: Actor,
    now: datetime,
) -> Clarification:
    """
    Keep the clinic's answer in words, and have a pharmacist read it before the order goes on.

    It is not signed, and so changes nothing about the order: where the answer is another dose, the
    prescriber signs a new prescription.
    """
    order, question = _open(session, order_id, clarification_id, by)
    said = require_words(words)
    said_so = {"answer": AnswerKind.TEXT, "answer_words": said}
    _answered(session, order, question, Action.ANSWER, said_so, by=by, now=now)
    deadline = now + timedelta(hours=practice.policy(session).hold_deadline_hours)
    if all(each.code != ANSWERED for each in queries.open_holds(session, order_id)):
        hold = Hold(
            code=ANSWERED,
            words="The prescriber answered: read it, then lift this hold or reject the order.",
            owner=Owner.PHARMACIST,
            deadline_at=deadline,
            **_placed(order, by, now),
        )
        session.add(hold)
    session.flush()
    return question


def note_telephone(
    session: Session,
    order_id: UUID,
    clarification_id: UUID,
    *,
    words: str,
    spoke_with: str,
    read_back: bool,
    said_at: datetime | None = None,
    by: Actor,
    now: datetime,
) -> Clarification:
    """
    Keep what a pharmacist heard on the telephone, read back and confirmed, as just that.

    Args:
        said_at: When it was said. Default: now.

    Raises:
        NotReadBack: It was not read back, or nobody is named.
        SaidAtAnotherTime: Before the question was asked, or later than now.
    """
    order, question = _open(session, order_id, clarification_id, by)
    require_read_back(spoke_with=spoke_with, read_back=read_back)
    require_said_between(said_at or now, asked_at=question.asked_at, now=now)
    heard = {
        "answer": AnswerKind.TELEPHONE,
        "answer_words": require_words(words),
        "spoke_with": spoke_with.strip(),
        "read_back": True,
        "said_at": said_at or now,
    }
    _answered(session, order, question, Action.NOTE_ANSWER, heard, by=by, now=now)
    return question


def answer_by_prescription(
    session: Session,
    order_id: UUID,
    clarification_id: UUID,
    *,
    token: bytes,
    source_address: str,
    by: Actor,
    now: datetime,
) -> Receipt:
    """
    Take a new signed prescription as the answer: it replaces the order's, which is cancelled.

    Nothing of the old prescription is edited. What was made for the old order is given up as at
    any cancellation, and the new one begins at its check.

    Raises:
        AnswersAnotherOrder: It is for another patient or by another prescriber, or not new.
        Refusal: Whatever `receive` refuses.
    """
    order, question = _open(session, order_id, clarification_id, by)
    look_ahead(session, order, Action.ANSWER, by=by, now=now)
    receipt = receive(session, token, by=by, source_address=source_address, now=now)
    new = receipt.order
    same_people = (new.patient_id, new.npi) == (order.patient_id, order.npi)
    if receipt.replayed or not same_people:
        raise AnswersAnotherOrder("this prescription does not replace the order's")
    signed = {"answer": AnswerKind.PRESCRIPTION, "replacement_id": new.prescription_id}
    facts = {"replaced_by": str(new.id), "prescription": str(new.prescription_id)}
    _answered(session, order, question, Action.ANSWER, signed, by=by, now=now, facts=facts)
    old = prescription_queries.get(session, order.prescription_id)
    prescriptions.supersede(session, old, by=by, now=now)
    cancel(session, order_id, reason=CancelReason.REPLACED, by=by, now=now)
    return receipt


def withdraw(
    session: Session,
    order_id: UUID,
    clarification_id: UUID,
    *,
    reason: str,
    by: Actor,
    now: datetime,
) -> Clarification:
    """Take a question back, for a reason that is kept; its hold is lifted."""
    order, question = _open(session, order_id, clarification_id, by)
    why = require_words(reason)
    take(session, order, Action.WITHDRAW, by=by, now=now, facts={"question": question.kind})
    question.withdrawn_at, question.withdrawn_by, question.withdraw_reason = now, by.id, why
    _lift(session, question, "question-withdrawn", by=by, now=now)
    session.flush()
    return question


def remind(
    session: Session,
    order_id: UUID,
    clarification_id: UUID,
    *,
    words: str = "",
    by: Actor,
    now: datetime,
) -> Clarification:
    """
    Keep that a person reminded the prescriber of a question that waits.

    Args:
        words: How, and who was reached. The order's history shows it.
    """
    order, question = _open(session, order_id, clarification_id, by)
    facts = {"question": question.kind}
    how = words.strip() or None
    take(session, order, Action.REMIND_PRESCRIBER, by=by, now=now, reason=how, facts=facts)
    question.reminded_at = now
    session.flush()
    return question


def look_after_questions(session: Session, *, now: datetime) -> int:
    """
    Remind of questions that wait, and hand those that wait too long to a pharmacist.

    Each is done once, however often the clock comes by. Orders that somebody works on at this
    moment are passed by until the next time. Returns how many questions were due.
    """
    due = session.scalars(
        select(Clarification)
        .join(Order, Order.id == Clarification.order_id)
        .where(
            Clarification.answered_at.is_(None),
            Clarification.withdrawn_at.is_(None),
            Order.status.in_(OPEN),
            or_(
                (Clarification.remind_at <= now) & Clarification.reminded_at.is_(None),
                (Clarification.escalate_at <= now) & Clarification.escalated_at.is_(None),
            ),
        )
        .order_by(Clarification.remind_at, Clarification.id)
        .limit(AT_ONCE)
        .with_for_update(of=[Clarification, Order], skip_locked=True)
    ).all()
    for question in due:
        order = queries.lock(session, question.order_id)
        facts = {"question": question.kind}
        if question.reminded_at is None:
            question.reminded_at = now
            take(session, order, Action.REMIND, by=WORKER, now=now, facts=facts)
        if question.escalated_at is None and question.escalate_at <= now:
            question.escalated_at = now
            take(session, order, Action.ESCALATE, by=WORKER, now=now, facts=facts)
            session.get_one(Hold, question.hold_id).owner = Owner.PHARMACIST
    session.flush()
    return len(due)


def _open(
    session: Session, order_id: UUID, clarification_id: UUID, by: Actor
) -> tuple[Order, Clarification]:
    """Return a locked order and a question of it that waits. Raises QuestionClosed."""
    order = lock_for(session, order_id, by)
    question = queries.get_clarification(session, order_id, clarification_id)
    if not question.is_open:
        raise QuestionClosed("this question is closed", state=question.state)
    return order, question


def _answered(
    session: Session,
    order: Order,
    question: Clarification,
    action: Action,
    said: dict[str, Any],
    *,
    by: Actor,
    now: datetime,
    facts: dict[str, Any] | None = None,
) -> None:
    """Keep an answer, in one change of the row: it is not rewritten after."""
    told = {"question": question.kind, "answer": said["answer"]} | (facts or {})
    take(session, order, action, by=by, now=now, facts=told)
    answered = {"answered_at": now, "answered_by": by.id, "answered_by_kind": by.kind}
    for column, value in (said | answered).items():
        setattr(question, column, value)
    session.flush()
    _lift(session, question, f"answered-by-{said['answer']}", by=by, now=now)


def _lift(
    session: Session, question: Clarification, reason: str, *, by: Actor, now: datetime
) -> None:
    hold = session.get_one(Hold, question.hold_id)
    hold.lifted_at, hold.lifted_by, hold.lift_reason = now, by.id, reason
    session.flush()


def _placed(order: Order, by: Actor, now: datetime) -> dict[str, Any]:
    """Return what the holds of this module have in common."""
    return {
        "order_id": order.id,
        "origin": Origin.CLARIFICATION,
        "facts": {},
        "placed_at": now,
        "placed_by": by.id,
    }
