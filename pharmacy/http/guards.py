"""Who comes in, and what their roles let them do. Every route says what it asks for."""

import hmac
from datetime import datetime
from typing import Any, Final

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.types import Guard

from pharmacy.http.dependencies import Clock
from pharmacy.infra import audit, credentials
from pharmacy.infra.db import Database
from pharmacy.kernel.refusals import Refusal
from pharmacy.staff import queries
from pharmacy.staff.rules import Actor

Connection = ASGIConnection[Any, Any, Any, Any]

BEARER: Final = "Bearer "


class NotSignedIn(Refusal):
    """Nobody known is asking (401)."""

    code = "not-signed-in"
    remedy = "Sign in, or send an API key, as `Authorization: Bearer …`."


def guard(database: Database, clock: Clock, *, pepper: str) -> Guard:
    """Return the guard that stands before every route."""

    def admit(token: str, handler: BaseRouteHandler) -> Actor:
        now = clock()
        with database.transaction() as session:
            if token.startswith("ldn_"):
                actor = client_of(session, token, now, pepper)
            else:
                found = queries.signed_in(session, credentials.digest(token), now=now)
                actor = found.actor if found else None
        if actor is None:
            raise NotSignedIn("the session or key is unknown, expired or ended")
        permission = handler.opt.get("permission")
        if permission and permission not in actor.permissions:
            with database.transaction() as session:
                audit.record(
                    session,
                    "permission.denied",
                    by=actor,
                    at=now,
                    subject_kind="route",
                    subject_id=None,
                    detail={"route": sorted(handler.paths)[0], "needs": permission},
                )
        if permission:
            actor.require(permission)
        return actor

    async def check(connection: Connection, handler: BaseRouteHandler) -> None:
        if handler.opt.get("public"):
            return
        header = connection.headers.get("authorization", "")
        if not header.startswith(BEARER):
            raise NotSignedIn("this needs a session token or an API key")
        connection.scope["user"] = await sync_to_thread(admit, header.removeprefix(BEARER), handler)

    return check


def client_of(session, token: str, now: datetime, pepper: str) -> Actor | None:
    key = credentials.ApiKey.read(token)
    if key is None or (found := queries.client_with_key(session, key.key_id, now=now)) is None:
        return None
    actor, secret_hmac = found
    return actor if hmac.compare_digest(key.keyed_hash(pepper), secret_hmac) else None
