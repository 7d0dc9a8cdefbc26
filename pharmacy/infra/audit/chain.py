"""
How entries and seals become bytes, and bytes become hashes. Anybody can check the chain with this
page, a SHA-256 and two queries.

An entry is one line: a JSON array of its columns, in the order of `line`, UTF-8, no spaces, members
of objects sorted by name, instants as ISO 8601 in UTC with six decimals, then a line feed. A seal
covers the lines of its entries by ascending id:

    entries_sha256 = SHA-256(line of the first entry ... line of the last one)
    sha256 = SHA-256(line of [seq, entries, entries_sha256, previous_sha256, sealed_at])

with hashes in lower-case hexadecimal. `previous_sha256` of seal 1 is 32 zero bytes.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Row, Select, select

from pharmacy.infra.audit.trail import AuditEntry

NOTHING: Final = bytes(32)
"""What stands before the first seal."""


@dataclass(frozen=True, slots=True)
class Link:
    """What a seal says."""

    seq: int
    entries: int
    entries_sha256: bytes
    previous_sha256: bytes
    sealed_at: datetime

    @property
    def sha256(self) -> bytes:
        """The hash of the seal, which the next one names."""
        hashes = [self.entries_sha256.hex(), self.previous_sha256.hex()]
        members = [self.seq, self.entries, *hashes, _instant(self.sealed_at)]
        return hashlib.sha256(_line(members)).digest()


def columns() -> Select[Any]:
    """Return the query of what a line is made of; its reader adds which rows, and in what order."""
    return select(
        AuditEntry.id,
        AuditEntry.at,
        AuditEntry.action,
        AuditEntry.by_kind,
        AuditEntry.by_id,
        AuditEntry.subject_kind,
        AuditEntry.subject_id,
        AuditEntry.patient_id,
        AuditEntry.detail,
        AuditEntry.seal_seq,
    )


def line(row: Row[Any]) -> bytes:
    """Return the line of one entry."""
    by_id, subject_id, patient_id = (
        None if each is None else str(each) for each in (row.by_id, row.subject_id, row.patient_id)
    )
    members = [row.id, _instant(row.at), row.action, row.by_kind, by_id, row.subject_kind]
    return _line([*members, subject_id, patient_id, row.detail])


def of_entries(rows: Iterable[Row[Any]]) -> tuple[int, bytes]:
    """Return how many entries there are and the hash over them, reading them once."""
    count, running = 0, hashlib.sha256()
    for row in rows:
        running.update(line(row))
        count += 1
    return count, running.digest()


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _line(members: list[Any]) -> bytes:
    text = json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode() + b"\n"
