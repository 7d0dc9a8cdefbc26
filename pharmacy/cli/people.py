"""As whom a command acts where a person must answer for what is done."""

from datetime import UTC, datetime

import click
from sqlalchemy.orm import Session

from pharmacy.kernel.refusals import NotPermitted
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Actor

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
