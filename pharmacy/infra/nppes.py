"""
The public NPPES API, version 2.1, asked for one NPI.

Whatever is not plainly an answer is an error: a timeout, another status, HTML, `Errors` sent with
status 200, too many bytes, another NPI than the one that was asked for.
"""

import hashlib
import json
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Final, Self

import httpx

from pharmacy.infra.lookups import Outcome, Reply

MAX_BYTES: Final = 1024 * 1024
TOTAL_SECONDS: Final = 10.0
TIMEOUT: Final = httpx.Timeout(5.0, connect=3.0)
OK: Final = 200


class Unreadable(Exception):
    """The service answered, and the answer cannot be used."""


class NppesApi:
    """Asks the service. Use one for each process, and close it."""

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._client = httpx.Client(timeout=TIMEOUT, follow_redirects=False, transport=transport)

    def look_up(self, npi: str) -> Reply:
        """Return what the service says of an NPI. Never raises for what the service does."""
        try:
            body = self._fetch(npi)
        except httpx.TimeoutException:
            return Reply(Outcome.ERROR, "timeout")
        except httpx.HTTPError:
            return Reply(Outcome.ERROR, "no-connection")
        except Unreadable as unreadable:
            return Reply(Outcome.ERROR, str(unreadable))
        sha256 = hashlib.sha256(body).digest()
        try:
            record = _record(body, npi)
        except Unreadable as unreadable:
            return Reply(Outcome.ERROR, str(unreadable), sha256=sha256)
        if record is None:
            return Reply(Outcome.UNKNOWN, sha256=sha256)
        return Reply(Outcome.FOUND, record=record, sha256=sha256)

    def _fetch(self, npi: str) -> bytes:
        deadline = time.monotonic() + TOTAL_SECONDS
        query = {"version": "2.1", "number": npi}
        with self._client.stream("GET", self._url, params=query) as response:
            if response.status_code != OK:
                raise Unreadable(f"status-{response.status_code}")
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > MAX_BYTES:
                    raise Unreadable("too-large")
                if time.monotonic() > deadline:
                    raise Unreadable("too-slow")
        return bytes(body)

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _record(body: bytes, npi: str) -> Mapping[str, Any] | None:
    """Return the one result, or None where the service knows of none. Raises Unreadable."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("not-json") from error
    if not isinstance(answer, dict):
        raise Unreadable("not-an-object")
    if answer.get("Errors"):
        raise Unreadable("errors-with-200")
    results = answer.get("results")
    if not isinstance(results, list):
        raise Unreadable("no-results")
    if not results:
        if answer.get("result_count") not in (0, "0"):
            raise Unreadable("count-differs")
        return None
    if len(results) > 1 or not isinstance(results[0], dict):
        raise Unreadable("not-one-result")
    if str(results[0].get("number")) != npi:
        raise Unreadable("another-npi")
    return results[0]
