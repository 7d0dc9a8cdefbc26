"""Whether the records contradict themselves: run it after a restore and after trouble."""

import sys

import click
from sqlalchemy import text

from pharmacy.cli.context import REFUSED, database

SHOWN = 20
"""Rows of one invariant; the number of the others is told."""


@click.command()
@click.option("-v", "--verbose", is_flag=True, help="Name also what holds.")
def check(verbose: bool) -> None:
    """
    Check what must be true of all records together; exit 1 and show the rows where it is not.

    Reads one moment of the database and changes nothing. Each invariant is one statement of SQL,
    in pharmacy/invariants/. The clock does the same every hour; run it
    after a restore or any trouble.

    \b
    Examples:
      pharmacy check
      pharmacy check --verbose     the list of everything that is checked
    """
    from pharmacy import invariants

    with database().transaction() as session:
        session.execute(text("set transaction isolation level repeatable read, read only"))
        found = {each.invariant.name: each for each in invariants.violations(session)}
    for invariant in invariants.ALL:
        violation = found.get(invariant.name)
        if violation is not None:
            tell(violation.lines(), invariant.name, invariant.words)
        elif verbose:
            click.echo(f"holds   {invariant.name}: {invariant.words}")
    if found:
        click.echo(f"{len(found)} of {len(invariants.ALL)} invariants are broken.", err=True)
        sys.exit(REFUSED)
    click.echo(f"{len(invariants.ALL)} invariants hold.")


def tell(lines: list[str], name: str, words: str) -> None:
    """Print a broken invariant and the rows that break it."""
    click.echo(f"BROKEN  {name}: {words}", err=True)
    for line in lines[:SHOWN]:
        click.echo(f"        {line}", err=True)
    if len(lines) > SHOWN:
        click.echo(f"        and {len(lines) - SHOWN} more", err=True)
