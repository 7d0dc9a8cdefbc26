"""EHR clients from the command line: who they are, whom they submit for, their keys."""

from datetime import UTC, datetime

import click

from pharmacy.cli.context import database, settings
from pharmacy.staff import queries
from pharmacy.staff.operations import clients as operations
from pharmacy.staff.rules import OPERATOR

MOST = 10_000


@click.group()
def clients() -> None:
    """
    Clinics' systems that submit prescriptions with an API key.

    \b
    A new one:
      pharmacy clients add "Bayou Clinic EHR"
      pharmacy clients enrol "Bayou Clinic EHR" 1234567893
      pharmacy clients key "Bayou Clinic EHR"
    """


@clients.command()
@click.argument("name")
def add(name: str) -> None:
    """Add a client. It may do nothing before it is enrolled and has a key."""
    with database().transaction() as session:
        operations.add(session, name=name, by=OPERATOR, now=datetime.now(UTC))
    click.echo(f"{name}: added")


@clients.command()
@click.argument("name")
@click.argument("npi")
def enrol(name: str, npi: str) -> None:
    """Let a client submit for a prescriber, and see that prescriber's orders."""
    with database().transaction() as session:
        client = queries.client_by_name(session, name)
        operations.enrol(session, client.id, npi=npi, by=OPERATOR, now=datetime.now(UTC))
    click.echo(f"{name}: may submit for {npi}")


@clients.command()
@click.argument("name")
@click.option(
    "--days",
    type=click.IntRange(1, operations.KEY_DAYS),
    default=operations.KEY_DAYS,
    show_default=True,
    help="How long it lives.",
)
def key(name: str, days: int) -> None:
    """Issue an API key and print it: it is shown now and never again. Two may live at a time."""
    pepper = settings("DATABASE_URL", "PHARMACY_SECRET").secret
    with database().transaction() as session:
        client = queries.client_by_name(session, name)
        issued = operations.issue_key(
            session, client.id, pepper=pepper, by=OPERATOR, now=datetime.now(UTC), days=days
        )
    click.echo(issued)


@clients.command()
@click.argument("name")
@click.argument("key_id")
def revoke(name: str, key_id: str) -> None:
    """Make a key worthless at once; KEY_ID is the third part of `ldn_live_KEYID_…`."""
    with database().transaction() as session:
        client = queries.client_by_name(session, name)
        operations.revoke_key(session, client.id, key_id, by=OPERATOR, now=datetime.now(UTC))
    click.echo(f"{name}: key {key_id} revoked")


@clients.command()
@click.argument("name")
def disable(name: str) -> None:
    """Shut a client out at once, with all its keys."""
    with database().transaction() as session:
        client = queries.client_by_name(session, name)
        operations.disable(session, client.id, by=OPERATOR, now=datetime.now(UTC))
    click.echo(f"{name}: disabled")


@clients.command("list")
def listing() -> None:
    """List every client and whom it submits for."""
    with database().transaction() as session:
        for found in queries.clients(session, limit=MOST):
            state = "disabled" if found.client.disabled_at else "open"
            click.echo(f"{found.client.name:<32} {state:<10} {', '.join(found.npis)}")
