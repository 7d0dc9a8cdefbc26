"""
The print agent: beside the printers of a pharmacy whose server is elsewhere.

It asks the server, and is never asked. It prints nothing that the pinned server did not sign, and
what it was doing when it died it only asks its printer about.
"""

import random
import secrets
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from pharmacy.infra import logs
from pharmacy.infra.printers import (
    Address,
    Certainty,
    Delivery,
    Document,
    Networks,
    errands,
    sender,
)
from pharmacy.kernel.refusals import Invalid, Refusal
from pharmacy.local.print_journal import Journal

LOOK_EVERY: Final = 2.0
LONGEST_PAUSE: Final = 30.0
"""Seconds. So much later labels may come out after the server was away."""
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
NO_CONTENT: Final = 204
COMES_BACK: Final = frozenset({401, 408, 429})
"""The agent is shut out, or too fast: nothing is wrong with what it says."""


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
        printer_ca: The authorities of this place's `ipps` printers. None: this machine's.
        journal: What it must not forget when it is stopped.
    """

    client: httpx.Client
    server_jwk: dict[str, Any]
    networks: Networks
    folders: Path
    journal: Journal
    printer_ca: Path | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    _afresh: bool = field(default=True, init=False)

    def run(
        self,
        *,
        sleep: Callable[[float], object] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Go on until interrupted, through any absence of the server."""
        failures = 0
        while True:
            try:
                while self.run_once():
                    pass
                failures = 0
            except httpx.HTTPStatusError as error:
                failures += 1
                status = error.response.status_code
                logs.log.error("print_agent.refused_by_server", status=status)
            except httpx.HTTPError:
                failures += 1
                logs.log.warning("print_agent.server_away")
            sleep(pause_before_asking(failures, chance=chance()))

    def run_once(self) -> bool:
        """
        Report what is owed, then run one errand; say whether to ask for another at once. What the
        server does not take, it would only give out again.
        """
        self._report()
        nonce = secrets.token_urlsafe(32)
        asked = {"afresh": self._afresh, "nonce": nonce, "withheld": self.journal.withheld()}
        answer = self.client.post("/api/v1/print-agents/errands", json=asked)
        answer.raise_for_status()
        self._afresh = False  # one errand at a time: no more than one can have been cut short
        if answer.status_code == NO_CONTENT:
            return False
        try:
            errand = errands.read(answer.content, self.server_jwk, nonce=nonce, now=self.clock())
        except errands.ErrandNotGenuine as refusal:
            logs.log.error("print_agent.not_genuine", code=refusal.code)
            return False
        delivery = self._deliver(errand)
        self.journal.keep(
            {
                "document": errand["document"].name,
                "tries": errand["tries"],
                "certainty": delivery.certainty,
                "reasons": list(delivery.reasons),
            }
        )
        return self._report()

    def _deliver(self, errand: dict[str, Any]) -> Delivery:
        pinned = errand["pinned_sha256"]
        try:
            printer = sender(
                Address.read(errand["address"]),
                networks=self.networks,
                folders=self.folders,
                pinned_sha256=bytes.fromhex(pinned) if pinned else None,
                ca_file=self.printer_ca,
            )
            document: Document = errand["document"]
            if errand["only_ask"] or not self._may_send(document, errand["tries"]):
                return printer.find(document.name)
            return printer.send(document)
        except Refusal as refusal:
            return Delivery(Certainty.NOT_SENT, (refusal.code,))

    def _may_send(self, document: Document, tries: int) -> bool:
        return self.journal.may_send(document.name, tries, now=self.clock())

    def _report(self) -> bool:
        """
        Tell what is owed; say whether the server took it all. What it refuses is kept, told again
        later, and counted.
        """
        took_all = True
        for outcome in self.journal.owed(now=self.clock()):
            answer = self.client.post("/api/v1/print-agents/outcomes", json=outcome)
            if answer.status_code in COMES_BACK or answer.is_server_error:
                answer.raise_for_status()
            if answer.is_success:
                self.journal.taken(outcome)
                continue
            took_all = False
            status = str(answer.status_code)
            self.journal.refused(outcome, status, now=self.clock())
            logs.log.error(
                "print_agent.outcome_refused", document=outcome["document"], status=status
            )
        return took_all


def pause_before_asking(failures: int, *, chance: float) -> float:
    """
    Return the seconds until the server is asked again: two, and twice as many after every failure
    in a row, up to half a minute.

    Args:
        chance: From 0 to 1: takes up to a quarter off, so that agents whose server was away do not
            all come back together.
    """
    longest: float = min(LOOK_EVERY * 2 ** min(failures, 10), LONGEST_PAUSE)
    return longest * (1 - chance / 4)


def client_for(url: str, key: str, *, ca_file: Path | None = None) -> httpx.Client:
    """
    Return what speaks to a server, through the proxy of the environment where there is one.

    Args:
        ca_file: The authorities (PEM) that may vouch for the server. None: those of SSL_CERT_FILE
            or SSL_CERT_DIR where they are set, or else the public ones that come with the client.

    Raises:
        ServerNotSecure: Neither over TLS nor on this machine.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise ServerNotSecure("an agent speaks to its server over TLS")
    headers = {"Authorization": f"Bearer {key}"}
    trusted = ssl.create_default_context(cafile=ca_file) if ca_file else True
    return httpx.Client(
        base_url=url, headers=headers, timeout=20, follow_redirects=False, verify=trusted
    )
