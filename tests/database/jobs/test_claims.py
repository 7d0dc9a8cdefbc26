"""Claim, finish, fail and sweep, on several connections at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.infra.db import Database
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.jobs import JobKind

CHECK = JobKind.CHECK_ORDER


def owe(database: Database, *, count: int = 1, kind: JobKind = CHECK) -> list[int]:
    with database.transaction() as session:
        for _ in range(count):
            jobs.add(session, kind, ref_id=new_id())
    with database.transaction() as session:
        return list(session.scalars(select(jobs.Job.id).order_by(jobs.Job.id)))


def claim(database: Database, job_id: int, *, kind: JobKind = CHECK) -> jobs.Claim | None:
    with database.transaction() as session:
        return jobs.claim(session, job_id, kind=kind, worker="one")


def look(database: Database, job_id: int) -> jobs.Job:
    with database.transaction() as session:
        return jobs.get(session, job_id)


def change(database: Database, words: str) -> None:
    with database.transaction() as session:
        session.execute(text(f"update jobs set {words}"))


def sweep(database: Database) -> int:
    with database.transaction() as session:
        return jobs.sweep(session)


def test_the_same_work_is_owed_once(session: Session) -> None:
    order = new_id()

    for _ in range(3):
        jobs.add(session, CHECK, ref_id=order)

    assert len(jobs.listing(session)) == 1


def test_a_claim_is_a_lease_with_a_token_and_an_attempt_counted(database: Database) -> None:
    [job_id] = owe(database)

    got = claim(database, job_id)

    job = look(database, job_id)
    assert got is not None
    assert (got.token, got.attempt, got.ref_id) == (1, 1, job.ref_id)
    assert job.state is jobs.JobState.RUNNING
    assert job.lease_until == got.claimed_at + jobs.LEASE


def test_a_job_that_runs_is_claimed_by_nobody_else(database: Database) -> None:
    [job_id] = owe(database)
    claim(database, job_id)

    assert claim(database, job_id) is None
    with database.transaction() as session:
        assert jobs.claim_next(session, kinds=list(JobKind), worker="two") is None


@pytest.mark.parametrize(
    "words",
    ["state = 'done'", "state = 'dead'", "run_at = now() + interval '1 minute'"],
)
def test_what_is_done_dead_or_not_due_is_not_claimed(database: Database, words: str) -> None:
    [job_id] = owe(database)
    change(database, words)

    assert claim(database, job_id) is None


def test_a_message_of_another_kind_claims_nothing(database: Database) -> None:
    [job_id] = owe(database)

    assert claim(database, job_id, kind=JobKind.RENDER_LABELS) is None


def test_the_longest_waiting_job_comes_first_and_only_after_its_wait(database: Database) -> None:
    first, second = owe(database, count=2)
    change(database, f"run_at = now() - interval '9 s' where id = {second}")

    def next_after(seconds: int) -> int | None:
        with database.transaction() as session:
            got = jobs.claim_next(
                session, kinds=[CHECK], worker="one", waiting_for=timedelta(seconds=seconds)
            )
        return got and got.job_id

    assert next_after(10) is None
    assert next_after(5) == second
    assert next_after(5) is None
    assert next_after(0) == first


def test_twenty_workers_share_jobs_without_two_having_one(database: Database) -> None:
    owe(database, count=60)

    def greedy(name: int) -> list[int]:
        mine: list[int] = []
        while True:
            with database.transaction() as session:
                got = jobs.claim_next(session, kinds=[CHECK], worker=str(name))
            if got is None:
                return mine
            mine.append(got.job_id)

    with ThreadPoolExecutor(20) as crowd:
        shares = list(crowd.map(greedy, range(20)))

    claimed = [job_id for share in shares for job_id in share]
    assert len(claimed) == len(set(claimed))
    with database.transaction() as session:
        assert len(claimed) + jobs.backlog(session).ready == 60


def test_finishing_ends_the_job(database: Database) -> None:
    [job_id] = owe(database)
    got = claim(database, job_id)
    assert got is not None

    with database.transaction() as session:
        jobs.finish(session, got)

    job = look(database, job_id)
    assert job.state is jobs.JobState.DONE
    assert job.done_at is not None
    assert job.lease_until is None


def lose(database: Database, job_id: int) -> None:
    """Let the lease run out and somebody else claim the job."""
    change(database, "lease_until = now() - interval '1 s'")
    assert sweep(database) == 1
    change(database, "run_at = now()")
    assert claim(database, job_id) is not None


def give_back(database: Database, job_id: int) -> None:
    """Let the lease run out and a sweep take the job back."""
    change(database, "lease_until = now() - interval '1 s'")
    assert sweep(database) == 1


@pytest.mark.parametrize("misfortune", [lose, give_back])
def test_who_lost_the_lease_can_neither_finish_nor_fail(
    database: Database, misfortune: Callable[[Database, int], None]
) -> None:
    [job_id] = owe(database)
    late = claim(database, job_id)
    assert late is not None
    misfortune(database, job_id)
    before = look(database, job_id)

    with pytest.raises(jobs.Fenced), database.transaction() as session:
        jobs.finish(session, late)
    with database.transaction() as session:
        assert not jobs.fail(session, late, error="too late")

    after = look(database, job_id)
    assert (after.state, after.lease_token, after.last_error) == (
        before.state,
        before.lease_token,
        before.last_error,
    )


def test_a_failed_job_waits_longer_each_time_and_then_is_dead(database: Database) -> None:
    """2, 4, 8, … seconds after each attempt, less a quarter at most; dead after the eighth."""
    [job_id] = owe(database)
    pauses = []

    for _ in range(8):
        got = claim(database, job_id)
        assert got is not None
        with database.transaction() as session:
            assert jobs.fail(session, got, error="ValueError")
            again_at, asked_at = session.execute(text("select run_at, now() from jobs")).one()
        pauses.append((again_at - asked_at).total_seconds())
        state = look(database, job_id).state
        if state is jobs.JobState.READY:
            change(database, "run_at = now()")

    longest = [2, 4, 8, 16, 32, 64, 128, 256]
    assert all(0.75 * most <= each <= most for each, most in zip(pauses, longest, strict=True))
    shares = {each / most for each, most in zip(pauses, longest, strict=True)}
    assert len(shares) > 4, "another share of the quarter each time"
    assert state is jobs.JobState.DEAD
    assert claim(database, job_id) is None


def test_a_pause_is_never_longer_than_five_minutes(database: Database) -> None:
    [job_id] = owe(database)
    change(database, "attempts = 60, max_attempts = 100")
    got = claim(database, job_id)
    assert got is not None

    with database.transaction() as session:
        jobs.fail(session, got, error="ValueError")

    job = look(database, job_id)
    assert job.run_at == job.send_at
    assert job.run_at - got.claimed_at < timedelta(minutes=5, seconds=5)


def test_jobs_that_failed_together_do_not_come_back_together(database: Database) -> None:
    owe(database, count=20)
    change(database, "attempts = 7, state = 'running', lease_until = now() - interval '1 s'")

    assert sweep(database) == 20

    with database.transaction() as session:
        due = session.scalars(text("select distinct run_at from jobs order by 1")).all()
    assert len(due) > 10
    assert timedelta(0) < due[-1] - due[0] <= timedelta(seconds=128) / 4


def test_a_live_lease_is_not_swept(database: Database) -> None:
    [job_id] = owe(database)
    claim(database, job_id)

    assert sweep(database) == 0


def test_a_lease_that_runs_out_at_the_last_attempt_makes_the_job_dead(database: Database) -> None:
    [job_id] = owe(database)
    change(database, "max_attempts = 1")
    claim(database, job_id)
    change(database, "lease_until = now() - interval '1 s'")

    sweep(database)

    job = look(database, job_id)
    assert (job.state, job.last_error) == (jobs.JobState.DEAD, "lease-expired")


def test_two_sweeps_at_once_take_each_job_once(database: Database) -> None:
    for job_id in owe(database, count=40):
        claim(database, job_id)
    change(database, "lease_until = now() - interval '1 s'")

    with ThreadPoolExecutor(2) as both:
        swept = list(both.map(lambda _: sweep(database), range(2)))

    assert sum(swept) == 40
    with database.transaction() as session:
        assert set(session.scalars(select(jobs.Job.attempts))) == {1}
        assert jobs.backlog(session).running == 0
