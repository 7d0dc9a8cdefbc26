"""Accounts from the command line: the first administrator, and everybody else."""

from datetime import UTC, datetime

import click

from pharmacy.cli.context import database, local_url
from pharmacy.staff import queries
from pharmacy.staff.operations import accounts
from pharmacy.staff.operations.accounts import FIRST_TOKEN_LASTS, INVITATION_LASTS, Person
from pharmacy.staff.rules import OF_PEOPLE, OPERATOR, Role

ROLES = click.Choice(sorted(role.value for role in OF_PEOPLE))
MOST = 10_000


@click.group()
def staff() -> None:
    """
    Accounts of people and their roles.

    No account has a password that somebody else knows: each owner chooses one, with a one-time
    token. Physicians, administrators and auditors hold one role alone.

    \b
    Start:
      pharmacy staff first-admin
      pharmacy staff add kim.lee --name "Kim Lee" --initials KL --role pharmacist
    """


@staff.command("first-admin")
def first_admin() -> None:
    """
    Print a one-time token with which the first administrator is made within 15 minutes.

    The token goes to stdout, for scripts; how to use it, from anywhere that reaches the server, to
    stderr.
    """
    with database().transaction() as session:
        token = accounts.first_administrator_token(session, by=OPERATOR, now=datetime.now(UTC))
    minutes = int(FIRST_TOKEN_LASTS.total_seconds() // 60)
    click.echo(token)
    click.echo(f"It is valid once, for {minutes} minutes. With names and words of yours:", err=True)
    member = '"username": "ann.ray", "display_name": "Ann Ray", "initials": "AR"'
    _show_request("setup", f'"token": "{token}", {member}')


@staff.command()
@click.argument("username")
@click.option("--name", required=True, help="As screens show it.")
@click.option("--initials", required=True, help="Two to four letters, as records show them.")
@click.option("--role", "roles", type=ROLES, multiple=True, required=True, help="May be repeated.")
@click.option("--npi", help="A physician's own; needed for that role, and for no other.")
def add(username: str, name: str, initials: str, roles: tuple[str, ...], npi: str | None) -> None:
    """Add an account, and print the one-time token with which its owner chooses a password."""
    person = Person(username=username, display_name=name, initials=initials, npi=npi)
    with database().transaction() as session:
        _, token = accounts.add(session, person, _roles(roles), by=OPERATOR, now=datetime.now(UTC))
    _show(token)


@staff.command("list")
def listing() -> None:
    """List every account: username, roles, state."""
    with database().transaction() as session:
        for member in queries.members(session, limit=MOST):
            account = member.account
            state = "disabled" if account.disabled_at else "open"
            if account.password_hash is None and not account.disabled_at:
                state = "waits for its owner's password"
            roles = ", ".join(member.roles)
            click.echo(f"{account.username:<24} {roles:<28} {state}")


@staff.command()
@click.argument("username")
@click.option("--role", "roles", type=ROLES, multiple=True, required=True, help="May be repeated.")
def grant(username: str, roles: tuple[str, ...]) -> None:
    """Give an account these roles and no others; its sessions end at once."""
    with database().transaction() as session:
        account = queries.by_username(session, username)
        accounts.set_roles(session, account.id, _roles(roles), by=OPERATOR, now=datetime.now(UTC))
    click.echo(f"{username}: {', '.join(sorted(set(roles)))}")


@staff.command()
@click.argument("username")
def disable(username: str) -> None:
    """Shut an account, with every session of it, at once."""
    with database().transaction() as session:
        account = queries.by_username(session, username)
        accounts.disable(session, account.id, by=OPERATOR, now=datetime.now(UTC))
    click.echo(f"{username}: disabled")


@staff.command()
@click.argument("username")
def invite(username: str) -> None:
    """Let the owner choose a new password: the old one and every session end at once."""
    with database().transaction() as session:
        account = queries.by_username(session, username)
        token = accounts.invite(session, account.id, by=OPERATOR, now=datetime.now(UTC))
    _show(token)


def _roles(names: tuple[str, ...]) -> set[Role]:
    return {Role(name) for name in names}


def _show(token: str) -> None:
    hours = int(INVITATION_LASTS.total_seconds() // 3600)
    click.echo(token)
    click.echo(
        f"It is valid once, for {hours} hours. Its owner chooses a password with it:", err=True
    )
    _show_request("password", f'"token": "{token}"')


def _show_request(path: str, members: str) -> None:
    """Show the request that needs the token, for a shell."""
    click.echo(
        f"  curl -H 'Content-Type: application/json' {local_url()}/api/v1/{path} \\\n"
        f'    -d \'{{{members}, "password": "four or more unrelated words"}}\'',
        err=True,
    )
