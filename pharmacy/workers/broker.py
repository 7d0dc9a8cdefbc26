"""Where messages wait: one queue on Redis or Valkey, which may be emptied at any time."""

from typing import Final
from urllib.parse import parse_qs, urlsplit

from kombu import Exchange, Queue

QUEUE: Final = Queue("pharmacy", exchange=Exchange(""), routing_key="pharmacy")
"""On the default exchange, which needs no bindings that a flushed broker would have forgotten."""


def broker_url(redis_url: str) -> str:
    """Return the URL by which Celery knows a Redis: it has its own name for a unix socket."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    number = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={number}"
