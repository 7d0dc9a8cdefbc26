"""As whom a command acts where a person must answer for what is done."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
from sqlalchemy.orm import Session

from pharmacy.infra.credentials import digest
from pharmacy.kernel.refusals import NotPermitted
from pharmacy.staff import queries as staff
from pharmacy.staff.operations import signing_in
from pharmacy.staff.rules import Actor

if TYPE_CHECKING:
    from pharmacy.infra.db import Database

AS = click.option("--as", "username", required=True, help="Whose act this is: a staff account.")
INSTANT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])


def acting_as(session: Session, username: str) -> Actor:
    """
    Return the account as whom the operator acts; its roles decide, not the shell.

    Raises:
        NotFound, NotPermitted: Nobody has this username, or the account was disabled.
    """
    member = staff.member(session, staff.by_username(session, username).id)
    if member.account.disabled_at is not None:
        raise NotPermitted("this account was disabled")
    return Actor(member.account.id, "operator", frozenset(member.roles))


def in_utc(given: datetime | None) -> datetime | None:
    """Return an instant of INSTANT, which is UTC."""
    return given.replace(tzinfo=UTC) if given else None


@contextmanager
def signed_in(opened: "Database", username: str) -> Iterator[Actor]:
    """
    Ask for a password on the terminal, and yield whose it is; the session ends with the command.

    A compounding record names who made the batch, and a name that a shell claims proves nobody.

    Raises:
        SignInRefused: The username and the password do not open a session.
    """
    password = click.prompt(f"Password of {username}", hide_input=True, err=True)
    now = datetime.now(UTC)
    with signing_in.a_place(), opened.transaction() as session:
        held = signing_in.sign_in(session, username=username, password=password, now=now)
    if held is None:  # raised after the transaction, which counts the failure
        raise signing_in.SignInRefused("this username and password do not open a session")
    with opened.transaction() as session:
        whose = staff.signed_in(session, digest(held.token), now=now)
    if whose is None:
        raise signing_in.SignInRefused("the session ended")
    try:
        yield whose.actor
    finally:
        with opened.transaction() as session:
            signing_in.sign_out(session, token=held.token, by=whose.actor, now=datetime.now(UTC))
