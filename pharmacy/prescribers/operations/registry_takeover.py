"""
Taking the staged rows of a registry's file over: all of them, in the caller's transaction.

A file that is older than what is here or much shorter leaves everything as it was.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from psycopg import Connection as PsycopgConnection
from psycopg import Cursor, sql
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.practice import queries as practice
from pharmacy.prescribers import queries
from pharmacy.prescribers.models import RegistryExclusion, RegistryImport
from pharmacy.prescribers.operations import registry_merges as merges
from pharmacy.prescribers.rules.registry_files import Layout, RowUnreadable, date_in_name
from pharmacy.staff.rules import Actor

FEWEST_PERCENT: Final = 80
"""A full list that lost more than a fifth of its rows was cut short."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is known of a file whose rows are staged."""

    file_name: str
    sha256: bytes
    file_date: date | None
    """As somebody gave it. Default: the date in its name, else the newest among its rows."""
    newest_on: date | None
    rows_read: int


def take_uploaded(
    session: Session,
    layout: Layout,
    source: Source,
    *,
    upload_id: UUID,
    allow_shorter: bool,
    by: Actor,
    now: datetime,
) -> Imported:
    """Take the rows of an uploaded file over, as a file that was read at once. Counts changes."""
    session.execute(text("lock table registry_imports in share row exclusive mode"))
    types = merges.STAGING[layout.kind]
    fields = sql.SQL(", ").join(
        sql.SQL("fields[{}]::" + types.get(name, "text") + " as {}").format(
            sql.Literal(position), sql.Identifier(name)
        )
        for position, name in enumerate(layout.columns, start=1)
    )
    with driver_of(session).cursor() as cursor:
        create_staging(cursor, layout)
        names = sql.SQL(", ").join(map(sql.Identifier, layout.columns))
        cursor.execute(
            sql.SQL(
                "insert into registry_staging ({}) select {} from registry_upload_rows"
                " where upload_id = %s order by line"
            ).format(names, fields),
            [upload_id],
        )
    if not source.rows_read:
        raise RowUnreadable("the file has a heading and no rows")
    return replace(
        session, layout, source, counted=True, allow_shorter=allow_shorter, by=by, now=now
    )


def replace(
    session: Session,
    layout: Layout,
    source: Source,
    *,
    counted: bool,
    allow_shorter: bool,
    by: Actor,
    now: datetime,
) -> Imported:
    """Merge what is staged, and write down what came of it."""
    today = practice.site(session).today(now)
    dated = source.file_date or date_in_name(source.file_name) or source.newest_on
    if dated is None:
        raise FileDateUnknown("neither the file's name nor its rows say how old it is")
    if source.file_date is None:
        dated = min(dated, today)
    facts = RegistryImport(
        file_name=source.file_name,
        file_sha256=source.sha256,
        file_date=dated,
        rows_read=source.rows_read,
        imported_at=now,
    )
    imported = _merge(
        session, layout, facts, today=today, allow_shorter=allow_shorter, counted=counted
    )
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


def create_staging(cursor: Cursor[Any], layout: Layout) -> None:
    """Make the table, ending with the transaction, that a file's rows are put into first."""
    types = merges.STAGING[layout.kind]
    columns = sql.SQL(", ").join(
        sql.SQL("{} " + types.get(name, "text")).format(sql.Identifier(name))
        for name in layout.columns
    )
    cursor.execute("drop table if exists registry_staging")
    cursor.execute(
        sql.SQL(
            "create temporary table registry_staging"
            " (line bigint generated always as identity, {}) on commit drop"
        ).format(columns)
    )


def _merge(
    session: Session,
    layout: Layout,
    facts: RegistryImport,
    *,
    today: date,
    allow_shorter: bool,
    counted: bool,
) -> Imported:
    if layout.kind != "licenses":
        one = _import_row(session, facts, layout.kind, facts.rows_read, today=today)
        if layout.kind == "leie" and not allow_shorter:
            here = session.scalar(select(func.count()).select_from(RegistryExclusion)) or 0
            _require_long_enough(one.rows_read, here)
        statements = merges.NPPES if layout.kind == "nppes" else merges.LEIE
        with _counting(session, layout.kind, one, is_on=counted):
            one.rows_kept = _run(session, statements, {"import_id": one.id})
        session.flush()
        return Imported((one,), one.rows_read, one.rows_kept)
    imports = []
    for state, staged, here in session.execute(text(merges.LICENSE_STATES)).all():
        if not allow_shorter:
            _require_long_enough(staged, here)
        one = _import_row(session, facts, f"licenses:{state}", staged, today=today)
        with _counting(session, layout.kind, one, is_on=counted, state=state):
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


@contextmanager
def _counting(
    session: Session, kind: str, one: RegistryImport, *, is_on: bool, **scope: str
) -> Iterator[None]:
    """Keep what is here before a merge, and count afterwards what it added, changed and closed."""
    if not is_on:
        yield
        return
    _run(session, merges.KEEP_BEFORE[kind], scope)
    yield
    counts = session.execute(text(merges.COUNT[kind]), scope).one()
    one.rows_added, one.rows_changed, one.rows_closed = counts


def _run(session: Session, statements: tuple[str, ...], values: dict[str, Any]) -> int:
    """Run statements; return how many rows the last one wrote."""
    count = 0
    for statement in statements:
        count = session.connection().execute(text(statement), values).rowcount
    return count


def driver_of(session: Session) -> PsycopgConnection[Any]:
    """Return the connection beneath a session, for COPY."""
    connection = session.connection().connection.driver_connection
    if not isinstance(connection, PsycopgConnection):
        raise TypeError("registries are loaded through psycopg's COPY")
    return connection
