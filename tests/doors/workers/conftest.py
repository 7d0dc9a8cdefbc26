"""A real worker, a real relay and a broker of the test's own, which it may kill."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from pharmacy.embedded.valkey import EmbeddedValkey
from pharmacy.infra import jobs
from pharmacy.infra.db import Database
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.jobs import JobKind
from tests.doors.workers.rehearsal import TABLES, WITHOUT_LOOKOUT
from tests.services import ROOT, memory_or_disk

PATIENCE = 120.0
"""Seconds to wait for what takes a few on a machine that has nothing else to do."""


def eventually(condition: Callable[[], bool], *, within: float = PATIENCE) -> bool:
    """Say whether a condition becomes true in time."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class Bench:
    """A database with the rehearsal's tables, a broker, and the processes that a test starts."""

    def __init__(self, database: Database, valkey: EmbeddedValkey) -> None:
        self.database = database
        self.valkey = valkey
        self.processes: list[subprocess.Popen[bytes]] = []
        self.log = valkey.data.parent / "processes.log"

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
        """Start a Python module in a session of its own, as the supervisor would."""
        url = self.database.engine.url.set(drivername="postgresql")
        environment = (
            os.environ
            | variables
            | {
                "DATABASE_URL": url.render_as_string(hide_password=False),
                "REDIS_URL": self.valkey.url,
                "PHARMACY_STATE_DIR": str(self.valkey.data.parent),
            }
        )
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        self.processes.append(process)
        return process

    def start_worker(
        self, *, concurrency: int = 1, lookout: bool = True
    ) -> subprocess.Popen[bytes]:
        variables = {} if lookout else {WITHOUT_LOOKOUT: "1"}
        return self.start(
            "celery", "--app=tests.doors.workers.rehearsal", "worker", "--loglevel=INFO",
            f"--concurrency={concurrency}", "--without-gossip", "--without-mingle", **variables,
        )  # fmt: skip

    def start_relay(self) -> subprocess.Popen[bytes]:
        return self.start("pharmacy.workers.relay")

    def owe(
        self,
        behaviour: str = "work",
        *,
        seconds: float = 0.0,
        kind: JobKind = JobKind.CHECK_ORDER,
        count: int = 1,
    ) -> list[UUID]:
        """Owe jobs, and write down what their effects are to do; return what they are about."""
        references = [new_id() for _ in range(count)]
        with self.database.transaction() as session:
            for reference in references:
                session.execute(
                    text("insert into scripts values (:ref, :behaviour, :seconds)"),
                    {"ref": reference, "behaviour": behaviour, "seconds": seconds},
                )
                jobs.add(session, kind, ref_id=reference)
        return references

    def ask(self, question: str, **values: object) -> list[tuple[object, ...]]:
        """Return the rows of a question in SQL."""
        with self.database.connection() as connection:
            return [tuple(row) for row in connection.execute(text(question), values)]

    def number(self, question: str, **values: object) -> int:
        return int(str(self.ask(question, **values)[0][0]))

    def effects(self) -> int:
        return self.number("select count(*) from effects")

    def is_running(self, reference: UUID, *, attempts: int) -> bool:
        """Say whether this very job is being tried for the so-manieth time."""
        return [(attempts,)] == self.ask(
            "select attempts from jobs where ref_id = :ref and state = 'running'", ref=reference
        )

    def done(self, count: int) -> bool:
        """Say whether so many jobs get done in time."""
        return eventually(
            lambda: self.number("select count(*) from jobs where state = 'done'") == count
        )

    def kill_broker(self) -> None:
        """As the kernel would: no goodbye to anybody."""
        assert self.valkey.process is not None
        self.valkey.process.kill()
        self.valkey.process.wait()

    def story(self) -> str:
        """What the processes said last, for a test that failed."""
        return self.log.read_text()[-4000:]

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def bench(database: Database) -> Iterator[Bench]:
    """Everything that a worker needs. The folder with its logs goes away with it."""
    folder = memory_or_disk()
    valkey = EmbeddedValkey(Path(folder) / "valkey", Path(folder) / "vk" / "s")
    valkey.start()
    with database.connection() as connection:
        connection.execute(text(TABLES))
    bench = Bench(database, valkey)
    yield bench
    bench.stop()
    valkey.stop()
    shutil.rmtree(folder, ignore_errors=True)
