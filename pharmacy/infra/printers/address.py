"""Where a printer is, and whether we may speak to it at all."""

import ipaddress
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from urllib.parse import urlsplit

from pharmacy.kernel.refusals import Invalid, NotPermitted

FOLDER_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,60}")
LARGEST_PORT = 65535


class AddressMalformed(Invalid):
    """This is no address of a printer."""

    code = "printer-address-malformed"
    remedy = (
        "Write ipp://host:631/path, ipps://host:631/path, raw://host:9100, or folder:name"
        " (small letters, digits, hyphens)."
    )


class NetworkMalformed(Invalid):
    """This is no network."""

    code = "printer-network-malformed"
    remedy = "Write networks in CIDR form with commas between: 127.0.0.0/8,10.20.0.0/24."


class AddressForbidden(NotPermitted):
    """The address is outside of the networks in which printers may be."""

    code = "printer-address-forbidden"
    remedy = "Ask whoever runs the server to add the network to PHARMACY_PRINTER_NETWORKS."


class Scheme(StrEnum):
    """How a printer is spoken to."""

    IPP = "ipp"
    IPPS = "ipps"
    RAW = "raw"
    FOLDER = "folder"


USUAL_PORT = {Scheme.IPP: 631, Scheme.IPPS: 631, Scheme.RAW: 9100}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a printer is. `host` is the folder's name for a folder."""

    scheme: Scheme
    host: str
    port: int = 0
    path: str = ""

    @classmethod
    def read(cls, text: str) -> Self:
        """
        Return the address that a text is.

        Raises:
            AddressMalformed: It is none; one with a user name, a query or a fragment is none.
        """
        if text.startswith("folder:"):
            name = text.removeprefix("folder:")
            if not FOLDER_NAME.fullmatch(name):
                raise AddressMalformed("the folder's name has other characters")
            return cls(Scheme.FOLDER, name)
        try:
            parts = urlsplit(text)
            scheme, port = Scheme(parts.scheme), parts.port
        except ValueError as error:
            raise AddressMalformed("this is no address of a printer") from error
        host = parts.hostname
        if not host or "@" in parts.netloc or parts.query or parts.fragment or not text.isascii():
            raise AddressMalformed("this is no address of a printer")
        if any(ord(letter) <= ord(" ") for letter in text):
            raise AddressMalformed("an address holds no blanks")
        if scheme is Scheme.RAW and parts.path not in {"", "/"}:
            raise AddressMalformed("a raw printer has no path")
        return cls(scheme, host, port or USUAL_PORT[scheme], parts.path or "/")

    def __str__(self) -> str:
        if self.scheme is Scheme.FOLDER:
            return f"folder:{self.host}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        path = self.path if self.scheme is not Scheme.RAW else ""
        return f"{self.scheme}://{host}:{self.port}{path}"


@dataclass(frozen=True, slots=True)
class Networks:
    """Networks that a setting names: those in which printers may be, or who may ask for what."""

    allowed: tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]

    @classmethod
    def read(cls, texts: Iterable[str], *, setting: str = "PHARMACY_PRINTER_NETWORKS") -> Self:
        """Return the networks of a setting, as `10.20.0.0/24`. Raises NetworkMalformed."""
        try:
            return cls(tuple(ipaddress.ip_network(text.strip()) for text in texts if text.strip()))
        except ValueError as error:
            raise NetworkMalformed(f"{setting} names no networks") from error

    def holds(self, number: str) -> bool:
        """Say whether an IP address lies in one of them; what is no address lies in none."""
        try:
            found = _plain(number)
        except ValueError:
            return False
        return any(found in network for network in self.allowed)

    def resolve(self, address: Address) -> str:
        """
        Return the IP address to connect to: this one is checked, and no name is asked twice.

        Raises:
            AddressForbidden: The host, or one of its addresses, lies outside.
            OSError: The name is not known just now.
        """
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
        numbers = [str(each[4][0]) for each in found]
        for number in numbers:
            if not self.holds(number):
                raise AddressForbidden("the printer is outside of the allowed networks")
        return numbers[0]


def _plain(number: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Return an address as what it is: an IPv4 address may be dressed as one of IPv6."""
    found = ipaddress.ip_address(number.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found
