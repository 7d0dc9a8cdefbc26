"""
Copies whose sender died, settled without anybody's help.

A worker's lease runs out and the next worker asks the printer. Where that does not happen either,
the printer is asked once more; where nobody lives to ask, the copy is for a person to look at.
Nothing here sends.
"""

from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.kernel.jobs import JobKind
from pharmacy.printing.models import LabelCopy, Printer
from pharmacy.printing.operations.steps import take
from pharmacy.printing.rules import CopyState, CopyStep
from pharmacy.staff.rules import WORKER

SENDER_DIED: Final = "sender-died"
AGENT_AWAY: Final = "agent-away"
ABANDONED_AFTER: Final = 2 * jobs.LEASE
"""A worker that is at its printer for so long has died: its lease has run out."""
AGENT_LOST_AFTER: Final = timedelta(minutes=5)
"""An agent that lives asks again well before (`agents.GONE_AFTER`)."""
BATCH: Final = 200


class Abandoned(NamedTuple):
    """A copy that nobody is sending any more, and whose printer it was."""

    copy: LabelCopy
    agent_id: UUID | None


def settle(session: Session, *, now: datetime) -> int:
    """
    Have the printer asked for every copy whose sender died; return how many were left to a person.

    Several may settle at once, and a copy that somebody still works on is not touched.
    """
    left = [
        *_left_by_workers(session, now=now),
        *_abandoned(session, Printer.agent_id.is_not(None), before=now - AGENT_LOST_AFTER),
    ]
    for copy, agent_id in left:
        reason = AGENT_AWAY if agent_id else SENDER_DIED
        take(
            session,
            copy,
            CopyStep.LOST_SIGHT,
            by=WORKER,
            now=now,
            facts={"reasons": [reason]},
        )
        copy.troubles = [reason]
    session.flush()
    return len(left)


def _left_by_workers(session: Session, *, now: datetime) -> list[Abandoned]:
    """Owe a last question about each abandoned copy; return those about which it was asked."""
    nobody_is_at_it = ~exists().where(
        jobs.Job.ref_id == LabelCopy.id,
        jobs.Job.kind == JobKind.PRINT_COPY,
        jobs.Job.state.in_((jobs.JobState.READY, jobs.JobState.RUNNING)),
    )
    found = _abandoned(
        session, Printer.agent_id.is_(None) & nobody_is_at_it, before=now - ABANDONED_AFTER
    )
    keys = [_last_question(each.copy) for each in found]
    asked = set(
        session.scalars(select(jobs.Job.dedupe_key).where(jobs.Job.dedupe_key.in_(keys))).all()
    )
    for each, key in zip(found, keys, strict=True):
        if key not in asked:
            jobs.add(session, JobKind.PRINT_COPY, ref_id=each.copy.id, dedupe_key=key)
    return [each for each, key in zip(found, keys, strict=True) if key in asked]


def _abandoned(
    session: Session, whose: ColumnElement[bool], *, before: datetime
) -> list[Abandoned]:
    rows = session.execute(
        select(LabelCopy, Printer.agent_id)
        .join(Printer, Printer.id == LabelCopy.printer_id)
        .where(LabelCopy.state == CopyState.SENDING, LabelCopy.sending_since <= before, whose)
        .order_by(LabelCopy.sending_since)
        .limit(BATCH)
        .with_for_update(of=LabelCopy, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    return [Abandoned(copy, agent_id) for copy, agent_id in rows]


def _last_question(copy: LabelCopy) -> str:
    return f"{JobKind.PRINT_COPY}:{copy.id}:t{copy.tries}:asked"
