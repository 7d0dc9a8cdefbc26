"""The clock: it only says when. Each tick does whatever is due, so that lost ones do no harm."""

from typing import Final

from celery import Celery

from pharmacy.infra import logs
from pharmacy.settings import Settings
from pharmacy.workers.names import SEAL, SWEEP

EVERY: Final = 10.0
"""Seconds."""

celery = Celery("pharmacy", config_source="pharmacy.workers.config", set_as_current=False)


@celery.on_after_configure.connect
def _wind_up(sender: Celery, **_: object) -> None:
    """Set what is sent when. A tick that nobody took before the next one is worth nothing."""
    for name in (SWEEP, SEAL):
        sender.add_periodic_task(EVERY, sender.signature(name), name=name, expires=EVERY)


def start_beat() -> None:
    """Be the clock until SIGTERM. It remembers nothing, and needs no place to write to."""
    logs.configure(Settings.of().log_level)
    celery.start(["--quiet", "beat", "--scheduler=celery.beat:Scheduler", "--pidfile="])


if __name__ == "__main__":
    start_beat()
