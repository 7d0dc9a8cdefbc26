"""
Registry files that an administrator sends: kept in parts, read by a worker stretch by stretch, and
taken over whole in one transaction, or not at all.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import PurePath
from typing import Any, Final, Protocol
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from pharmacy.infra import audit, jobs
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import Refusal
from pharmacy.prescribers import queries
from pharmacy.prescribers.models import RegistryUpload, RegistryUploadPart, RegistryUploadRow
from pharmacy.prescribers.operations.registry import FileNotText
from pharmacy.prescribers.operations.registry_takeover import Source, driver_of, take_uploaded
from pharmacy.prescribers.rules.registry_files import (
    LEIE,
    NPPES,
    Layout,
    Row,
    RowUnreadable,
    licenses_layout,
)
from pharmacy.prescribers.rules.uploads import (
    LONGEST_LINE,
    MOST_BYTES,
    NAMED,
    ZIP,
    Position,
    UploadEmpty,
    UploadPacked,
    UploadState,
    UploadTooLarge,
    UploadUnderWay,
    read_stretch,
)
from pharmacy.staff.rules import Actor, Permission


class Readable(Protocol):
    """Whatever gives out its bytes once, in order."""

    def read(self, most: int, /) -> bytes: ...


PART: Final = 1024 * 1024
STRETCH: Final = PART
"""Bytes that are read before progress is told: a second or two of work."""
LOCK: Final = 7_246_004
"""The advisory lock of whoever sends a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What an administrator says of a file."""

    kind: str
    """`nppes`, `leie` or `licenses`."""
    file_name: str
    licenses_of: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str = "utf-8"
    file_date: date | None = None
    allow_shorter: bool = False

    @property
    def layout(self) -> Layout:
        return layout_of(self.kind, self.licenses_of)


def layout_of(kind: str, licenses_of: str | None) -> Layout:
    """Return how a kind of file is read."""
    return {"nppes": NPPES, "leie": LEIE}.get(kind) or licenses_layout(licenses_of)


def receive(
    session: Session, file: Readable, described: Described, *, by: Actor, now: datetime
) -> RegistryUpload:
    """
    Keep a file and owe its import.

    Raises:
        UploadUnderWay, UploadTooLarge, UploadPacked, UploadEmpty.
    """
    by.require(Permission.IMPORT_REGISTRY)
    session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    _make_room(session, now)
    upload = RegistryUpload(
        id=new_id(),
        kind=described.kind,
        licenses_of=described.licenses_of,
        columns=dict(described.columns),
        encoding=described.encoding,
        file_name=PurePath(described.file_name.replace("\\", "/")).name[:200],
        file_date=described.file_date,
        allow_shorter=described.allow_shorter,
        size=0,
        sha256=b"",
        asked_by=by.id,
        asked_at=now,
    )
    session.add(upload)
    session.flush()
    upload.size, upload.sha256 = _keep(session, upload.id, file)
    session.flush()
    jobs.add(session, JobKind.IMPORT_REGISTRY, ref_id=upload.id)
    _record(session, "registry.file-sent", upload, by=by, now=now)
    return upload


def go_on(session: Session, upload_id: UUID, *, by: Actor, now: datetime) -> jobs.Progress:
    """Read the next stretch of a file; after the last, take all of it over, or say why not."""
    upload = queries.lock_upload(session, upload_id)
    if upload.ended_at is not None:
        return jobs.Progress.DONE
    try:
        is_last = _read(session, upload)
        if is_last:
            with session.begin_nested():
                _take_over(session, upload, by=by, now=now)
    except Refusal as refusal:
        _refuse(upload, refusal.code, str(refusal), now)
        is_last = True
    if not is_last:
        return jobs.Progress.MORE
    _drop(session, upload.id)
    _record(session, "registry.file-ended", upload, by=by, now=now)
    return jobs.Progress.DONE


def _make_room(session: Session, now: datetime) -> None:
    """Let a file whose job died go. Raises UploadUnderWay for one that is being read."""
    before = queries.upload_under_way(session)
    if before is None:
        return
    if before.id not in jobs.given_up(session, [before.id]):
        raise UploadUnderWay("another file is being taken over", field="file")
    before.state, before.ended_at = UploadState.GIVEN_UP, now
    _drop(session, before.id)
    session.flush()


def _keep(session: Session, upload_id: UUID, file: Readable) -> tuple[int, bytes]:
    size, no, sha256 = 0, 0, hashlib.sha256()
    while part := file.read(PART):
        if no == 0 and part.startswith(ZIP):
            raise UploadPacked("the file is an archive", field="file")
        size += len(part)
        if size > MOST_BYTES:
            raise UploadTooLarge("the file has more than 64 MB", field="file")
        sha256.update(part)
        row = {"upload_id": upload_id, "no": no, "data": part}
        session.execute(insert(RegistryUploadPart), row)
        no += 1
    if not size:
        raise UploadEmpty("the file is empty", field="file")
    return size, sha256.digest()


def _read(session: Session, upload: RegistryUpload) -> bool:
    """Read a stretch into the rows that wait; return whether it was the last."""
    layout = layout_of(upload.kind, upload.licenses_of)
    position = Position(upload.bytes_read, upload.lines_read)
    try:
        found = read_stretch(
            _lines(session, upload),
            position,
            layout=layout,
            headings=upload.headings,
            columns=upload.columns,
            encoding=upload.encoding,
            most=STRETCH,
        )
    except UnicodeDecodeError as error:
        line = position.line + 1
        raise FileNotText(f"line {line} is not in {upload.encoding}") from error
    _wait(session, upload.id, found.rows)
    upload.bytes_read, upload.lines_read = position.at, position.line
    upload.rows_read += len(found.rows)
    upload.headings = found.headings or upload.headings
    upload.newest_on = max(filter(None, (upload.newest_on, found.newest)), default=None)
    upload.refused_rows += len(found.refused)
    named = [{"line": line, "why": why} for line, why in found.refused]
    upload.refused = [*upload.refused, *named][:NAMED]
    return found.is_broken_off or position.at >= upload.size


def _lines(session: Session, upload: RegistryUpload) -> Iterator[bytes]:
    """Yield a file's lines from where it was read to; a part is fetched when it is needed."""
    no, skip = divmod(upload.bytes_read, PART)
    rest = b""
    while (part := queries.upload_part(session, upload.id, no)) is not None:
        whole, end, rest = (rest + part[skip:]).rpartition(b"\n")
        no, skip = no + 1, 0
        if len(rest) > LONGEST_LINE:
            raise RowUnreadable("a line has more than a megabyte: this is no list")
        if end:
            yield from (line + b"\n" for line in whole.split(b"\n"))
    if rest:
        yield rest


