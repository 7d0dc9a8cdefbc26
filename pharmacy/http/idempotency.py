"""Idempotency-Key on every unsafe route: claimed with the effect, answered again afterwards."""

import asyncio
import hashlib
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.response import Response
from litestar.types import ASGIApp, HTTPResponseStartEvent, Message, Receive, Scope, Send
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import Clock
from pharmacy.http.problems import cut_off
from pharmacy.infra import idempotency
from pharmacy.infra.db import Database
from pharmacy.infra.idempotency import Answer, Key
from pharmacy.kernel.refusals import Malformed
from pharmacy.staff.rules import Actor

HEADER: Final = "idempotency-key"
UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
GOOD_KEY: Final = re.compile(r"[\x21-\x7e]{8,200}")
MOST_BYTES: Final = 256 * 1024
"""A longer answer is not kept."""
KEPT_HEADERS: Final = frozenset({b"content-type", b"location", b"etag"})
SETTLERS: Final = ThreadPoolExecutor(4, thread_name_prefix="settle")
IN_STATE: Final = "claiming_database"


class MalformedKey(Malformed):
    """The key is not one that we take."""

    code = "malformed-idempotency-key"
    remedy = "Send 8 to 200 visible ASCII characters without spaces; a UUID does well."


class AnsweredBefore(Exception):
    """The request was answered before; this is the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class ClaimingDatabase(Database):
    """
    The database of one request with a key: claims the key first, and commits last.

    What the handler did stays open until its answer is known, so that effect, key and answer are
    committed together or not at all.
    """

    def __init__(self, database: Database, key: Key, clock: Clock) -> None:
        self.database = database
        self.key = key
        self.clock = clock
        self.session: Session | None = None
        self.held = ExitStack()

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        if self.session is not None:
            yield self.session
            return
        with ExitStack() as stack:
            session = stack.enter_context(self.database.transaction())
            if kept := idempotency.claim(session, self.key, now=self.clock()):
                raise AnsweredBefore(kept)
            yield session
            session.flush()
            self.session, self.held = session, stack.pop_all()

    def apart(self) -> Database:
        return self.database

    @contextmanager
    def glance(self) -> Iterator[Session]:
        with self.database.glance() as session:
            yield session

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        with self.transaction() as session:
            yield session.connection()

    def commit(self, answer: Answer | None) -> None:
        """Commit what was done, with its answer, if that may be kept."""
        with self.held:
            if self.session is not None and answer is not None:
                idempotency.keep(self.session, self.key, answer)

    def undo(self) -> None:
        """Undo what was done: no answer came of it."""
        with suppress(_Undone), self.held:
            raise _Undone


class _Undone(Exception):
    """Makes a transaction roll back."""


async def claiming(request: Request[Any, Any, Any], database: Database, clock: Clock) -> Database:
    """Return the database for one request; with a key in its headers, one that claims it."""
    value = request.headers.get(HEADER)
    user = request.scope.get("user")
    if value is None or request.method not in UNSAFE or not isinstance(user, Actor):
        return database
    if user.id is None or not GOOD_KEY.fullmatch(value):
        raise MalformedKey("the idempotency key is not of the agreed form")
    key = Key(user.id, value, _digest(request, await request.body()))
    found = ClaimingDatabase(database, key, clock)
    request.scope["state"][IN_STATE] = found
    return found


def answered_before(
    request: Request[Any, Any, Any],  # noqa: ARG001 -- Litestar's signature
    found: AnsweredBefore,
) -> Response[bytes]:
    """Give the kept answer again."""
    headers = {**found.answer.headers, "Idempotency-Replayed": "true"}
    media_type = headers.pop("content-type", "application/json")
    return Response(
        found.answer.body, status_code=found.answer.status, media_type=media_type, headers=headers
    )


class KeepAnswers(ASGIMiddleware):
    """Commits what a request with a key did, together with its answer, before that is sent."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        start: HTTPResponseStartEvent | None = None
        body = b""

        async def keeping(message: Message) -> None:
            nonlocal start, body
            if (claimed := _claimed(scope)) is None:
                await send(message)
            elif message["type"] == "http.response.start":
                start = message
            elif message["type"] == "http.response.body" and start is not None:
                body += message["body"]
                if not message["more_body"]:
                    try:
                        await _apart(_settle, claimed, scope, start, body)
                    except DBAPIError as error:  # outside of what Litestar answers errors in
                        request: Request[Any, Any, Any] = Request(scope)
                        refused = cut_off(request, error).to_asgi_response(None, request)
                        await refused(scope, receive, send)
                        return
                    await send(start)
                    await send({"type": "http.response.body", "body": body, "more_body": False})

        try:
            await next_app(scope, receive, keeping)
        finally:
            if claimed := _claimed(scope):
                await _apart(claimed.undo)


async def _apart(work: Callable[..., None], *arguments: object) -> None:
    """
    Run work in threads kept for it.

    The threads of handlers may all be waiting for the very key whose transaction ends here.
    """
    await asyncio.get_running_loop().run_in_executor(SETTLERS, partial(work, *arguments))


def _claimed(scope: Scope) -> ClaimingDatabase | None:
    found = scope["state"].get(IN_STATE)
    return found if isinstance(found, ClaimingDatabase) and found.session else None


def _settle(
    claimed: ClaimingDatabase, scope: Scope, start: HTTPResponseStartEvent, body: bytes
) -> None:
    del scope["state"][IN_STATE]
    if start["status"] >= HTTPStatus.BAD_REQUEST:
        claimed.undo()
    else:
        claimed.commit(_answer(scope, start, body))


def _answer(scope: Scope, start: HTTPResponseStartEvent, body: bytes) -> Answer | None:
    """Return what may be kept: nothing that is long or holds a secret."""
    if len(body) > MOST_BYTES or scope["route_handler"].opt.get("secret_answer"):
        return None
    headers = {
        name.decode(): value.decode()
        for name, value in start["headers"]
        if name.lower() in KEPT_HEADERS
    }
    return Answer(start["status"], headers, body)


def _digest(request: Request[Any, Any, Any], body: bytes) -> bytes:
    parts = (
        request.method.encode(),
        request.scope["raw_path"],
        request.scope["query_string"],
        request.headers.get("content-type", "").encode(),
        request.headers.get("if-match", "").encode(),
        body,
    )
    return hashlib.sha256(b"\0".join(parts)).digest()
