"""
Loading the files of public registries: streamed through COPY, merged in the caller's transaction.

Memory stays the same however long the file is. A file that breaks off, lacks a column, is older
than what is here or much shorter, leaves everything as it was.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final
from zoneinfo import ZoneInfo

from psycopg import Connection as PsycopgConnection
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.practice import queries as practice
from pharmacy.prescribers import queries
from pharmacy.prescribers.models import RegistryExclusion, RegistryImport
from pharmacy.prescribers.operations import registry_merges as merges
from pharmacy.prescribers.rules.registry_files import (
    LEIE,
    NPPES,
    Headings,
    Layout,
    RowUnreadable,
    date_in_name,
    licenses_layout,
)
from pharmacy.staff.rules import Actor, Permission

CHUNK: Final = 1024 * 1024
FEWEST_PERCENT: Final = 80
"""A full list that lost more than a fifth of its rows was cut short."""


class FileNotText(Invalid):
    """The file is not in the encoding that was named."""

    code = "registry-file-not-text"
    remedy = "Name the file's encoding with --encoding, such as cp1252."


class FileDateUnknown(Invalid):
    """Nothing says how old the file is, and evidence must be dated."""

    code = "registry-file-date-unknown"
    remedy = "Give the day on which the source published the file: --date 2026-02-08."


class FileOutOfOrder(Conflict):
    """A newer file is here already, or the file is from the future."""

    code = "registry-file-out-of-order"
    remedy = "Import the newest file, with the day on which its source published it."


class FileTooShort(Conflict):
    """The file has far fewer rows than the one that it would replace."""

    code = "registry-file-too-short"
    remedy = "Fetch it again; if the list has truly shrunk, say so with --allow-shorter."


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of one file."""

    imports: tuple[RegistryImport, ...]
    """One, or one for each State of a file of licences."""
    rows_read: int
    rows_kept: int


class HashedFile(io.RawIOBase):
    """Reads a file once, hashing what it gives out and telling how far it is."""

    def __init__(self, file: BinaryIO, tell: Callable[[int], None]) -> None:
        self._file = file
        self._tell = tell
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = self._file.read(len(buffer))
        self.sha256.update(chunk)
        buffer[: len(chunk)] = chunk
        self._tell(len(chunk))
        return len(chunk)


def import_nppes(session: Session, path: Path, **how: Any) -> Imported:
    """Add to or renew what is known of NPIs, from a monthly or a weekly NPPES file."""
    return _import(session, path, NPPES, **how)


def import_leie(session: Session, path: Path, **how: Any) -> Imported:
    """Replace the list of excluded individuals and entities."""
    return _import(session, path, LEIE, **how)


def import_licenses(
    session: Session, path: Path, *, state: str | None = None, **how: Any
) -> Imported:
    """Replace the licences of a State, or of every State that the file speaks of."""
    return _import(session, path, licenses_layout(state), **how)


def _import(
    session: Session,
    path: Path,
    layout: Layout,
    *,
    by: Actor,
    now: datetime,
    file_date: date | None = None,
    columns: Mapping[str, str] | None = None,
    encoding: str = "utf-8-sig",
    allow_shorter: bool = False,
    tell: Callable[[int], None] = lambda _: None,
) -> Imported:
    """
    Load one file.

    Args:
        file_date: When the source published it. Default: the date in its name, else the newest
            date among its rows, which it cannot be older than.
        columns: Our heading to the file's, where they differ.
        tell: Called with the number of bytes read since it was last called.

    Raises:
        HeadingMissing, RowUnreadable, FileNotText, FileDateUnknown, FileOutOfOrder, FileTooShort.
    """
    by.require(Permission.IMPORT_REGISTRY)
    session.execute(text("lock table registry_imports in share row exclusive mode"))
    with path.open("rb") as raw:
        hashed = HashedFile(raw, tell)
        newest = Newest(layout.newest)
        rows = newest.passing(_rows(hashed, layout, columns, encoding))
        rows_read = _stage(session, layout, rows)
    today = now.astimezone(ZoneInfo(practice.site(session).time_zone)).date()
    dated = file_date or date_in_name(path.name) or newest.day
    if dated is None:
        raise FileDateUnknown("neither the file's name nor its rows say how old it is")
    if file_date is None:
        dated = min(dated, today)
    facts = RegistryImport(
        file_name=path.name,
        file_sha256=hashed.sha256.digest(),
        file_date=dated,
        rows_read=rows_read,
        imported_at=now,
    )
    imported = _merge(session, layout, facts, today=today, allow_shorter=allow_shorter)
    for one in imported.imports:
        audit.record(
            session,
            "registry.imported",
            by=by,
            at=now,
            subject_kind="registry-import",
            subject_id=one.id,
            detail={
                "kind": one.kind,
                "sha256": one.file_sha256.hex(),
                "file_date": one.file_date.isoformat(),
                "rows_read": one.rows_read,
                "rows_kept": one.rows_kept,
            },
        )
    return imported