def _wait(session: Session, upload_id: UUID, rows: list[tuple[int, Row]]) -> None:
    with driver_of(session).cursor() as cursor:
        copy = "copy registry_upload_rows (upload_id, line, fields) from stdin"
        with cursor.copy(copy) as stream:
            for line, row in rows:
                stream.write_row((upload_id, line, [_text(value) for value in row]))


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.isoformat() if isinstance(value, date) else json.dumps(value)


def _take_over(session: Session, upload: RegistryUpload, *, by: Actor, now: datetime) -> None:
    """Replace what is here with what was read, all at once."""
    if upload.refused_rows:
        words = "1 row" if upload.refused_rows == 1 else f"{upload.refused_rows:,} rows"
        raise RowUnreadable(f"{words} could not be read")
    session.flush()
    imported = take_uploaded(
        session,
        layout_of(upload.kind, upload.licenses_of),
        Source(
            file_name=upload.file_name,
            sha256=upload.sha256,
            file_date=upload.file_date,
            newest_on=upload.newest_on,
            rows_read=upload.rows_read,
        ),
        upload_id=upload.id,
        allow_shorter=upload.allow_shorter,
        by=by,
        now=now,
    )
    upload.rows_added = sum(each.rows_added or 0 for each in imported.imports)
    upload.rows_changed = sum(each.rows_changed or 0 for each in imported.imports)
    upload.rows_closed = sum(each.rows_closed or 0 for each in imported.imports)
    upload.state, upload.ended_at = UploadState.IMPORTED, now
    session.flush()


def _refuse(upload: RegistryUpload, code: str, words: str, now: datetime) -> None:
    upload.state, upload.ended_at = UploadState.REFUSED, now
    upload.refusal, upload.refusal_words = code, words


def _drop(session: Session, upload_id: UUID) -> None:
    for table in (RegistryUploadPart, RegistryUploadRow):
        session.execute(delete(table).where(table.upload_id == upload_id))


def _record(
    session: Session, action: str, upload: RegistryUpload, *, by: Actor, now: datetime
) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="registry-upload",
        subject_id=upload.id,
        detail={
            "kind": upload.kind,
            "sha256": upload.sha256.hex(),
            "state": upload.state or UploadState.READING,
        },
    )
