"""
Logs, one JSON object a line. Only members that are known to be free of patient data get through:
no bodies, no cookies, no query strings, no paths but route templates, no words of an exception.
"""

import logging
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from datetime import UTC, datetime
from typing import Any, Final, TextIO

import structlog

ALLOWED: Final = frozenset(
    {"event", "level", "timestamp", "logger", "incident", "request_id", "method", "route"}
    | {"status", "milliseconds", "actor", "actor_kind", "job_id", "kind", "attempt", "worker"}
    | {"errors", "at", "sqlstate", "constraint", "count", "seq", "process", "pid", "signal"}
    | {"delay", "state", "token", "queue", "host", "port", "version", "folder"}
)
"""Everything else is dropped, whoever logs it."""
FRAMES: Final = 30
WORDY: Final = ("uvicorn", "celery", "kombu", "alembic", "pharmacy")
"""Libraries whose messages are fixed text; of others only level and logger come through."""

log: Final = structlog.get_logger()


def configure(level: str = "INFO", *, to: TextIO | None = None) -> None:
    """Send everything, our own and libraries', to one place (stderr) in one form."""
    page = to or sys.stderr
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=page),
        cache_logger_on_first_use=to is None,
    )
    handler = logging.StreamHandler(page)
    handler.setFormatter(Foreign())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for quiet in ("httpx", "httpcore", "sqlalchemy", "uvicorn.access"):
        logging.getLogger(quiet).setLevel(logging.WARNING)


def only_allowed(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop every member that is not on the list."""
    return {name: value for name, value in event.items() if name in ALLOWED}


def crash(event: str, error: BaseException, **members: object) -> None:
    """Log an error: its kinds and where it was raised, without its words and without locals."""
    log.error(event, **members, **described(error))


def described(error: BaseException) -> dict[str, Any]:
    """Return what of an exception may be written down."""
    chain = list(_chain(error))
    origin = getattr(error, "orig", None) or error
    diagnosis = getattr(origin, "diag", None)
    found = {
        "errors": [f"{type(one).__module__}.{type(one).__qualname__}" for one in chain],
        "at": [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(chain[-1].__traceback__)[-FRAMES:]
        ],
        "sqlstate": getattr(origin, "sqlstate", None),
        "constraint": getattr(diagnosis, "constraint_name", None),
    }
    return {name: value for name, value in found.items() if value}


class Foreign(logging.Formatter):
    """Puts a library's record into our form, with its words only where they are fixed text."""

    def format(self, record: logging.LogRecord) -> str:
        wordy = record.name.partition(".")[0] in WORDY
        event: dict[str, Any] = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage() if wordy and not record.exc_info else "library.message",
        }
        if record.exc_info and record.exc_info[1] is not None:
            event |= described(record.exc_info[1])
        rendered = structlog.processors.JSONRenderer()(None, "", event)
        return rendered if isinstance(rendered, str) else rendered.decode()


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
