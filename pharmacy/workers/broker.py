"""Where messages wait: one queue on Redis or Valkey, which may be emptied at any time."""

from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from kombu import Exchange, Queue
from kombu.transport import TRANSPORT_ALIASES, redis

from pharmacy.infra import logs

QUEUE: Final = Queue("pharmacy", exchange=Exchange(""), routing_key="pharmacy")
"""On the default exchange, which needs no bindings that a flushed broker would have forgotten."""


def broker_url(redis_url: str) -> str:
    """Return the URL by which Celery knows a Redis: it has its own name for a unix socket."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    number = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={number}"


NOT_A_MESSAGE: Final = (ValueError, TypeError, LookupError, AttributeError, RecursionError)
"""What kombu raises over bytes that are not JSON, or not what it puts round a message."""


class Channel(redis.Channel):
    """Kombu's, but what is not even a message is dropped instead of ending the worker."""

    def _brpop_read(self, **options: Any) -> bool:
        """Take what lies first on the queue. It is off the queue before anything can be wrong."""
        try:
            return bool(super()._brpop_read(**options))  # type: ignore[misc]  # not in the stubs
        except NOT_A_MESSAGE:
            logs.log.warning("broker.garbage_dropped")
            return True


class Transport(redis.Transport):
    """Kombu's, with our channels."""

    Channel = Channel


TRANSPORT_ALIASES.update(dict.fromkeys(("redis", "rediss"), f"{__name__}:Transport"))
