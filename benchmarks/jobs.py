"""
From the commit that makes a job necessary to the first line of its task in an idle worker.

    python -m benchmarks.jobs [--count 200] [--rounds 3]

Product: `jobs.add` in a transaction, the relay woken by NOTIFY, Celery. Floor: the same row written
the same way, and `task.delay` straight after the commit, which loses the job when the process dies
or Valkey is away in between. Both go to one worker with the product's settings, whose tasks do
nothing but note the time; 20 ms apart, turn by turn. The clock starts before the transaction.

Goals: p50 at most 4x `task.delay`, aim 2.5x; p99 at most 150 ms.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
import redis
from sqlalchemy import select, update

from benchmarks.harness import keep, progress
from benchmarks.pharmacies import Pharmacy, open_pharmacy
from benchmarks.started import DIRECT, STARTS, celery
from pharmacy.infra import jobs
from pharmacy.infra.jobs import Job
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.jobs import JobKind

APART = 0.02
PATIENCE = 30.0


@contextmanager
def noting_worker(pharmacy: Pharmacy) -> Iterator[None]:
    """Run the worker that notes when its tasks begin."""
    argv = [sys.executable, "-m", "celery", "-A", "benchmarks.started", "--quiet", "worker"]
    argv += ["--concurrency=2", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    running = subprocess.Popen(argv, env=pharmacy.environment, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        running.terminate()
        running.wait(timeout=60)


class Bench:
    """Owes jobs in both ways and reads when they began."""

    def __init__(self, pharmacy: Pharmacy) -> None:
        self.pharmacy = pharmacy
        self.valkey = redis.Redis.from_url(pharmacy.environment["REDIS_URL"])
        os.environ.update(pharmacy.environment)  # where Celery's settings are read from
        self.direct = celery.signature(DIRECT)

    def by_relay(self) -> int:
        """Owe a job that the relay will tell of; return its id."""
        return self._add(for_relay=True)

    def by_delay(self) -> int:
        """Owe a job that the relay will not tell of, and tell of it here."""
        job_id = self._add(for_relay=False)
        self.direct.apply_async(kwargs={"job_id": job_id})
        return job_id

    def _add(self, *, for_relay: bool) -> int:
        ref_id = new_id()
        kind = JobKind.CHECK_ORDER if for_relay else JobKind.RENDER_LABELS
        with self.pharmacy.database.transaction() as session:
            jobs.add(session, kind, ref_id=ref_id)
            job_id = session.scalars(select(Job.id).where(Job.ref_id == ref_id)).one()
            if not for_relay:
                session.execute(update(Job).where(Job.id == job_id).values(state="done"))
        return job_id

    def latencies(self, way: Callable[[], int], count: int) -> list[float]:
        """Return milliseconds from before the transaction to the task's first line."""
        self.valkey.delete(STARTS)
        sent: dict[int, float] = {}
        for _ in range(count):
            begun = time.monotonic()
            sent[way()] = begun
            time.sleep(max(0.0, begun + APART - time.monotonic()))
        began = self._began(sent)
        return [(began[job_id] - at) * 1000 for job_id, at in sent.items()]

    def _began(self, sent: dict[int, float]) -> dict[int, float]:
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            lines = [line.decode().split() for line in self.valkey.lrange(STARTS, 0, -1)]
            found = {int(job_id): float(at) for job_id, at in reversed(lines)}
            if sent.keys() <= found.keys():
                return found
            time.sleep(0.1)
        raise RuntimeError("jobs did not begin in time")


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


@click.command()
@click.option("--count", default=200, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(count: int, rounds: int) -> None:
    """Compare the relay with a bare `task.delay`."""
    with (
        open_pharmacy() as pharmacy,
        noting_worker(pharmacy),
        pharmacy.process("relay"),
    ):
        bench = Bench(pharmacy)
        ways = {"relay": bench.by_relay, "task.delay": bench.by_delay}
        for way in ways.values():
            bench.latencies(way, 20)
        found: dict[str, list[list[float]]] = {name: [] for name in ways}
        for number in range(rounds):
            for name, way in ways.items():
                found[name].append(bench.latencies(way, count))
            progress(f"jobs: round {number + 1} of {rounds}")
        report(found)


def report(found: dict[str, list[list[float]]]) -> None:
    """Print percentiles of all rounds, and the median of the rounds' ratios."""
    print("\ncommit to job start, ms")
    for name, rounds in found.items():
        every = [value for each in rounds for value in each]
        p50, p95, p99 = (percentile(every, share) for share in (0.5, 0.95, 0.99))
        print(f"  {name:<12} p50 {p50:6.1f}   p95 {p95:6.1f}   p99 {p99:6.1f}")
    ratios = [
        statistics.median(a) / statistics.median(b)
        for a, b in zip(found["relay"], found["task.delay"], strict=True)
    ]
    print(
        f"  p50 over task.delay: {statistics.median(ratios):.2f} x"
        f"   ({min(ratios):.2f} to {max(ratios):.2f})"
    )
    keep("commit to job start", {"ms": found, "ratios": ratios})


if __name__ == "__main__":
    main()
