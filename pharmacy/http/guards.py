"""Who comes in, and what their roles let them do. Every route says what it asks for."""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.exceptions import ImproperlyConfiguredException
from litestar.handlers import HTTPRouteHandler
from litestar.handlers.base import BaseRouteHandler
from litestar.routes import BaseRoute, HTTPRoute
from sqlalchemy.orm import Session

from pharmacy.http import browser
from pharmacy.http.bodies import require_content_type, require_plain_address
from pharmacy.http.browser import Browser
from pharmacy.http.dependencies import Clock
from pharmacy.infra import audit, credentials
from pharmacy.infra.db import Database
from pharmacy.kernel.refusals import Refusal
from pharmacy.printing import queries as printing
from pharmacy.settings import Settings
from pharmacy.staff import queries
from pharmacy.staff.operations import signing_in
from pharmacy.staff.rules import Actor, PermissionMissing

Connection = ASGIConnection[Any, Any, Any, Any]

BEARER: Final = "bearer "
OPTIONS: Final = "OPTIONS"
"""Answered by the framework with the methods that a path has, and nothing else."""
ASKS: Final = ("permission", "signed_in", "public")
"""What a route's `opt` says, one of: `permission=…`; any known caller; anybody at all."""


class NotSignedIn(Refusal):
    """Nobody known is asking (401)."""

    code = "not-signed-in"
    remedy = "Sign in, or send an API key, as `Authorization: Bearer …`."


@dataclass(frozen=True, slots=True)
class Guard:
    """
    Stands before every route; finds out who is asking with one query.

    The API takes tokens and keys from the Authorization header alone, the console a browser's
    session from its cookie alone, so that no other site's page can make a browser call the API.
    """

    database: Database
    clock: Clock
    settings: Settings

    async def __call__(self, connection: Connection, handler: BaseRouteHandler) -> None:
        if connection.scope.get("method") == OPTIONS:
            return
        require_plain_address(connection)
        if handler.opt.get("console"):
            await self.admit_browser(connection, handler)
        elif not handler.opt.get("public"):
            token = bearer_token(connection)
            connection.scope["user"] = await sync_to_thread(self.admit, token, handler)
        require_content_type(connection, handler)

    async def admit_browser(self, connection: Connection, handler: BaseRouteHandler) -> None:
        """Let a browser in. Raises as `admit`, SessionLocked, and ForeignRequest for a change."""
        is_change = connection.scope.get("method") not in browser.SAFE
        if handler.opt.get("public"):
            if is_change:
                browser.require_same_origin(connection)
            return
        token = connection.cookies.get(browser.cookie_name(secure=self.settings.secure_cookies), "")
        found = await sync_to_thread(self.browser, token, handler)
        connection.scope["state"][browser.IN_STATE] = found  # the locked page unlocks it, too
        if found.is_barred:
            raise browser.SessionLocked("the session is locked")
        connection.scope["user"] = found.actor
        if is_change:
            browser.require_same_origin(connection)
            browser.require_csrf(connection, found.csrf)

    def admit(self, token: str, handler: BaseRouteHandler) -> Actor:
        """
        Return who holds the token.

        Raises:
            NotSignedIn: Nobody.
            PermissionMissing: Somebody whose roles do not allow this route. That they tried is
                recorded.
        """
        now = self.clock()
        with self.database.glance() as session:
            actor = self.holder(session, token, now)
        if actor is None:
            raise NotSignedIn("the session or key is unknown, expired or ended")
        self._require_permitted(actor, handler, now)
        return actor

    def browser(self, token: str, handler: BaseRouteHandler) -> Browser:
        """Return whose session a cookie opens, locked or not. Raises as `admit`."""
        now = self.clock()
        token_sha256 = credentials.digest(token)
        lock_after = timedelta(minutes=self.settings.lock_minutes)
        with self.database.glance() as session:
            found = queries.signed_in(session, token_sha256, now=now)
            if found is None or not found.browser:
                raise NotSignedIn("the session is unknown, expired or ended")
            locked = browser.is_locked(found, after=lock_after, now=now)
            if not locked and not handler.opt.get("unattended"):
                signing_in.see(
                    session,
                    token_sha256=token_sha256,
                    last_seen_at=found.last_seen_at,
                    now=now,
                    every=browser.SEEN_EVERY,
                )
        is_barred = locked and not handler.opt.get("while_locked")
        if not is_barred:
            self._require_permitted(found.actor, handler, now)
        csrf = browser.csrf_token(token, self.settings.secret)
        return Browser(
            actor=found.actor,
            token=token,
            token_sha256=token_sha256,
            proven_at=found.proven_at,
            proven_with=found.proven_with,
            has_pin=found.has_pin,
            csrf=csrf,
            is_barred=is_barred,
        )

    def holder(self, session: Session, token: str, now: datetime) -> Actor | None:
        """Return whose session or key a token is; None when it opens nothing."""
        if key := credentials.ApiKey.read(token):
            found = queries.client_with_key(session, key.key_id, now=now)
            found = found or printing.agent_with_key(session, key.key_id)
            fits = found and hmac.compare_digest(key.keyed_hash(self.settings.secret), found[1])
            return found[0] if found and fits else None
        token_sha256 = credentials.digest(token)
        signed_in = queries.signed_in(session, token_sha256, now=now)
        if signed_in is None or signed_in.browser:
            return None
        signing_in.see(
            session, token_sha256=token_sha256, last_seen_at=signed_in.last_seen_at, now=now
        )
        return signed_in.actor

    def _require_permitted(self, actor: Actor, handler: BaseRouteHandler, now: datetime) -> None:
        needs = handler.opt.get("permission")
        if needs and needs not in actor.permissions:
            with self.database.transaction() as session:
                record_denial(session, actor, str(needs), now)
            raise PermissionMissing(f"this needs the permission {needs}", needs=needs)


def bearer_token(connection: Connection) -> str:
    """Return the token that a request shows. Raises NotSignedIn when it shows none."""
    header = connection.headers.get("authorization", "")
    if not header.lower().startswith(BEARER):
        raise NotSignedIn("this needs a session token or an API key")
    return header[len(BEARER) :].strip()


def record_denial(session: Session, actor: Actor, needs: str, now: datetime) -> None:
    """Remember that somebody tried what their role does not allow."""
    audit.record(
        session,
        "permission.denied",
        by=actor,
        at=now,
        subject_kind="permission",
        subject_id=None,
        detail={"needs": needs},
    )


def handlers(routes: Iterable[BaseRoute]) -> Iterable[tuple[str, HTTPRouteHandler]]:
    """Return every HTTP handler of ours with the template of its path, each once."""
    for route in routes:
        if isinstance(route, HTTPRoute):
            for handler in {id(found): found for found in route.route_handlers}.values():
                if handler.http_methods != {OPTIONS}:
                    yield route.path_format, handler


def require_every_route_asks(routes: Iterable[BaseRoute]) -> None:
    """Raise unless every route says, in one way, who may use it. Checked at start-up."""
    for path, handler in handlers(routes):
        if sum(bool(handler.opt.get(ask)) for ask in ASKS) != 1:
            raise ImproperlyConfiguredException(
                f"{sorted(handler.http_methods)} {path} must say one of {', '.join(ASKS)} in opt"
            )
