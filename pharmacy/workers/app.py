"""The Celery application of the worker, and what each of its processes does around its tasks."""

import ctypes
import gc
import signal
import sys
from typing import Final

from celery import Celery
from celery.signals import (
    setup_logging,
    worker_before_create_process,
    worker_process_init,
    worker_process_shutdown,
)

from pharmacy.embedded.processes import PR_SET_PDEATHSIG
from pharmacy.infra import logs
from pharmacy.labels.pdf import fonts
from pharmacy.settings import Settings
from pharmacy.workers.lookout import HARD_LIMIT, Lookout
from pharmacy.workers.run import database

TASKS: Final = (
    "pharmacy.workers.orders",
    "pharmacy.workers.labels",
    "pharmacy.workers.printing",
    "pharmacy.workers.refills",
    "pharmacy.workers.recalls",
    "pharmacy.workers.audit",
    "pharmacy.workers.registries",
    "pharmacy.workers.ticks",
)


def create(include: tuple[str, ...]) -> Celery:
    """Return an application that knows the tasks of these modules."""
    return Celery("pharmacy", config_source="pharmacy.workers.config", include=include)


celery = create(TASKS)

lookouts: list[Lookout] = []


def start_worker(*, concurrency: int = 2) -> None:
    """Be a worker until SIGTERM; a job in hand is finished first."""
    fonts.fall_back_on(Settings.of().fallback_fonts)
    celery.worker_main(
        [
            "--quiet",
            "worker",
            f"--concurrency={concurrency}",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )


@setup_logging.connect
def _log_as_we_do(**_: object) -> None:
    """Leave Celery's own set-up out."""
    logs.configure(Settings.of().log_level)


@worker_before_create_process.connect
def _share_memory(**_: object) -> None:
    """Keep what is imported out of the collector's reach, so that children share its pages."""
    gc.collect()
    gc.freeze()


@worker_process_init.connect
def _begin(**_: object) -> None:
    _die_with_parent()
    database.cache_clear()
    lookout = Lookout(database())
    lookouts.append(lookout)
    lookout.start()


def _die_with_parent() -> None:
    """Leave nobody behind when the worker is killed: what we held comes back with its lease."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@worker_process_shutdown.connect
def _end(**_: object) -> None:
    for lookout in lookouts:
        lookout.stop(HARD_LIMIT)
