"""The stream that tells open pages which orders and batches changed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from litestar import Controller, get
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import ServerSentEvent, ServerSentEventMessage

from pharmacy.http.dependencies import Db
from pharmacy.infra.db import Database
from pharmacy.staff import queries
from pharmacy.staff.rules import Permission
from pharmacy.web.live import News
from pharmacy.web.view import CurrentView, View

BEAT: Final = 15.0
"""Seconds between signs of life, at each of which the session is looked at again."""
ORDERS: Final = "orders"
"""Told after every order: something about orders is different now."""

CurrentNews = NamedDependency[SkipValidation[News]]


class NewsPages(Controller):
    """What changed, as it changes."""

    path = "/news"

    @get("/", opt={"permission": Permission.READ_QUEUE, "unattended": True})
    async def stream(self, view: CurrentView, db: Db, news: CurrentNews) -> ServerSentEvent:
        """
        Send the identifier of each order and batch that changes, or GAP, as an event's name.

        After that of an order comes ORDERS, for pages that know which orders they show, and not
        which ones they will.
        """
        return ServerSentEvent(told(view, db, news))


async def told(view: View, db: Database, news: News) -> AsyncIterator[ServerSentEventMessage]:
    """Yield events until the session or the process ends."""
    async with news.heard() as ear:
        yield ServerSentEventMessage(event="hello", data="", retry=2000)
        while True:
            try:
                heard = await asyncio.wait_for(ear.get(), BEAT)
            except TimeoutError:
                if not await sync_to_thread(_goes_on, view, db):
                    return
                yield ServerSentEventMessage(comment="here")
                continue
            if heard is None:
                return
            yield ServerSentEventMessage(event=heard, data=heard)
            if heard.startswith("ord_"):
                yield ServerSentEventMessage(event=ORDERS, data=ORDERS)


def _goes_on(view: View, db: Database) -> bool:
    """Say whether the session is still open and not locked."""
    assert view.held is not None
    with db.transaction() as session:
        found = queries.signed_in(session, view.held.token_sha256, now=view.clock())
    return found is not None and found.locked_at is None
