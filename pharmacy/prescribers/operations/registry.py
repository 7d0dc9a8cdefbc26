"""
Loading the files of public registries: streamed through COPY, merged in the caller's transaction.

Memory stays the same however long the file is. A file that breaks off, lacks a column, is older
than what is here or much shorter, leaves everything as it was.
"""

import csv
import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import text
from sqlalchemy.orm import Session

from pharmacy.kernel.refusals import Invalid
from pharmacy.prescribers.operations.registry_takeover import (
    Imported,
    Source,
    create_staging,
    driver_of,
    replace,
)
from pharmacy.prescribers.rules.registry_files import (
    LEIE,
    NPPES,
    Headings,
    Layout,
    RowUnreadable,
    licenses_layout,
)
from pharmacy.staff.rules import Actor, Permission

CHUNK: Final = 1024 * 1024


class FileNotText(Invalid):
    """The file is not in the encoding that was named."""

    code = "registry-file-not-text"
    remedy = "Name the file's encoding with --encoding, such as cp1252."


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
    source = Source(
        file_name=path.name,
        sha256=hashed.sha256.digest(),
        file_date=file_date,
        newest_on=newest.day,
        rows_read=rows_read,
    )
    counted = layout.kind != "nppes"
    return replace(
        session, layout, source, counted=counted, allow_shorter=allow_shorter, by=by, now=now
    )


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
    count = 0
    with driver_of(session).cursor() as cursor:
        create_staging(cursor, layout)
        names = sql.SQL(", ").join(map(sql.Identifier, layout.columns))
        copy = sql.SQL("copy registry_staging ({}) from stdin").format(names)
        with cursor.copy(copy) as stream:
            for row in rows:
                stream.write_row([Jsonb(v) if isinstance(v, list) else v for v in row])
                count += 1
    if not count:
        raise RowUnreadable("the file has a heading and no rows")
    return count
