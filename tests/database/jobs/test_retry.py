"""A person gives a dead job another chance."""

from datetime import datetime

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.infra.audit import AuditEntry
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import NotFound
from pharmacy.staff.rules import OPERATOR


@pytest.fixture
def job_id(session: Session) -> int:
    jobs.add(session, JobKind.CHECK_ORDER, ref_id=new_id())
    return session.scalars(select(jobs.Job.id)).one()


def test_a_dead_job_gets_all_its_attempts_again_and_the_trail_says_from_whom(
    session: Session, job_id: int, now: datetime
) -> None:
    session.execute(text("update jobs set state = 'dead', attempts = 8, last_error = 'ValueError'"))

    job = jobs.retry(session, job_id, by=OPERATOR, now=now)

    assert (job.state, job.attempts, job.last_error) == (jobs.JobState.READY, 0, "ValueError")
    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.by_kind, entry.at) == ("job.retried", "operator", now)
    assert entry.detail == {"job": job_id, "kind": "orders.check"}


@pytest.mark.parametrize("state", ["ready", "running", "done"])
def test_only_a_dead_job_is_retried(
    session: Session, job_id: int, now: datetime, state: str
) -> None:
    session.execute(text("update jobs set state = :state"), {"state": state})

    with pytest.raises(jobs.JobNotDead):
        jobs.retry(session, job_id, by=OPERATOR, now=now)


@pytest.mark.parametrize("unknown", [0, -1, 404, 2**63, 2**90])
def test_a_job_that_does_not_exist_is_not_found(
    session: Session, now: datetime, unknown: int
) -> None:
    with pytest.raises(NotFound):
        jobs.retry(session, unknown, by=OPERATOR, now=now)
