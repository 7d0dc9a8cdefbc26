"""
How work goes on without the broker: each worker process also looks for itself.

A job that has been due for a while although workers were free was not told of: the broker is away,
was emptied, or lost a message. Then the process that sees it does it, beside its tasks.
"""

import faulthandler
import random
import threading
from datetime import timedelta
from typing import Final

from pharmacy.infra import logs
from pharmacy.infra.db import Database
from pharmacy.workers import run

LOOK_EVERY: Final = 5.0
"""Seconds, on average."""
OVERDUE_AFTER: Final = timedelta(seconds=10)
HARD_LIMIT: Final = 50.0
"""Seconds. Celery's limits hold for its tasks only; a job that hangs here ends the process."""


STDERR: Final = 2


class Lookout(threading.Thread):
    """A thread that does overdue jobs, one after the other, until there are none."""

    def __init__(self, database: Database) -> None:
        super().__init__(name="lookout", daemon=True)
        self._database = database
        self._stopping = threading.Event()

    def run(self) -> None:
        while not self._stopping.wait(LOOK_EVERY * random.uniform(0.8, 1.2)):  # noqa: S311
            try:
                while not self._stopping.is_set() and self._do_one():
                    logs.log.info("lookout.found_overdue")
            except Exception as error:  # noqa: BLE001 - the next look may go better
                logs.crash("lookout.failed", error)

    def stop(self, patience: float) -> None:
        """End after the job in hand; wait for that, but not longer than `patience` seconds."""
        self._stopping.set()
        self.join(patience)

    def _do_one(self) -> bool:
        faulthandler.dump_traceback_later(HARD_LIMIT, exit=True, file=STDERR)
        try:
            return run.run_next(self._database, waiting_for=OVERDUE_AFTER)
        finally:
            faulthandler.cancel_dump_traceback_later()