class Newest:
    """Watches rows go by and remembers the newest date among them."""

    def __init__(self, date_of: Callable[[tuple[Any, ...]], date | None]) -> None:
        self._date_of = date_of
        self.day: date | None = None

    def passing(self, rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
        for row in rows:
            day = self._date_of(row)
            if day is not None and (self.day is None or day > self.day):
                self.day = day
            yield row


def _rows(
    file: HashedFile, layout: Layout, columns: Mapping[str, str] | None, encoding: str
) -> Iterator[tuple[Any, ...]]:
    """Yield a file's rows as our tables want them, or refuse with the line that is damaged."""
    buffered = io.BufferedReader(file, buffer_size=CHUNK)
    reader = csv.reader(io.TextIOWrapper(buffered, encoding=encoding, newline=""), strict=True)
    try:
        yield from _read(reader, layout, columns)
    except UnicodeDecodeError as error:
        raise FileNotText(f"the file is not {encoding}") from error
    except (csv.Error, RowUnreadable) as error:
        raise RowUnreadable(f"line {reader.line_num}: {error}", line=reader.line_num) from error


def _read(
    lines: Iterator[list[str]], layout: Layout, columns: Mapping[str, str] | None
) -> Iterator[tuple[Any, ...]]:
    headings = Headings(next(lines, []), columns)
    headings.require(layout.headings)
    read = layout.reader(headings)
    for row in lines:
        if len(row) == headings.width:
            yield read(row)
        elif row:
            raise RowUnreadable("a row has another number of fields than the heading")


def _stage(session: Session, layout: Layout, rows: Iterator[tuple[Any, ...]]) -> int:
    """Stream rows into a table that ends with the transaction. Returns how many there were."""
    types = merges.STAGING[layout.kind]
    connection = _driver(session)
    columns = sql.SQL(", ").join(
        sql.SQL("{} " + types.get(name, "text")).format(sql.Identifier(name))
        for name in layout.columns
    )
    count = 0
    with connection.cursor() as cursor:
        cursor.execute("drop table if exists registry_staging")
        cursor.execute(
            sql.SQL(
                "create temporary table registry_staging"
                " (line bigint generated always as identity, {}) on commit drop"
            ).format(columns)
        )
        names = sql.SQL(", ").join(map(sql.Identifier, layout.columns))
        copy = sql.SQL("copy registry_staging ({}) from stdin").format(names)
        with cursor.copy(copy) as stream:
            for row in rows:
                stream.write_row([Jsonb(v) if isinstance(v, list) else v for v in row])
                count += 1
    if not count:
        raise RowUnreadable("the file has a heading and no rows")
    return count


def _merge(
    session: Session,
    layout: Layout,
    facts: RegistryImport,
    *,
    today: date,
    allow_shorter: bool,
) -> Imported:
    if layout.kind != "licenses":
        one = _import_row(session, facts, layout.kind, facts.rows_read, today=today)
        if layout.kind == "leie" and not allow_shorter:
            here = session.scalar(select(func.count()).select_from(RegistryExclusion)) or 0
            _require_long_enough(one.rows_read, here)
        statements = merges.NPPES if layout.kind == "nppes" else merges.LEIE
        one.rows_kept = _run(session, statements, {"import_id": one.id})
        session.flush()
        return Imported((one,), one.rows_read, one.rows_kept)
    imports = []
    for state, staged, here in session.execute(text(merges.LICENSE_STATES)).all():
        if not allow_shorter:
            _require_long_enough(staged, here)
        one = _import_row(session, facts, f"licenses:{state}", staged, today=today)
        one.rows_kept = _run(session, merges.LICENSES, {"import_id": one.id, "state": state})
        imports.append(one)
    session.flush()
    kept = sum(one.rows_kept for one in imports)
    return Imported(tuple(imports), facts.rows_read, kept)


def _import_row(
    session: Session, facts: RegistryImport, kind: str, rows_read: int, *, today: date
) -> RegistryImport:
    """Write an import down, before the rows that refer to it. Raises FileOutOfOrder."""
    newest = queries.newest_import(session, kind)
    if newest is not None and newest.file_date > facts.file_date:
        raise FileOutOfOrder("a newer file is here already", here=newest.file_date)
    if facts.file_date > today + timedelta(days=1):
        raise FileOutOfOrder("the file's date is in the future", file_date=facts.file_date)
    row = RegistryImport(
        id=new_id(),
        kind=kind,
        file_name=facts.file_name,
        file_sha256=facts.file_sha256,
        file_date=facts.file_date,
        rows_read=rows_read,
        rows_kept=0,
        imported_at=facts.imported_at,
    )
    session.add(row)
    session.flush()
    return row


def _require_long_enough(staged: int, here: int) -> None:
    if staged * 100 < here * FEWEST_PERCENT:
        raise FileTooShort("the file has far fewer rows than are here", rows=staged, here=here)


def _run(session: Session, statements: tuple[str, ...], values: dict[str, Any]) -> int:
    """Run statements; return how many rows the last one wrote."""
    count = 0
    for statement in statements:
        count = session.connection().execute(text(statement), values).rowcount
    return count


def _driver(session: Session) -> PsycopgConnection[Any]:
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, PsycopgConnection):
        raise TypeError("registries are loaded through psycopg's COPY")
    return connection
