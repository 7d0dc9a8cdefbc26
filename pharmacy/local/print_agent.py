"""
The print agent: beside the printers of a pharmacy whose server is elsewhere.

It asks the server, and is never asked. It prints nothing that the pinned server did not sign, and
what it was doing when it died it only asks its printer about.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from pharmacy.infra import logs
from pharmacy.infra.printers import Address, Certainty, Delivery, Networks, errands, sender
from pharmacy.kernel.refusals import Invalid, Refusal

LOOK_EVERY: Final = 2.0
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
NO_CONTENT: Final = 204


class ServerNotSecure(Invalid):
    """The server's address is not one that an agent speaks to."""

    code = "server-not-secure"
    remedy = "Give an address that begins with https://."


@dataclass
class Agent:
    """
    Fetches, prints and reports, until it is stopped.

    Args:
        client: Speaks to the server, with the agent's key.
        server_jwk: The server's key, as it was shown at enrolment.
        networks: Where this agent's printers may be.
        folders: Where printers that are folders have theirs.
    """

    client: httpx.Client
    server_jwk: dict[str, Any]
    networks: Networks
    folders: Path
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _afresh: bool = field(default=True, init=False)
    _owed: list[dict[str, Any]] = field(default_factory=list, init=False)
    """Outcomes that the server has not heard yet."""

    def run(self) -> None:
        """Go on until interrupted, through any absence of the server."""
        while True:
            try:
                while self.run_once():
                    pass
            except httpx.HTTPError:
                logs.log.warning("print_agent.server_away")
            time.sleep(LOOK_EVERY)

    def run_once(self) -> bool:
        """Report what is owed, then run one errand; say whether there was one."""
        self._report()
        answer = self.client.post("/api/v1/print-agents/errands", json={"afresh": self._afresh})
        answer.raise_for_status()
        if answer.status_code == NO_CONTENT:
            self._afresh = False
            return False
        try:
            errand = errands.read(answer.content, self.server_jwk, now=self.clock())
        except errands.ErrandNotGenuine as refusal:
            logs.log.error("print_agent.not_genuine", code=refusal.code)
            return False
        delivery = self._deliver(errand)
        self._owed.append(
            {
                "copy": errand["copy"],
                "tries": errand["tries"],
                "certainty": delivery.certainty,
                "reasons": list(delivery.reasons),
            }
        )
        self._report()
        return True

    def _deliver(self, errand: dict[str, Any]) -> Delivery:
        pinned = errand["pinned_sha256"]
        try:
            printer = sender(
                Address.read(errand["address"]),
                networks=self.networks,
                folders=self.folders,
                pinned_sha256=bytes.fromhex(pinned) if pinned else None,
            )
            if errand["only_ask"]:
                return printer.find(errand["copy"])
            return printer.send(errand["document"])
        except Refusal as refusal:
            return Delivery(Certainty.NOT_SENT, (refusal.code,))

    def _report(self) -> None:
        while self._owed:
            answer = self.client.post("/api/v1/print-agents/outcomes", json=self._owed[0])
            if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
                answer.raise_for_status()
            self._owed.pop(0)


def client_for(url: str, key: str) -> httpx.Client:
    """
    Return what speaks to a server. Raises ServerNotSecure unless over TLS, or on this machine.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ServerNotSecure("an agent speaks to its server over TLS")
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=url, headers=headers, timeout=20, follow_redirects=False)
