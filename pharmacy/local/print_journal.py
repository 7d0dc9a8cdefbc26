"""
What a print agent must not forget, in one file beside it: what it has begun to send, and what it
could not yet tell its server.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

TRY_AGAIN_AFTER: Final = timedelta(minutes=10)
"""An outcome that the server refused is told again so often."""
KEPT: Final = timedelta(days=30)
TABLES: Final = """
create table if not exists sent (
    document text not null, tries integer not null, at real not null,
    primary key (document, tries)
) strict, without rowid;
create table if not exists outcomes (
    document text not null, tries integer not null, body text not null,
    refused text, refused_at real,
    primary key (document, tries)
) strict, without rowid;
"""


@dataclass(frozen=True, slots=True)
class Journal:
    """The file. Each method is one durable transaction."""

    path: Path

    def may_send(self, document: str, tries: int, *, now: datetime) -> bool:
        """Say, once for each try of a document, that it may be sent: it is taken as sent then."""
        with self._open() as file:
            file.execute("delete from sent where at < ?", [(now - KEPT).timestamp()])
            taken = file.execute(
                "insert into sent values (?, ?, ?) on conflict do nothing",
                [document, tries, now.timestamp()],
            )
            return taken.rowcount == 1

    def keep(self, outcome: dict[str, Any]) -> None:
        """Keep an outcome until the server has taken it. The last word on a try is what counts."""
        with self._open() as file:
            file.execute(
                "insert or replace into outcomes (document, tries, body) values (?, ?, ?)",
                [outcome["document"], outcome["tries"], json.dumps(outcome)],
            )

    def owed(self, *, now: datetime) -> list[dict[str, Any]]:
        """Return the outcomes to tell now: those never told, and those refused a while ago."""
        with self._open() as file:
            rows = file.execute(
                "select body from outcomes where refused_at is null or refused_at <= ?"
                " order by document, tries",
                [(now - TRY_AGAIN_AFTER).timestamp()],
            ).fetchall()
        return [json.loads(body) for (body,) in rows]

    def taken(self, outcome: dict[str, Any]) -> None:
        """Forget an outcome that the server took."""
        with self._open() as file:
            file.execute(
                "delete from outcomes where document = ? and tries = ?",
                [outcome["document"], outcome["tries"]],
            )

    def refused(self, outcome: dict[str, Any], why: str, *, now: datetime) -> None:
        """Remember that the server refused an outcome, and why."""
        with self._open() as file:
            file.execute(
                "update outcomes set refused = ?, refused_at = ? where document = ? and tries = ?",
                [why, now.timestamp(), outcome["document"], outcome["tries"]],
            )

    def withheld(self) -> int:
        """Return how many outcomes the server refused."""
        with self._open() as file:
            found = file.execute("select count(*) from outcomes where refused is not null")
            return int(found.fetchone()[0])

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = sqlite3.connect(self.path, timeout=10)
        try:
            with file:
                file.execute("pragma synchronous = full")
                file.executescript(TABLES)
                yield file
        finally:
            file.close()
