"""What the relay is given to send."""

from datetime import timedelta

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.infra.db import Database
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.jobs import JobKind


def owe(session: Session, count: int = 1) -> list[int]:
    for _ in range(count):
        jobs.add(session, JobKind.CHECK_ORDER, ref_id=new_id())
    return list(session.scalars(select(jobs.Job.id).order_by(jobs.Job.id)))


def sent(session: Session, limit: int = 100) -> list[int]:
    return [message.job_id for message in jobs.to_send(session, limit=limit)]


def test_each_job_is_sent_once_in_the_order_in_which_it_was_owed(session: Session) -> None:
    owed = owe(session, 5)

    assert sent(session, limit=3) == owed[:3]
    assert sent(session, limit=3) == owed[3:]
    assert sent(session) == []


def test_a_job_whose_message_had_no_effect_is_sent_again(session: Session) -> None:
    owed = owe(session)
    sent(session)
    session.execute(text("update jobs set send_at = now()"))

    assert sent(session) == owed


def test_a_message_that_did_not_leave_is_sent_at_the_next_opportunity(session: Session) -> None:
    owed = owe(session, 3)
    messages = jobs.to_send(session, limit=100)

    jobs.not_sent(session, messages[1:])

    assert sent(session) == owed[1:]


def test_only_ready_jobs_that_are_due_are_sent(session: Session) -> None:
    ready, running, later = owe(session, 3)
    session.execute(text(f"update jobs set state = 'running' where id = {running}"))
    session.execute(text(f"update jobs set send_at = now() + interval '1 s' where id = {later}"))

    assert sent(session) == [ready]


def test_two_relays_send_different_jobs(database: Database) -> None:
    with database.transaction() as session:
        first, second = owe(session, 2)

    with database.transaction() as one, database.transaction() as other:
        assert sent(one, limit=1) == [first]
        assert sent(other, limit=1) == [second]


def test_a_kind_of_a_newer_release_is_left_to_it(session: Session) -> None:
    """While two releases run beside each other, the old one must not stumble over new kinds."""
    owe(session)
    session.execute(text("update jobs set kind = 'orders.something-new'"))

    assert sent(session) == []
    assert jobs.claim_next(session, kinds=list(JobKind), worker="old") is None


def test_the_backlog_tells_how_long_the_oldest_job_waits(session: Session) -> None:
    owe(session, 2)
    session.execute(text("update jobs set run_at = now() - interval '90 s' where id % 2 = 0"))

    standing = jobs.backlog(session)

    assert standing.oldest_due == timedelta(seconds=90)
    assert (standing.ready, standing.running, standing.dead) == (2, 0, 0)


def test_a_job_that_pauses_does_not_count_as_waiting(session: Session) -> None:
    owe(session)
    session.execute(text("update jobs set run_at = now() + interval '90 s'"))

    assert jobs.backlog(session).oldest_due == timedelta(0)
