"""
The relay: tells the workers, through the broker, which jobs to look at. It alone publishes jobs.

PostgreSQL wakes it when jobs are added, and it looks by itself every two seconds. Now and then it
also does what the clock's ticks do, so that a clock which has stopped costs nothing but time.
"""

import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from celery import Celery
from kombu import Producer
from kombu.exceptions import KombuError
from redis.exceptions import RedisError
from sqlalchemy.exc import DBAPIError

from pharmacy.infra import jobs, logs
from pharmacy.infra.db import Database
from pharmacy.settings import Settings
from pharmacy.workers import ticks
from pharmacy.workers.broker import QUEUE

LOOK_EVERY: Final = 2.0
TICK_EVERY: Final = 30.0
BATCH: Final = 100
ENOUGH_WAITING: Final = 1000
"""
Messages in the queue beyond which no more are sent. What is overdue is sent again, so a backlog
that outlasts that time would otherwise fill the queue with copies faster than workers empty it.
"""
BROKER_AWAY: Final = (KombuError, RedisError, OSError)


class Relay:
    """Sends what is due, when it is woken."""

    def __init__(self, database: Database, celery: Celery, *, listen_url: str) -> None:
        self._database = database
        self._celery = celery
        self._listen_url = listen_url
        self._stopping = threading.Event()
        self._next_tick = 0.0

    def stop(self) -> None:
        """End soon. What was marked and not sent is sent again when its time comes."""
        self._stopping.set()

    def run(self) -> None:
        """Send until stopped, through any absence of the database or the broker."""
        while not self._stopping.is_set():
            try:
                with listening(self._listen_url) as connection:
                    self._serve(connection)
            except (psycopg.Error, DBAPIError) as error:
                logs.crash("relay.database_away", error)
                self._stopping.wait(LOOK_EVERY / 2)

    def send_all(self) -> int:
        """Send every job that is due, as far as the queue has room; return how many."""
        total = 0
        try:
            with self._celery.producer_or_acquire() as producer:
                while (room := ENOUGH_WAITING - waiting(producer)) > 0:
                    sent = self._send_batch(producer, limit=min(room, BATCH))
                    total += sent
                    if sent < BATCH:
                        break
        except BROKER_AWAY as error:
            logs.crash("relay.broker_away", error)
        return total

    def _serve(self, connection: psycopg.Connection) -> None:
        while not self._stopping.is_set():
            self.send_all()
            if time.monotonic() >= self._next_tick:
                self._next_tick = time.monotonic() + TICK_EVERY
                ticks.by_hand(self._database)
            for _ in connection.notifies(timeout=LOOK_EVERY, stop_after=1):
                pass

    def _send_batch(self, producer: Producer, *, limit: int) -> int:
        """Mark, commit, then send: a worker must not come before the mark's lock has gone."""
        with self._database.transaction() as session:
            messages = jobs.to_send(session, limit=limit)
        sent = 0
        try:
            for message in messages:
                self._tell(producer, message)
                sent += 1
        finally:
            if sent < len(messages):
                self._put_back(messages[sent:])
        return sent

    def _tell(self, producer: Producer, message: jobs.Message) -> None:
        self._celery.send_task(
            str(message.kind),
            kwargs={"job_id": message.job_id},
            producer=producer,
            ignore_result=True,
        )

    def _put_back(self, messages: Sequence[jobs.Message]) -> None:
        with self._database.transaction() as session:
            jobs.not_sent(session, messages)


def waiting(producer: Producer) -> int:
    """Return how many messages wait in the queue."""
    channel: Any = producer.channel  # declared as something that it may turn into
    return int(channel.queue_declare(queue=QUEUE.name).message_count)


@contextmanager
def listening(url: str) -> Iterator[psycopg.Connection]:
    """Yield a connection that hears of new jobs, even those added since it was asked for."""
    with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
        connection.execute(f"listen {jobs.CHANNEL}")
        yield connection


def start_relay() -> None:
    """Be the relay until SIGTERM or SIGINT."""
    settings = Settings.of()
    logs.configure(settings.log_level)
    database = Database(settings.database_url, pool_size=1)
    celery = Celery("pharmacy", config_source="pharmacy.workers.config", set_as_current=False)
    relay = Relay(database, celery, listen_url=settings.database_url)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: relay.stop())
    relay.run()
    database.close()


if __name__ == "__main__":
    start_relay()
