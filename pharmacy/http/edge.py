"""What happens to every request on its way in and out: a number, headers, a log line, a count."""

import time
from dataclasses import dataclass
from typing import Any, Final

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from pharmacy.infra.logs import log
from pharmacy.infra.metrics import Metrics
from pharmacy.kernel.ids import encode, new_id
from pharmacy.staff.rules import Actor

NO_ROUTE: Final = "(none)"
STRICT_POLICY: Final = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'"
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'"
)
"""For our own pages: nothing inline, nothing from elsewhere."""
DOCS_POLICY: Final = PAGE_POLICY.replace("style-src 'self'", "style-src 'self' 'unsafe-inline'")
"""Swagger UI sets styles from its script."""

HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
)
NO_STORE: Final = (b"cache-control", b"no-store")
STRICT_TRANSPORT: Final = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")


@dataclass(frozen=True, slots=True)
class Edge:
    """Wraps the whole application, so that also what no route answers passes here."""

    app: ASGIApp
    metrics: Metrics
    over_tls: bool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
            return
        begun = time.perf_counter()
        status = 0
        request_id = encode("req", new_id())

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = self._headers(scope, list(message["headers"]), request_id)
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            self._note(scope, status, time.perf_counter() - begun, request_id)

    def _headers(
        self, scope: Scope, headers: list[tuple[bytes, bytes]], request_id: str
    ) -> list[tuple[bytes, bytes]]:
        present = {name.lower() for name, _ in headers}
        policy = STRICT_POLICY
        if handler := scope.get("route_handler"):
            policy = str(handler.opt.get("content_security_policy", STRICT_POLICY))
        wanted = [
            *HEADERS,
            NO_STORE,
            (b"content-security-policy", policy.encode()),
            (b"x-request-id", request_id.encode()),
        ]
        if self.over_tls:
            wanted.append(STRICT_TRANSPORT)
        return headers + [(name, value) for name, value in wanted if name not in present]

    def _note(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        found: dict[str, Any] = dict(scope)
        route = found.get("path_template") or NO_ROUTE
        method = found["method"] if route != NO_ROUTE else "(any)"
        self.metrics.answered(method, route, status, seconds)
        actor = found.get("user")
        who = {"actor": str(actor.id), "actor_kind": actor.kind} if isinstance(actor, Actor) else {}
        log.info(
            "request.answered",
            request_id=request_id,
            method=method,
            route=route,
            status=status,
            milliseconds=round(seconds * 1000, 1),
            **who,
        )
