"""
Printing over TCP port 9100, as label printers take it: bytes in, and no answer.

So the printer is asked for its status before and after, on the same connection (ZPL `~HS`). It
gives none while media or ribbon is out or the head is open: silence is a fault, never good news.
"""

import socket
from dataclasses import dataclass
from typing import Final

from pharmacy.infra.printers.address import Address, Networks
from pharmacy.infra.printers.delivery import Certainty, Delivery, Document

CONNECT_SECONDS: Final = 5.0
SEND_SECONDS: Final = 15.0
STATUS_SECONDS: Final = 3.0
STATUS: Final = b"~HS"
STATUS_STRINGS: Final = 3
"""`~HS` is answered with three strings, each between STX and ETX."""
ZPL: Final = "application/vnd.zebra-zpl"


class NoStatus(OSError):
    """The printer does not say how it is."""


@dataclass(frozen=True, slots=True)
class RawSender:
    """Speaks to one printer."""

    address: Address
    networks: Networks

    def send(self, document: Document) -> Delivery:
        """Print a document, once. Raises AddressForbidden; says everything else in the answer."""
        try:
            wire = self._connected()
        except OSError:
            return Delivery(Certainty.NOT_SENT, ("offline",))
        with wire:
            if document.media_type == ZPL and (wrong := _health(wire)):
                return Delivery(Certainty.NOT_SENT, wrong)
            try:
                wire.settimeout(SEND_SECONDS)
                wire.sendall(document.content)
            except OSError:
                return Delivery(Certainty.UNKNOWN, ("connection-lost",))
            if document.media_type != ZPL:
                return Delivery(Certainty.SENT)
            wrong = _health(wire)
        return Delivery(Certainty.UNKNOWN if wrong else Certainty.SENT, wrong)

    def find(self, name: str) -> Delivery:  # noqa: ARG002 -- as every sender is asked
        """Nobody can tell: such a printer remembers nothing."""
        return Delivery(Certainty.UNKNOWN, ("no-memory",))

    def health(self) -> tuple[str, ...]:
        """Return what is wrong with the printer; nothing when it is well."""
        try:
            with self._connected() as wire:
                return _health(wire)
        except OSError:
            return ("offline",)

    def _connected(self) -> socket.socket:
        number = self.networks.resolve(self.address)
        return socket.create_connection((number, self.address.port), timeout=CONNECT_SECONDS)


def _health(wire: socket.socket) -> tuple[str, ...]:
    """Ask for the status. Source: ZPL II programming guide, `~HS`."""
    try:
        wire.settimeout(STATUS_SECONDS)
        wire.sendall(STATUS)
        first, second = _status_strings(wire)[:2]
    except (OSError, ValueError):
        return ("silent",)
    found = []
    if first[1] == "1":
        found.append("media-empty")
    if first[2] == "1":
        found.append("paused")
    if first[5] == "1":
        found.append("buffer-full")
    if second[2] == "1":
        found.append("cover-open")
    if second[3] == "1":
        found.append("marker-supply-empty")
    return tuple(found)


def _status_strings(wire: socket.socket) -> list[list[str]]:
    heard = b""
    while heard.count(b"\x03") < STATUS_STRINGS:
        received = wire.recv(1024)
        if not received:
            raise NoStatus("the printer broke off")
        heard += received
    strings = [each.strip(b"\r\n\x02") for each in heard.split(b"\x03")]
    fields = [each.decode("ascii", "replace").split(",") for each in strings[:STATUS_STRINGS]]
    if len(fields[0]) < 6 or len(fields[1]) < 4:  # noqa: PLR2004 -- as far as we read
        raise NoStatus("the printer's status is not understood")
    return fields
