"""The broker dies under a worker that is busy. These tests decide which Celery we may use."""

import time

import pytest

from tests.doors.workers.conftest import Bench, eventually

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("busy", [1, 2], ids=["one-of-two-busy", "both-busy"])
@pytest.mark.parametrize("away_for", [0.0, 4.0])
def test_a_worker_outlives_its_broker_and_goes_on(bench: Bench, away_for: float, busy: int) -> None:
    """With a free process the worker is listening, and hears of the loss while a job is unacked."""
    worker = bench.start_worker(concurrency=2, lookout=False)
    relay = bench.start_relay()
    bench.owe(seconds=3.0, count=busy)
    assert eventually(lambda: bench.number("select count(*) from tries") == busy)

    bench.kill_broker()
    eventually(lambda: worker.poll() is not None, within=away_for)
    bench.valkey.start()
    bench.owe(count=20)

    assert bench.done(20 + busy), bench.story()
    assert bench.effects() == 20 + busy
    assert worker.poll() is None, "the worker ended with its broker"
    assert relay.poll() is None


def test_a_worker_outlives_its_broker_again_and_again(bench: Bench) -> None:
    worker = bench.start_worker(concurrency=2, lookout=False)
    bench.start_relay()

    for loss in range(1, 6):
        bench.owe(seconds=1.5)
        assert eventually(lambda so_far=loss: bench.number("select count(*) from tries") >= so_far)
        bench.kill_broker()
        bench.valkey.start()

    assert bench.done(5), bench.story()
    assert bench.effects() == 5
    assert worker.poll() is None, "the worker ended with its broker"


def test_a_worker_whose_jobs_end_while_the_broker_is_away_is_not_silent_afterwards(
    bench: Bench,
) -> None:
    """With late acknowledgements every Celery that we tried failed here after one loss."""
    bench.start_worker(concurrency=2, lookout=False)
    bench.start_relay()

    for loss in range(1, 5):
        bench.owe(seconds=1.0, count=2)
        so_far = loss * 2
        assert eventually(lambda n=so_far: bench.number("select count(*) from tries") >= n)
        time.sleep(0.5)
        bench.kill_broker()
        assert bench.done(so_far), bench.story()
        bench.valkey.start()
