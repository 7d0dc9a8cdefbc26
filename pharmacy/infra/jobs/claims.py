"""
Doing owed work: claim, then finish or fail, each conditional on the claim still being ours.

Claims take only `ready` rows; expired leases are a sweep's business. Together in one statement they
were forty times slower at a backlog of 200,000.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Integer,
    ScalarSelect,
    Select,
    SQLColumnExpression,
    Text,
    Update,
    case,
    cast,
    func,
    null,
    select,
    update,
)
from sqlalchemy.orm import Session

from pharmacy.infra.jobs.table import CHANNEL, LEASE, Job, JobState
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import Conflict

LONGEST_PAUSE: Final = timedelta(minutes=5)
SHORTEST_PAUSE: Final = timedelta(seconds=2)
SPREAD: Final = 1024
"""Into so many steps the quarter is cut that a pause may be shorter."""
SWEEP_BATCH: Final = 500


class Fenced(Conflict):
    """The lease ran out and the job is another's: this effect must not be committed."""

    code = "job-fenced"
    remedy = "Nothing to do: whoever holds the job now finishes it."


class Progress(Enum):
    """What the effect of long work says after a stretch of it; other effects say nothing."""

    MORE = "more"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do one job, once."""

    job_id: int
    kind: JobKind
    ref_id: UUID
    token: int
    attempt: int
    claimed_at: datetime
    """By the database's clock."""
    last: bool
    """After a failure now, nothing tries again by itself."""


def claim(session: Session, job_id: int, *, kind: JobKind, worker: str) -> Claim | None:
    """Claim one job that a message spoke of, or return None: done, running, not due, or no job."""
    chosen = _due().where(Job.id == job_id, Job.kind == kind)
    return _take(session, chosen, worker=worker)


def claim_next(
    session: Session,
    *,
    kinds: Collection[JobKind],
    worker: str,
    waiting_for: timedelta = timedelta(0),
) -> Claim | None:
    """Claim the oldest job of these kinds that has been due for `waiting_for`, if there is one."""
    chosen = _due(waiting_for).where(Job.kind.in_(kinds)).order_by(Job.run_at, Job.id).limit(1)
    return _take(session, chosen, worker=worker)


def finish(session: Session, claim: Claim) -> None:
    """
    Mark a job done in the transaction that holds its effect.

    Raises:
        Fenced: The claim is no longer ours. The caller's transaction must be undone.
    """
    ended = (
        _held(claim)
        .values(state=JobState.DONE, done_at=func.clock_timestamp(), lease_until=None)
        .values(last_error=None)
    )
    if not _changed(session, ended):
        raise Fenced(f"job {claim.job_id} is no longer ours", job=claim.job_id, token=claim.token)


def go_on(session: Session, claim: Claim) -> None:
    """
    Keep a stretch of long work in the transaction that holds its effect, and owe what is left.

    The job stands at the end of the line again, with all its attempts, so that long work keeps
    nobody waiting and a worker that dies costs the stretch in hand.

    Raises:
        Fenced: The claim is no longer ours. The caller's transaction must be undone.
    """
    at = func.clock_timestamp()
    kept = _held(claim).values(state=JobState.READY, attempts=0, run_at=at, send_at=at)
    if not _changed(session, kept.values(lease_until=None, last_error=None)):
        raise Fenced(f"job {claim.job_id} is no longer ours", job=claim.job_id, token=claim.token)
    session.execute(select(func.pg_notify(CHANNEL, "")))


def fail(session: Session, claim: Claim, *, error: str, for_good: bool = False) -> bool:
    """
    Give a job back after a failure: ready again after a pause, or dead when it had its attempts.

    Args:
        error: What went wrong, without patient data.
        for_good: Another attempt would end alike: dead at once.

    Returns:
        False if the claim is no longer ours, so that there was nothing to give back.
    """
    given_back = _given_back() | ({"state": JobState.DEAD} if for_good else {})
    return bool(_changed(session, _held(claim).values(given_back).values(last_error=error)))


def sweep(session: Session) -> int:
    """Take jobs from workers that died or stalled; return how many. Several may sweep at once."""
    expired = (
        select(Job.id)
        .where(Job.state == JobState.RUNNING, Job.lease_until < func.now())
        .order_by(Job.lease_until)
        .limit(SWEEP_BATCH)
        .with_for_update(skip_locked=True)
        .cte("expired")
    )
    taken = update(Job).where(Job.id == expired.c.id).values(_given_back())
    return _changed(session, taken.values(last_error="lease-expired"))


def _due(waiting_for: timedelta = timedelta(0)) -> Select[int]:
    due_since = func.now() - waiting_for
    ready = select(Job.id).where(Job.state == JobState.READY, Job.run_at <= due_since)
    return ready.with_for_update(skip_locked=True)


def _take(session: Session, chosen: Select[int], *, worker: str) -> Claim | None:
    only: ScalarSelect[int] = chosen.scalar_subquery()
    taken = (
        update(Job)
        .where(Job.id == only)
        .values(
            state=JobState.RUNNING,
            attempts=Job.attempts + 1,
            lease_token=Job.lease_token + 1,
            lease_until=func.now() + LEASE,
            worker=worker,
        )
        .returning(
            Job.id,
            Job.kind,
            Job.ref_id,
            Job.lease_token,
            Job.attempts,
            func.now(),
            Job.attempts >= Job.max_attempts,
        )
        .execution_options(synchronize_session=False)
    )
    row = session.execute(taken).one_or_none()
    return None if row is None else Claim(*row)


def _held(claim: Claim) -> Update:
    return update(Job).where(
        Job.id == claim.job_id,
        Job.lease_token == claim.token,
        Job.state == JobState.RUNNING,
    )


def _given_back() -> dict[str, Any]:
    exhausted = Job.attempts >= Job.max_attempts
    again_at = func.now() + pause_after(Job.attempts, of=Job.id)
    return {
        "state": case((exhausted, JobState.DEAD), else_=JobState.READY),
        "run_at": again_at,
        "send_at": again_at,
        "lease_until": null(),
    }


def pause_after(
    attempts: SQLColumnExpression[int], *, of: SQLColumnExpression[Any]
) -> ColumnElement[timedelta]:
    """
    Return how long something waits that failed: two seconds after the first attempt, doubling, and
    never more than five minutes.

    Args:
        of: What failed. Its identifier takes up to a quarter off, another one at every attempt, so
            that what failed together does not come back together.
    """
    pause = func.least(LONGEST_PAUSE, SHORTEST_PAUSE * func.power(2, func.least(attempts, 20) - 1))
    digest = func.hashtextextended(cast(of, Text), attempts)
    return pause * (1 - digest.op("&", return_type=Integer)(SPREAD - 1) / (4.0 * SPREAD))


def _changed(session: Session, statement: Update) -> int:
    result = session.execute(statement.execution_options(synchronize_session=False))
    assert isinstance(result, CursorResult)
    return result.rowcount
