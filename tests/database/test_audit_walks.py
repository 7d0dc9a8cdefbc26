"""Walks along the audit's chain: in stretches, of which a death costs one."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra import audit, audit_walks, jobs
from pharmacy.infra.audit import AuditSeal, Head
from pharmacy.infra.audit_walks import AuditWalk, WalkState
from pharmacy.infra.db import Database
from pharmacy.infra.jobs import JobState
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.jobs import JobKind
from pharmacy.staff.rules import OPERATOR, WORKER
from pharmacy.workers import audit as worker
from pharmacy.workers.run import carry_out, run
from tests.conftest import NOW


def seal(session: Session, *sizes: int) -> None:
    for size in sizes:
        for _ in range(size):
            audit.record(
                session, "order.read", by=WORKER, at=NOW, subject_kind="order", subject_id=new_id()
            )
        assert audit.seal(session, now=NOW) >= size


@pytest.fixture(autouse=True)
def short_stretches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit_walks, "STRETCH", 4)


def stretch(session: Session, walk: AuditWalk) -> tuple[WalkState, int, int]:
    audit_walks.go_on(session, walk.id, by=WORKER, now=NOW + timedelta(seconds=1))
    return walk.state, walk.seals, walk.entries


def ask(session: Session) -> AuditWalk:
    return audit_walks.ask(session, by=OPERATOR, now=NOW)


def test_a_walk_tells_how_far_it_is_and_ends_at_the_seal_that_was_newest(session: Session) -> None:
    """Four entries a stretch: seals of 3 + 3, then 5, then 2; nine would be one seal too many."""
    seal(session, 3, 3, 5, 2)
    walk = ask(session)
    seal(session, 7)

    assert (walk.until_seq, walk.expected) == (4, 13)
    assert stretch(session, walk) == (WalkState.RUNNING, 2, 6)
    assert stretch(session, walk) == (WalkState.RUNNING, 3, 11)
    assert stretch(session, walk) == (WalkState.WHOLE, 4, 13)
    fourth = session.scalar(select(AuditSeal.sha256).where(AuditSeal.seq == 4))
    assert walk.head == Head(4, fourth or b"")
    assert walk.ended_at == NOW + timedelta(seconds=1)


def test_a_stretch_after_the_end_changes_nothing(session: Session) -> None:
    seal(session, 2)
    walk = ask(session)
    stretch(session, walk)

    assert audit_walks.go_on(session, walk.id, by=WORKER, now=NOW) is jobs.Progress.DONE
    with pytest.raises(IntegrityError, match="keeps what was found"):
        session.execute(text("update audit_walks set entries = 0"))


def test_asking_while_a_walk_is_under_way_finds_that_walk(session: Session) -> None:
    seal(session, 2)

    assert ask(session).id == ask(session).id


def test_a_walk_whose_job_was_given_up_makes_room_for_another(session: Session) -> None:
    seal(session, 2)
    first = ask(session)
    session.execute(text("update jobs set state = 'dead'"))

    second = ask(session)

    assert (first.state, second.state) == (WalkState.GIVEN_UP, WalkState.RUNNING)
    assert audit_walks.latest(session) is None


@pytest.mark.parametrize(
    ("damage", "seq", "why"),
    [
        ("update audit_entries set action = 'x' where seal_seq = 3", 3, "not as it was sealed"),
        ("update audit_seals set previous_sha256 = sha256 where seq = 4", 4, "does not follow"),
        ("delete from audit_seals where seq = 2", 2, "a seal that is not there"),
        ("update audit_entries set seal_seq = 0 where seal_seq = 1", 0, "a seal that is not there"),
        ("delete from audit_seals where seq = 4", 4, "a seal that is not there"),
        (
            "delete from audit_seals where seq = 4; delete from audit_entries where seal_seq = 4",
            4,
            "the chain ends before",
        ),
    ],
)
def test_the_first_break_is_named_in_whichever_stretch_it_is(
    session: Session, damage: str, seq: int, why: str
) -> None:
    seal(session, 3, 3, 5, 2)
    walk = ask(session)
    session.execute(text("set local session_replication_role = replica"))
    for statement in damage.split(";"):
        session.execute(text(statement))
    session.execute(text("set local session_replication_role = origin"))

    while walk.state is WalkState.RUNNING:
        stretch(session, walk)

    assert (walk.state, walk.broken_seq) == (WalkState.BROKEN, seq)
    assert why in str(walk.broken_why)


def test_a_chain_written_anew_since_the_last_walk_is_found(session: Session) -> None:
    seal(session, 3)
    stretch(session, ask(session))
    session.execute(text("set local session_replication_role = replica"))
    session.execute(text("delete from audit_seals"))
    session.execute(text("update audit_entries set seal_seq = null, at = at + interval '1 s'"))
    session.execute(text("set local session_replication_role = origin"))
    audit.seal(session, now=NOW)
    assert audit.verify(session).is_whole

    walk = ask(session)

    assert stretch(session, walk)[0] is WalkState.BROKEN
    assert "not the seal that was written down" in str(walk.broken_why)


def test_a_worker_that_dies_in_a_stretch_costs_that_stretch_and_nothing_else(
    database: Database,
) -> None:
    with database.transaction() as session:
        seal(session, 3, 3, 5, 2)
        ask(session)
    [job] = all_jobs(database)
    run(database, job.id, JobKind.VERIFY_AUDIT, worker.verify)

    with database.transaction() as session:  # it claims, and is never heard of again
        lost = jobs.claim(session, job.id, kind=JobKind.VERIFY_AUDIT, worker="lost")
    assert lost is not None
    with database.transaction() as session:
        session.execute(text("update jobs set lease_until = now() - interval '1 s'"))
        assert jobs.sweep(session) == 1
        session.execute(text("update jobs set run_at = now()"))
    run(database, job.id, JobKind.VERIFY_AUDIT, worker.verify)
    assert seen(database) == (WalkState.RUNNING, 11)

    carry_out(database, lost, worker.verify)  # it was only slow: what it does is undone
    assert seen(database) == (WalkState.RUNNING, 11)

    run(database, job.id, JobKind.VERIFY_AUDIT, worker.verify)
    run(database, job.id, JobKind.VERIFY_AUDIT, worker.verify)
    assert seen(database) == (WalkState.WHOLE, 13)
    [job] = all_jobs(database)
    assert (job.state, job.attempts) == (JobState.DONE, 1)


def all_jobs(database: Database) -> list[jobs.Job]:
    with database.transaction() as session:
        return list(jobs.listing(session, kind=JobKind.VERIFY_AUDIT))


def seen(database: Database) -> tuple[WalkState, int]:
    with database.transaction() as session:
        walk = audit_walks.under_way(session) or audit_walks.latest(session)
        assert walk is not None
        return walk.state, walk.entries
