"""A job's life in one process: effect and end together, failures without words."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.infra.db import Database
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import Conflict, Unavailable
from pharmacy.workers.run import run

PATIENT = "Jane Roe, born 1980-01-01"


class LimitReached(Conflict):
    """Whatever is tried, it ends alike."""

    code = "limit-reached"


class Effect:
    """Writes a job of another kind as its effect, then does what the test wants."""

    def __init__(self, and_then: Callable[[Session], object] = lambda _: None) -> None:
        self.and_then = and_then
        self.begun = 0

    def __call__(self, session: Session, ref_id: UUID, /, *, now: datetime) -> None:
        self.begun += 1
        jobs.add(session, JobKind.RENDER_LABELS, ref_id=ref_id)
        session.flush()
        self.and_then(session)


@pytest.fixture
def job_id(database: Database) -> int:
    with database.transaction() as session:
        jobs.add(session, JobKind.CHECK_ORDER, ref_id=new_id())
        return session.scalars(select(jobs.Job.id)).one()


def look(database: Database, job_id: int) -> tuple[jobs.Job, int]:
    """Return the job, and how many effects there are."""
    with database.transaction() as session:
        effects = jobs.listing(session, kind=JobKind.RENDER_LABELS)
        return jobs.get(session, job_id), len(effects)


def test_a_job_told_of_twice_is_done_once(database: Database, job_id: int) -> None:
    effect = Effect()

    run(database, job_id, JobKind.CHECK_ORDER, effect)
    run(database, job_id, JobKind.CHECK_ORDER, effect)

    job, effects = look(database, job_id)
    assert (job.state, job.attempts) == (jobs.JobState.DONE, 1)
    assert (effect.begun, effects) == (1, 1)


def unavailable(_: Session) -> None:
    raise Unavailable(f"the registry knows nothing of {PATIENT}")


def refused_by_the_database(session: Session) -> None:
    session.execute(text("select 1 / (case when :name = '' then 1 else 0 end)"), {"name": PATIENT})


def away(_: Session) -> None:
    raise OperationalError(f"select '{PATIENT}'", {}, Exception(PATIENT))


def bug(_: Session) -> None:
    raise ValueError(PATIENT)


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        (unavailable, "Unavailable unavailable"),
        (refused_by_the_database, "DataError 22012"),
        (away, "OperationalError no-sqlstate"),
        (bug, "ValueError"),
    ],
)
def test_a_failure_undoes_the_effect_and_leaves_no_words(
    database: Database,
    job_id: int,
    capfd: pytest.CaptureFixture[str],
    trouble: Callable[[Session], object],
    said: str,
) -> None:
    run(database, job_id, JobKind.CHECK_ORDER, Effect(trouble))

    job, effects = look(database, job_id)
    assert job.state is jobs.JobState.READY
    assert job.last_error is not None
    assert job.last_error.startswith(f"{said} at pharmacy/workers/run.py:")
    assert PATIENT not in "".join(capfd.readouterr())
    assert effects == 0


def test_what_is_refused_for_good_is_not_tried_again(database: Database, job_id: int) -> None:
    def refuse(_: Session) -> None:
        raise LimitReached(f"of {PATIENT}")

    run(database, job_id, JobKind.CHECK_ORDER, Effect(refuse))

    job, effects = look(database, job_id)
    assert (job.state, job.attempts) == (jobs.JobState.DEAD, 1)
    assert job.last_error is not None
    assert job.last_error.startswith("LimitReached limit-reached at pharmacy/workers/run.py:")
    assert effects == 0


def test_an_effect_that_outlives_its_lease_is_undone(database: Database, job_id: int) -> None:
    def lose(_: Session) -> None:
        with database.transaction() as other:
            other.execute(text("update jobs set lease_token = lease_token + 1"))

    run(database, job_id, JobKind.CHECK_ORDER, Effect(lose))

    job, effects = look(database, job_id)
    assert (job.state, job.last_error) == (jobs.JobState.RUNNING, None)
    assert effects == 0


@pytest.mark.parametrize("nonsense", [None, "7", "1; drop table jobs", 0, -1, 2**70, True, 1.0, []])
def test_a_senseless_message_does_nothing(
    database: Database, job_id: int, nonsense: object
) -> None:
    effect = Effect()

    run(database, nonsense, JobKind.CHECK_ORDER, effect)

    assert effect.begun == 0
    assert look(database, job_id)[0].attempts == 0


def test_a_message_that_comes_while_the_database_is_away_is_forgotten() -> None:
    nowhere = Database("postgresql://nobody@/nothing?host=/nowhere", pool_size=1)
    effect = Effect()

    run(nowhere, 1, JobKind.CHECK_ORDER, effect)

    assert effect.begun == 0
