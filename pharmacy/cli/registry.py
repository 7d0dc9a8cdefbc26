"""Public registries: import their files, and see how old what we have is."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from pharmacy.cli.context import database
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import Policy
from pharmacy.prescribers import operations, queries
from pharmacy.prescribers.models import RegistryImport
from pharmacy.prescribers.operations import Imported
from pharmacy.staff.rules import OPERATOR

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
Importer = Callable[..., Imported]


@click.group()
def registry() -> None:
    """
    Import public registries, against which every prescriber is checked.

    NPPES says who has an NPI; a State board's file says whose licence is active; the OIG's list
    says who is excluded. Files are read by heading and streamed: a million rows need no more memory
    than ten. A file that breaks off changes nothing.

    \b
    Examples:
      pharmacy registry import nppes npidata_pfile_20050523-20260208.csv
      pharmacy registry import leie UPDATED.csv --date 2026-02-10
      pharmacy registry import licenses tx.csv --state TX --date 2026-02-01
      pharmacy registry status
    """


@registry.group("import")
def import_() -> None:
    """Import one file; what it replaces stays until it was read to its end."""


def _day(_ctx: click.Context, _param: click.Parameter, value: datetime | None) -> date | None:
    return value.date() if value else None


DATE = click.option(
    "--date",
    "file_date",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_day,
    help="When the source published the file. Default: the date in its name, or its newest row.",
)
ENCODING = click.option("--encoding", default="utf-8-sig", show_default=True)
SHORTER = click.option(
    "--allow-shorter", is_flag=True, help="Take a list that lost more than a fifth of its rows."
)


@import_.command("nppes")
@click.argument("file", type=FILE)
@DATE
@ENCODING
def import_nppes(file: Path, **how: Any) -> None:
    """
    Import an NPPES file, monthly or weekly: NPIs, names, taxonomies, deactivations.

    Read by the headings of the dissemination file (NPI, Entity Type Code, Provider Last Name
    (Legal Name), …, Healthcare Provider Taxonomy Code_1 to _15, NPI Deactivation Date, …).
    """
    _show(_with_progress(file, operations.import_nppes, how))


@import_.command("leie")
@click.argument("file", type=FILE)
@DATE
@ENCODING
@SHORTER
def import_leie(file: Path, **how: Any) -> None:
    """
    Import the OIG's list of excluded individuals and entities (UPDATED.csv), whole.

    Read by its headings: LASTNAME, FIRSTNAME, MIDNAME, BUSNAME, NPI, DOB, STATE, EXCLTYPE,
    EXCLDATE, REINDATE, WAIVERDATE, WVRSTATE (or WAIVERSTATE).
    """
    _show(_with_progress(file, operations.import_leie, how))


def _columns(
    _ctx: click.Context, _param: click.Parameter, pairs: tuple[str, ...]
) -> Mapping[str, str]:
    if bad := [pair for pair in pairs if "=" not in pair]:
        raise click.BadParameter(f"write ours=theirs, not {bad[0]}")
    return dict(pair.split("=", 1) for pair in pairs)


@import_.command("licenses")
@click.argument("file", type=FILE)
@click.option("--state", metavar="TX", help="The State of every row, where the file has no column.")
@click.option(
    "--column",
    "columns",
    multiple=True,
    metavar="OURS=THEIRS",
    callback=_columns,
    help='How the file names one of our headings: --column status="License Status".',
)
@DATE
@ENCODING
@SHORTER
def import_licenses(file: Path, state: str | None, **how: Any) -> None:
    """
    Import a State board's extract of licences; it replaces that State's.

    \b
    Our headings, which --column maps where a file has others:
      state, license_number, license_type, npi, last_name, first_name, status,
      issued, expires, discipline
    Dates are YYYY-MM-DD, MM/DD/YYYY or YYYYMMDD; npi may be empty.
    """
    state = state.strip().upper() if state else None
    _show(_with_progress(file, operations.import_licenses, {"state": state, **how}))


@registry.command("status")
def status() -> None:
    """Show which files were imported, and which are too old to rely on."""
    with database().transaction() as session:
        policy = practice.policy(session)
        zone = ZoneInfo(practice.site(session).time_zone)
        imports = queries.newest_imports(session)
    today = datetime.now(zone).date()
    if not imports:
        click.echo("Nothing was imported: every order will be held.")
    for one in imports:
        age = (today - one.file_date).days
        too_old = age > _oldest(one, policy)
        click.echo(
            f"{one.kind:<12} {one.file_date}  {age:>4} days old  {one.rows_kept:>9} rows  "
            f"{one.file_sha256.hex()[:12]}  {one.file_name}{'  TOO OLD' if too_old else ''}"
        )


def _oldest(one: RegistryImport, policy: Policy) -> int:
    is_leie = one.kind == "leie"
    return policy.exclusion_file_max_age_days if is_leie else policy.registry_file_max_age_days


def _with_progress(file: Path, load: Importer, how: dict[str, Any]) -> Imported:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns) as progress, database().transaction() as session:
        task = progress.add_task(file.name, total=file.stat().st_size)

        def tell(read: int) -> None:
            progress.advance(task, read)
            if progress.finished:
                progress.update(task, description="taking over")

        return load(session, file, by=OPERATOR, now=datetime.now(UTC), tell=tell, **how)


def _show(imported: Imported) -> None:
    for one in imported.imports:
        click.echo(
            f"{one.kind}: {one.rows_read} rows read, {one.rows_kept} kept, of {one.file_date}, "
            f"sha256 {one.file_sha256.hex()}"
        )
