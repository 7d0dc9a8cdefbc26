"""News of changes for open pages: one LISTEN a process, fanned out to every browser that hears."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final
from uuid import UUID

import psycopg

from pharmacy.infra import logs
from pharmacy.kernel.ids import encode

CHANNEL: Final = "pharmacy_changes"
LOOK_EVERY: Final = 1.0
CONNECT_WITHIN: Final = 3
MOST_WAITING: Final = 500
"""News that a slow browser has not taken; beyond it the browser is told to look for itself."""
GAP: Final = "gap"
"""Told instead of an identifier: something was missed, so read everything again."""

Ear = asyncio.Queue[str | None]


class News:
    """Identifiers of what changed, as `ord_…`; never what changed in them."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._ears: dict[Ear, asyncio.AbstractEventLoop] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @asynccontextmanager
    async def heard(self) -> AsyncIterator[Ear]:
        """Yield a queue of news; None in it says that no more will come."""
        ear: Ear = asyncio.Queue(MOST_WAITING)
        with self._lock:
            self._ears[ear] = asyncio.get_running_loop()
            if self._stopping.is_set():
                ear.put_nowait(None)
            elif self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._listen, name="news", daemon=True)
                self._thread.start()
        try:
            yield ear
        finally:
            with self._lock:
                self._ears.pop(ear, None)

    def close(self) -> None:
        """End every stream and the listening. Safe to call from a signal's handler."""
        self._stopping.set()
        self._tell(None)

    def _listen(self) -> None:
        """Hear until nobody is left who listens; end the streams when the database is away."""
        try:
            with psycopg.connect(
                self._url, autocommit=True, connect_timeout=CONNECT_WITHIN
            ) as connection:
                connection.execute(f"listen {CHANNEL}")
                while self._ears and not self._stopping.is_set():
                    for notice in connection.notifies(timeout=LOOK_EVERY, stop_after=50):
                        prefix, _, identifier = notice.payload.partition(":")
                        self._tell(encode(prefix, UUID(identifier)))
        except psycopg.Error as error:
            logs.crash("news.database_away", error)
        finally:
            with self._lock:
                self._thread = None
            self._tell(None)

    def _tell(self, news: str | None) -> None:
        for ear, loop in list(self._ears.items()):
            if not loop.is_closed():
                loop.call_soon_threadsafe(_put, ear, news)


def _put(ear: Ear, news: str | None) -> None:
    """Put news into a queue; one that is full is emptied, and told that it missed something."""
    if ear.full():
        while not ear.empty():
            ear.get_nowait()
        ear.put_nowait(GAP)
    ear.put_nowait(news)
