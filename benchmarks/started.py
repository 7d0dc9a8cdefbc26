"""A worker whose tasks do nothing but say when they began. Started by `benchmarks.jobs`."""

import time
from typing import Final

import redis
from celery import Celery, signals

from pharmacy.kernel.jobs import JobKind
from pharmacy.settings import Settings

STARTS: Final = "bench:starts"
DIRECT: Final = "bench.direct"

celery = Celery("bench", config_source="pharmacy.workers.config")
valkey: list[redis.Redis] = []


@signals.worker_process_init.connect
def _connect(**_: object) -> None:
    valkey.append(redis.Redis.from_url(Settings.of().redis_url))


def _began(name: object) -> None:
    begun = time.monotonic()
    valkey[0].rpush(STARTS, f"{name} {begun}")


@celery.task(name=str(JobKind.CHECK_ORDER), ignore_result=True)
def by_relay(*, job_id: int) -> None:
    _began(job_id)


@celery.task(name=DIRECT, ignore_result=True)
def direct(*, job_id: int) -> None:
    _began(job_id)
