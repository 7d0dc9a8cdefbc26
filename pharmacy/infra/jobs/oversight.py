"""What people and monitors see of owed work, and the second chance that a person may give it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Interval, Select, exists, func, select, type_coerce, update
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from pharmacy.infra import audit
from pharmacy.infra.db import among, written
from pharmacy.infra.jobs.table import CHANNEL, LARGEST_ID, Job, JobState
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import Conflict, NotFound


class JobNotDead(Conflict):
    """Only a job that has used up its attempts waits for a person."""

    code = "job-not-dead"
    remedy = "Wait: the pharmacy still tries this job by itself, or has done it."


@dataclass(frozen=True, slots=True)
class Backlog:
    """How the pharmacy stands with its owed work."""

    ready: int
    running: int
    dead: int
    oldest_due: timedelta
    """How long the job that waits longest could have run already; zero when none waits."""


def backlog(session: Session) -> Backlog:
    """Count what is not done. Costs what the backlog costs, whatever was done before."""
    open_jobs = (
        select(Job.state, func.count(), type_coerce(func.now() - func.min(Job.run_at), Interval))
        .where(Job.state.in_((JobState.READY, JobState.RUNNING, JobState.DEAD)))
        .group_by(Job.state)
    )
    counts = dict.fromkeys(JobState, 0)
    ages = dict.fromkeys(JobState, timedelta(0))
    for state, count, age in session.execute(open_jobs):
        counts[state], ages[state] = count, age
    return Backlog(
        ready=counts[JobState.READY],
        running=counts[JobState.RUNNING],
        dead=counts[JobState.DEAD],
        oldest_due=max(ages[JobState.READY], timedelta(0)),
    )


def get(session: Session, job_id: int) -> Job:
    """Return a job. Raises NotFound."""
    return _found(session.get(Job, job_id) if 0 < job_id <= LARGEST_ID else None)


def given_up_on(name: str) -> Select[UUID, Sequence[JobKind]]:
    """
    Return the statement that `given_up` asks, for a room that joins it with what it knows.

    Args:
        name: Of the parameter that says which things.
    """
    later = aliased(Job)
    made_good = exists().where(
        later.ref_id == Job.ref_id,
        later.kind == Job.kind,
        later.id > Job.id,
        later.state == written(JobState.DONE),
    )
    kinds = func.array_agg(aggregate_order_by(Job.kind, Job.id), type_=ARRAY(Job.kind.type))
    return (
        select(Job.ref_id, kinds.label("kinds"))
        .where(Job.state == written(JobState.DEAD), among(Job.ref_id, name), ~made_good)
        .group_by(Job.ref_id)
    )


GIVEN_UP: Final = given_up_on("things")


def given_up(session: Session, ref_ids: Collection[UUID]) -> dict[UUID, tuple[JobKind, ...]]:
    """Return, for each of these things, the kinds of work about it that are dead and not made good.

    Costs what there is of dead jobs, however many were done.
    """
    found = session.execute(GIVEN_UP, {"things": [*ref_ids]})
    return {thing: tuple(kinds) for thing, kinds in found}


def listing(
    session: Session,
    *,
    state: JobState | None = None,
    kind: JobKind | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> Sequence[Job]:
    """Return jobs, the newest first; `before_id` is the last one of the page before."""
    jobs = select(Job).order_by(Job.id.desc()).limit(limit)
    if state is not None:
        jobs = jobs.where(Job.state == state)
    if kind is not None:
        jobs = jobs.where(Job.kind == kind)
    if before_id is not None:
        jobs = jobs.where(Job.id < before_id)
    return session.scalars(jobs).all()


def retry(session: Session, job_id: int, *, by: audit.Acting, now: datetime) -> Job:
    """
    Give a dead job all its attempts again, at once.

    Raises:
        NotFound: There is no such job.
        JobNotDead: It is not dead.
    """
    get(session, job_id)
    job = _found(session.get(Job, job_id, with_for_update=True, populate_existing=True))
    if job.state != JobState.DEAD:
        raise JobNotDead(f"job {job_id} is {job.state}", job=job_id, state=job.state)
    session.execute(
        update(Job)
        .where(Job.id == job_id)
        .values(state=JobState.READY, attempts=0, run_at=func.now(), send_at=func.now())
        .execution_options(synchronize_session=False)
    )
    session.execute(select(func.pg_notify(CHANNEL, "")))
    audit.record(
        session,
        "job.retried",
        by=by,
        at=now,
        subject_kind="job",
        subject_id=job.ref_id,
        detail={"job": job_id, "kind": str(job.kind)},
    )
    session.refresh(job)
    return job


def _found(job: Job | None) -> Job:
    if job is None:
        raise NotFound("there is no such job")
    return job
