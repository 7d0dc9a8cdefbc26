"""A browser's session: its cookie, its lock, and how a request shows that our own page sent it."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.datastructures import Cookie

from pharmacy.infra import credentials
from pharmacy.kernel.refusals import NotPermitted, Refusal
from pharmacy.staff.queries import SignedIn
from pharmacy.staff.rules import PROOF_LASTS, Actor, Attestation, ProofMethod

Connection = ASGIConnection[Any, Any, Any, Any]

SAFE: Final = frozenset({"GET", "HEAD"})
CSRF_HEADER: Final = "x-csrf-token"
SEEN_EVERY: Final = timedelta(seconds=20)
IN_STATE: Final = "browser"


class SessionLocked(Refusal):
    """The session waits for its holder to show who they are (423)."""

    code = "session-locked"
    remedy = "Unlock it with your PIN or your password."


class ForeignRequest(NotPermitted):
    """The request did not come from a page of ours."""

    code = "foreign-request"
    remedy = "Open the page anew and try again."


class ProofNeeded(Refusal):
    """A decision like this is signed by somebody who showed a moment ago who they are (428)."""

    code = "proof-needed"
    remedy = "Show with your PIN or password that it is you, then decide again."


@dataclass(frozen=True, slots=True)
class Browser:
    """Whose session a browser holds."""

    actor: Actor
    token: str
    token_sha256: bytes
    proven_at: datetime | None
    proven_with: ProofMethod | None
    has_pin: bool
    csrf: str
    is_barred: bool = False
    """The session is locked, and what was asked for is not for a locked one."""

    def attest(self, record_sha256: bytes, now: datetime) -> Attestation:
        """Return the person's word on what they saw. Raises ProofNeeded."""
        return attest(self.proven_at, self.proven_with, record_sha256=record_sha256, now=now)


def attest(
    proven_at: datetime | None, method: ProofMethod | None, *, record_sha256: bytes, now: datetime
) -> Attestation:
    """
    Return the word of somebody who proved who they are on what they saw.

    Raises:
        ProofNeeded: They never did, or more than five minutes ago.
    """
    if proven_at is None or method is None or now - proven_at > PROOF_LASTS:
        raise ProofNeeded("show again that it is you")
    return Attestation(record_sha256, proven_at, method)


def cookie_name(*, secure: bool) -> str:
    """Return the cookie's name: with TLS, one that no other host can set (RFC 6265bis)."""
    return "__Host-session" if secure else "session"


def cookie(token: str, *, secure: bool) -> Cookie:
    """Return the session's cookie. An empty token takes it back."""
    return Cookie(
        key=cookie_name(secure=secure),
        value=token,
        path="/",
        secure=secure,
        httponly=True,
        samesite="strict",
        max_age=None if token else 0,
    )


def csrf_token(token: str, pepper: str) -> str:
    """Return what our pages send back with every change: bound to the session, none of it told."""
    return hmac.digest(pepper.encode(), b"csrf:" + credentials.digest(token), "sha256").hex()


def is_locked(found: SignedIn, *, after: timedelta, now: datetime) -> bool:
    """Say whether a session waits for its holder: locked by hand, or not used for too long."""
    return found.locked_at is not None or now - found.last_seen_at > after


def require_same_origin(connection: Connection) -> None:
    """Raise ForeignRequest unless the browser says that a page of ours sent the request."""
    headers = connection.headers
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is None and origin is None:
        raise ForeignRequest("the request does not say which page sent it")
    foreign = origin is not None and urlsplit(origin).netloc != headers.get("host")
    if foreign or site not in {None, "same-origin"}:
        raise ForeignRequest("another site's page sent the request")


def require_csrf(connection: Connection, expected: str) -> None:
    """Raise ForeignRequest unless the request carries the session's own token."""
    if not hmac.compare_digest(connection.headers.get(CSRF_HEADER, ""), expected):
        raise ForeignRequest("the request does not carry the session's token")


def browser_of(connection: Connection) -> Browser:
    """Return the browser's session, as the guard found it."""
    found: Browser = connection.scope["state"][IN_STATE]
    return found
