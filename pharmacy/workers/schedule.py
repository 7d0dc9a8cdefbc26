"""The clock: it only says when. Each tick does whatever is due, so that lost ones do no harm."""

from typing import Final

from celery import Celery

from pharmacy.infra import logs
from pharmacy.settings import Settings
from pharmacy.workers.names import CHECK, PAPER, QUESTIONS, SEAL, SWEEP

EVERY: Final = {SWEEP: 10.0, SEAL: 10.0, QUESTIONS: 60.0, PAPER: 30.0, CHECK: 300.0}
"""Seconds. Whether an hour is over since the last check, the check itself finds out."""

celery = Celery("pharmacy", config_source="pharmacy.workers.config", set_as_current=False)


@celery.on_after_configure.connect
def _wind_up(sender: Celery, **_: object) -> None:
    """Set what is sent when. A tick that nobody took before the next one is worth nothing."""
    for name, seconds in EVERY.items():
        sender.add_periodic_task(seconds, sender.signature(name), name=name, expires=seconds)


def start_beat() -> None:
    """Be the clock until SIGTERM. It remembers nothing, and needs no place to write to."""
    logs.configure(Settings.of().log_level)
    celery.start(["--quiet", "beat", "--scheduler=celery.beat:Scheduler", "--pidfile="])


if __name__ == "__main__":
    start_beat()
