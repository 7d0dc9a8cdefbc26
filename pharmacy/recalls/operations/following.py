"""Following a recall: letters sent, answers, harm, deadlines, and its end."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.kernel.refusals import Conflict
from pharmacy.recalls import queries
from pharmacy.recalls.models import Recall, RecallNotice, RecallTimer
from pharmacy.recalls.rules.timers import (
    Answer,
    RecallUnfinished,
    TimerKind,
    due_at,
    require_past,
    require_reason,
)
from pharmacy.staff.rules import Actor, Permission


class NoticeNotSent(Conflict):
    """An answer to a letter that was not sent."""

    code = "recall-notice-not-sent"
    remedy = "Write down first how the recipient was told."


class RecallClosed(Conflict):
    """The recall came to its end before."""

    code = "recall-closed"


class TimerNotRunning(Conflict):
    """No such deadline runs, or it was met before."""

    code = "recall-timer-not-running"


def record_sent(
    session: Session, notice_id: UUID, *, means: str, by: Actor, now: datetime
) -> RecallNotice:
    """Write down that a recipient was told, and how. Telling again keeps the first time."""
    by.require(Permission.MANAGE_RECALL)
    notice = queries.lock_notice(session, notice_id)
    _require_open(queries.get(session, notice.recall_id))
    if notice.sent_at is None:
        notice.sent_at, notice.sent_by, notice.means = now, by.id, require_reason(means)
        _record(session, "recall.notice-sent", notice.recall_id, notice, by=by, now=now)
    return notice


def record_answer(
    session: Session, notice_id: UUID, *, answer: Answer, note: str, by: Actor, now: datetime
) -> RecallNotice:
    """
    Write down what a recipient said. Harm starts the time to report it.

    Raises:
        NoticeNotSent: Nobody told the recipient yet.
    """
    by.require(Permission.MANAGE_RECALL)
    notice = queries.lock_notice(session, notice_id)
    recall = queries.lock(session, notice.recall_id)
    _require_open(recall)
    if notice.sent_at is None:
        raise NoticeNotSent("the letter was not sent")
    notice.answer, notice.answered_at, notice.answer_by = answer, now, by.id
    notice.answer_note = note.strip() or None
    _record(session, "recall.answered", recall.id, notice, by=by, now=now)
    if answer is Answer.HARM_REPORTED:
        _start_medwatch(session, recall, now)
    return notice


def advise_of_harm(
    session: Session, recall_id: UUID, *, advised_at: datetime, by: Actor, now: datetime
) -> Recall:
    """Write down that the pharmacy was told of harm to a patient; reporting it is due."""
    by.require(Permission.MANAGE_RECALL)
    recall = queries.lock(session, recall_id)
    _require_open(recall)
    require_past(advised_at, now=now)
    _start_medwatch(session, recall, advised_at)
    _record(session, "recall.harm-advised", recall.id, None, by=by, now=now)
    return recall


def meet_timer(
    session: Session, recall_id: UUID, kind: TimerKind, *, by: Actor, now: datetime
) -> RecallTimer:
    """Write down that what was due is done. Raises TimerNotRunning."""
    by.require(Permission.MANAGE_RECALL)
    queries.lock(session, recall_id)
    timer = session.get(RecallTimer, (recall_id, kind))
    if timer is None or timer.met_at is not None:
        raise TimerNotRunning(f"{kind} is not due")
    timer.met_at, timer.met_by = now, by.id
    _record(session, f"recall.{kind}", recall_id, None, by=by, now=now)
    return timer


def close(session: Session, recall_id: UUID, *, note: str, by: Actor, now: datetime) -> Recall:
    """
    End a recall: every letter is sent and every deadline met. Its lots stay recalled.

    Raises:
        RecallUnfinished: Something is still to be done; the facts count it.
    """
    by.require(Permission.MANAGE_RECALL)
    recall = queries.lock(session, recall_id)
    _require_open(recall)
    note = require_reason(note)
    counted = queries.progress(session, recall_id)
    running = [timer.kind for timer in queries.timers(session, recall_id) if timer.met_at is None]
    if counted.sent < counted.drafted or running:
        raise RecallUnfinished(
            "the recall is not finished", unsent=counted.drafted - counted.sent, due=running
        )
    recall.closed_at, recall.closed_by, recall.closing_note = now, by.id, note
    _record(session, "recall.closed", recall.id, None, by=by, now=now)
    return recall


def _start_medwatch(session: Session, recall: Recall, at: datetime) -> None:
    """Start the time to report, unless an earlier advice started it."""
    if session.get(RecallTimer, (recall.id, TimerKind.MEDWATCH)) is None:
        session.add(
            RecallTimer(
                recall_id=recall.id,
                kind=TimerKind.MEDWATCH,
                started_at=at,
                due_at=due_at(TimerKind.MEDWATCH, at),
            )
        )
        session.flush()


def _require_open(recall: Recall) -> None:
    if recall.closed_at is not None:
        raise RecallClosed("the recall is closed")


def _record(
    session: Session,
    action: str,
    recall_id: UUID,
    notice: RecallNotice | None,
    *,
    by: Actor,
    now: datetime,
) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="recall",
        subject_id=recall_id,
        patient_id=notice.patient_id if notice is not None else None,
        detail={"notice": str(notice.id), "answer": notice.answer} if notice is not None else {},
    )
