"""Jobs with real processes: whatever is lost, repeated, forged or killed, each is done once."""

import os
import signal

import pytest
import redis
from sqlalchemy import text

from pharmacy.infra import jobs
from pharmacy.kernel.jobs import JobKind
from tests.doors.workers.conftest import PATIENCE, Bench, eventually
from tests.doors.workers.rehearsal import PATIENT
from tests.services import is_alive

pytestmark = pytest.mark.slow


def test_jobs_are_done_as_they_are_owed_by_messages_alone(bench: Bench) -> None:
    bench.start_worker(lookout=False)
    bench.start_relay()
    bench.owe(count=3)
    assert bench.done(3), bench.story()

    bench.owe(count=30, kind=JobKind.RENDER_LABELS)

    assert bench.done(33), bench.story()
    assert bench.effects() == 33


def test_a_process_killed_between_claim_and_commit_costs_a_lease_and_nothing_else(
    bench: Bench,
) -> None:
    worker = bench.start_worker(concurrency=2)
    bench.start_relay()
    bench.owe("die once")
    bench.owe(count=5)
    assert bench.done(5), bench.story()
    assert eventually(lambda: bench.number("select count(*) from tries") == 6)

    with bench.database.transaction() as session:  # rather than waiting for a minute
        session.execute(
            text("update jobs set lease_until = now() - interval '1 s' where state = 'running'")
        )
        assert jobs.sweep(session) == 1

    assert bench.done(6), bench.story()
    assert bench.effects() == 6
    assert worker.poll() is None


def test_a_job_that_kills_every_worker_dies_alone(bench: Bench) -> None:
    bench.start_worker(concurrency=2)
    bench.start_relay()
    [poison] = bench.owe("die")
    with bench.database.transaction() as session:
        session.execute(
            text("update jobs set max_attempts = 2 where ref_id = :ref"), {"ref": poison}
        )
    bench.owe(count=5)

    for attempt in (1, 2):
        assert eventually(lambda so_far=attempt: bench.is_running(poison, attempts=so_far)), (
            bench.story()
        )
        with bench.database.transaction() as session:  # rather than waiting for a minute
            session.execute(
                text("update jobs set lease_until = now() - interval '1 s' where ref_id = :ref"),
                {"ref": poison},
            )
            assert jobs.sweep(session) == 1

    assert bench.done(5), bench.story()
    assert bench.ask("select ref_id, last_error from jobs where state = 'dead'") == [
        (poison, "lease-expired")
    ]
    assert bench.effects() == 5


def test_a_failing_job_is_tried_again_and_its_row_says_nothing_of_the_patient(
    bench: Bench,
) -> None:
    bench.start_worker()
    bench.start_relay()
    bench.owe("fail once")

    assert bench.done(1), bench.story()
    assert bench.effects() == 1
    assert bench.number("select attempts from jobs") == 2
    assert PATIENT not in bench.log.read_text()


def test_a_broker_emptied_midway_loses_nothing(bench: Bench) -> None:
    bench.start_worker(concurrency=2)
    bench.start_relay()
    bench.owe(count=60, seconds=0.1)
    assert eventually(lambda: bench.effects() >= 5)

    with redis.Redis(unix_socket_path=str(bench.valkey.socket_path)) as client:
        client.flushall()
    bench.owe(count=5)

    assert bench.done(65), bench.story()
    assert bench.effects() == 65


def test_work_goes_on_while_the_broker_is_away(bench: Bench) -> None:
    bench.valkey.stop()
    worker = bench.start_worker()
    relay = bench.start_relay()
    bench.owe(count=10)

    assert bench.done(10), bench.story()
    assert bench.effects() == 10
    assert worker.poll() is None
    assert relay.poll() is None


def test_a_killed_worker_leaves_no_process_behind(bench: Bench) -> None:
    worker = bench.start_worker(concurrency=2)
    bench.start_relay()
    bench.owe(seconds=30, count=2)
    assert eventually(lambda: bench.number("select count(distinct pid) from tries") == 2)
    children = [int(str(pid)) for (pid,) in bench.ask("select pid from tries")]

    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()

    assert eventually(lambda: not any(map(is_alive, children))), bench.story()


def test_a_worker_that_is_asked_to_stop_finishes_the_job_in_hand(bench: Bench) -> None:
    worker = bench.start_worker()
    bench.start_relay()
    bench.owe(seconds=2)
    assert eventually(lambda: bench.number("select count(*) from tries") == 1)

    worker.terminate()

    assert worker.wait(PATIENCE) == 0
    assert bench.effects() == 1
