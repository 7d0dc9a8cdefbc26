"""
Doing a job, whoever told us of it: claim it, then commit its effect and its end together, once.

What an effect raises goes into the job's row by class, code and place, never in words, which might
speak of a patient; and nothing is ever raised to Celery, which would log the words.
"""

import os
import socket
import traceback
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, Protocol, TypeVar
from uuid import UUID

from celery import shared_task
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from pharmacy.infra import jobs, logs
from pharmacy.infra.db import Database
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import Refusal, Unavailable
from pharmacy.settings import Settings


class Effect(Protocol):
    """
    What a kind of job does to the world, in the transaction that also marks the job as done.

    Work that outlasts a lease is done in stretches: each returns `jobs.Progress.MORE` until the
    last, and commits how far it is, from where the next one goes on.
    """

    def __call__(self, session: Session, ref_id: UUID, /, *, now: datetime) -> object: ...


class Outing(Protocol):
    """
    What a kind of job does outside of the database, between two transactions of which the first
    says what is about to be done. It knows how to find out what became of it when nobody said.
    """

    def begin(self, session: Session, ref_id: UUID, *, now: datetime) -> object | None:
        """Say what is about to be done, and return the errand; None when there is none."""
        ...

    def act(self, errand: Any) -> object:
        """Do it, with no transaction open, well within the job's lease."""
        ...

    def end(
        self, session: Session, errand: Any, outcome: Any, *, last: bool, now: datetime
    ) -> bool:
        """Say what came of it; return whether it should be tried again."""
        ...


EFFECTS: Final[dict[JobKind, Effect | Outing]] = {}
"""What this process can do. Modules with `@owed` fill it when they are imported."""


Work = TypeVar("Work", bound="Effect | Outing")


def owed(kind: JobKind) -> Callable[[Work], Work]:
    """Make an effect known as what a kind of job does, and as the Celery task of that name."""

    def decorate(effect: Work) -> Work:
        EFFECTS[kind] = effect

        @shared_task(name=str(kind), ignore_result=True)
        def look(*_: object, job_id: object = None, **__: object) -> None:
            """Look at one job. Lost, repeated or forged, a message changes only when."""
            run(database(), job_id, kind, effect)

        return effect

    return decorate


@cache
def database() -> Database:
    """Return this process's database: one connection for its task and one for its own look-out."""
    return Database(Settings.of().database_url, pool_size=1)


def run(database: Database, job_id: object, kind: JobKind, effect: Effect | Outing) -> None:
    """Do the job that a message speaks of, if it is of this kind, ready and due."""
    if type(job_id) is not int or not 0 < job_id <= jobs.LARGEST_ID:
        logs.log.warning("job.message_senseless", kind=kind)
        return
    try:
        with database.transaction() as session:
            claim = jobs.claim(session, job_id, kind=kind, worker=our_name())
    except DBAPIError as error:
        logs.crash("job.not_claimed", error, job_id=job_id, kind=kind)
        return
    if claim is None:
        logs.log.debug("job.nothing_to_do", job_id=job_id, kind=kind)
        return
    carry_out(database, claim, effect)


def run_next(database: Database, *, waiting_for: timedelta) -> bool:
    """Do the job that has waited longest, if one has waited so long; say whether there was one."""
    with database.transaction() as session:
        claim = jobs.claim_next(session, kinds=EFFECTS, worker=our_name(), waiting_for=waiting_for)
    if claim is None:
        return False
    carry_out(database, claim, EFFECTS[claim.kind])
    return True


def carry_out(database: Database, claim: jobs.Claim, effect: Effect | Outing) -> None:
    """Commit a job's effect and its end together, or else record that it failed."""
    known = {"job_id": claim.job_id, "kind": claim.kind, "attempt": claim.attempt}
    try:
        if callable(effect):
            with database.transaction() as session:
                came_of_it = effect(session, claim.ref_id, now=claim.claimed_at)
                end = jobs.go_on if came_of_it is jobs.Progress.MORE else jobs.finish
                end(session, claim)
        else:
            _go_out(database, claim, effect)
    except jobs.Fenced:
        logs.log.warning("job.fenced", **known)
    except Exception as error:  # noqa: BLE001 - whatever it was, the job must not be forgotten
        _record_failure(database, claim, error)
    else:
        logs.log.info("job.done", **known)


def _go_out(database: Database, claim: jobs.Claim, outing: Outing) -> None:
    """Say, do, and say again. Killed in between, the next attempt finds what was said."""
    with database.transaction() as session:
        errand = outing.begin(session, claim.ref_id, now=claim.claimed_at)
        if errand is None:
            jobs.finish(session, claim)
            return
    outcome = outing.act(errand)
    with database.transaction() as session:
        if outing.end(session, errand, outcome, last=claim.last, now=_now(session)):
            jobs.fail(session, claim, error="not-yet")
        else:
            jobs.finish(session, claim)


def _now(session: Session) -> datetime:
    found: datetime = session.scalars(select(func.clock_timestamp())).one()
    return found


def _record_failure(database: Database, claim: jobs.Claim, error: Exception) -> None:
    """Give the job back; if even that fails, its lease runs out and a sweep gives it back."""
    known = {"job_id": claim.job_id, "kind": claim.kind, "attempt": claim.attempt}
    logs.crash("job.failed", error, **known)
    try:
        with database.transaction() as session:
            jobs.fail(session, claim, error=in_short(error), for_good=is_for_good(error))
    except DBAPIError as second:
        logs.crash("job.failure_not_recorded", second, **known)


def is_for_good(error: BaseException) -> bool:
    """Say whether a second attempt would end alike: a refusal that is not about the moment."""
    return isinstance(error, Refusal) and not isinstance(error, Unavailable)


def in_short(error: BaseException) -> str:
    """Return an error's class, code and place in our code, and none of its words."""
    words = [type(error).__name__]
    if isinstance(error, Refusal):
        words.append(error.code)
    if isinstance(error, DBAPIError):
        words.append(getattr(error.orig, "sqlstate", None) or "no-sqlstate")
    places = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if f"{os.sep}pharmacy{os.sep}" in frame.filename
    ]
    if places:
        module = places[-1].filename.rpartition(f"{os.sep}pharmacy{os.sep}")[2]
        words.append(f"at pharmacy/{module}:{places[-1].lineno}")
    return " ".join(words)


def our_name() -> str:
    """Return what the jobs table calls this process."""
    return f"{socket.gethostname()}:{os.getpid()}"
