"""What the relay reads and writes: which jobs to tell the workers of, and when again."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from pharmacy.infra.jobs.table import Job, JobState
from pharmacy.kernel.jobs import JobKind

SEND_AGAIN_AFTER: Final = timedelta(seconds=30)
"""A message that has had no effect for so long is taken for lost."""


class Message(NamedTuple):
    """All that a message says."""

    job_id: int
    kind: JobKind


def to_send(session: Session, *, limit: int) -> list[Message]:
    """
    Return jobs that workers should be told of, the longest waiting first, and mark them as sent.

    The mark must be committed before the first message leaves: a worker that comes for a row
    which is still locked passes it by. The mark need not survive a crash of the database, since
    sending twice is harmless, and so the commit does not wait for the disk.
    """
    session.execute(text("set local synchronous_commit = off"))
    chosen = (
        select(Job.id)
        .where(Job.state == JobState.READY, Job.send_at <= func.now(), Job.kind.in_(JobKind))
        .order_by(Job.send_at, Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("chosen")
    )
    marked = (
        update(Job)
        .where(Job.id == chosen.c.id)
        .values(send_at=func.now() + SEND_AGAIN_AFTER)
        .returning(Job.id, Job.kind)
        .execution_options(synchronize_session=False)
    )
    return sorted(Message(*row) for row in session.execute(marked))


def not_sent(session: Session, messages: Sequence[Message]) -> None:
    """Put back jobs whose messages did not reach the broker."""
    again = (
        update(Job)
        .where(Job.id.in_([message.job_id for message in messages]), Job.state == JobState.READY)
        .values(send_at=func.now())
        .execution_options(synchronize_session=False)
    )
    session.execute(again)
