"""Who a request comes from: the peer that we see, or what a proxy that we trust says of it."""

from typing import Any, Final

from litestar.connection import ASGIConnection

from pharmacy.settings import Settings

Connection = ASGIConnection[Any, Any, Any, Any]
FORWARDED: Final = "x-forwarded-for"
LOCAL: Final = "127.0.0.1"
"""Who speaks through a socket in the file system is on this machine."""


def peer_of(connection: Connection, settings: Settings) -> str:
    """
    Return the IP address that a request comes from.

    Proxies add the address that they saw at the end of `X-Forwarded-For`; what stands before the
    first that is not a trusted proxy's, anybody may have written.
    """
    peer = _seen(connection)
    named = ",".join(connection.headers.getall(FORWARDED, [])).split(",")
    while settings.trusted_proxies.holds(peer) and named:
        before = named.pop().strip()
        if not before:
            break
        peer = before
    return peer


def is_known_way(connection: Connection, settings: Settings) -> bool:
    """Say whether no proxy that we do not know passed the request on."""
    return FORWARDED not in connection.headers or settings.trusted_proxies.holds(_seen(connection))


def _seen(connection: Connection) -> str:
    return connection.client.host if connection.client else LOCAL
