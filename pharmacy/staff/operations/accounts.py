"""Accounts: made by an administrator, opened by their owner, who alone knows the password."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pharmacy.infra import audit, credentials
from pharmacy.kernel.refusals import Conflict, NotPermitted
from pharmacy.staff import queries
from pharmacy.staff.models import (
    Account,
    AccountRole,
    FamiliarAddress,
    SetupToken,
    SignInSession,
)
from pharmacy.staff.rules import ANONYMOUS, Actor, Role, require_password, require_roles_fit

FIRST_TOKEN_LASTS: Final = timedelta(minutes=15)
INVITATION_LASTS: Final = timedelta(hours=24)


class AdministratorExists(Conflict):
    """There is an administrator already."""

    code = "administrator-exists"
    remedy = "Let an administrator add others, or use `pharmacy staff add` on the server."


class UsernameTaken(Conflict):
    """Somebody has this username."""

    code = "username-taken"
    remedy = "Choose another username."


class OwnAccount(NotPermitted):
    """Nobody changes their own roles, or locks themselves out."""

    code = "own-account"
    remedy = "Ask another administrator."


class TokenRefused(NotPermitted):
    """The one-time token is unknown, used or too old."""

    code = "token-refused"
    remedy = "Ask for a new one; it serves once and not for long."


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who an account is for."""

    username: str
    display_name: str
    initials: str
    npi: str | None = None
    """A physician's; nobody else has one here."""


def first_administrator_token(session: Session, *, by: Actor, now: datetime) -> str:
    """Return a one-time token, valid for 15 minutes, with which the first administrator is made."""
    if queries.administrators(session):
        raise AdministratorExists("there is an administrator already")
    audit.record(
        session,
        "account.first-token-issued",
        by=by,
        at=now,
        subject_kind="account",
        subject_id=None,
    )
    return _new_token(session, account_id=None, now=now, lasts=FIRST_TOKEN_LASTS)


def make_first_administrator(
    session: Session, *, token: str, person: Person, password: str, now: datetime
) -> Account:
    """Make the first administrator, for whoever holds the token from the command line."""
    used = _use_token(session, token, now=now)
    if used.account_id is not None:
        raise TokenRefused("this token is for a password, not for the first administrator")
    if queries.administrators(session):
        raise AdministratorExists("there is an administrator already")
    account = _insert(session, person, now=now)
    _grant(session, account.id, {Role.ADMINISTRATOR}, by=None, now=now)
    account.password_hash = _hashed(password, account.username)
    _record(session, "account.first-administrator-made", account.id, by=ANONYMOUS, now=now)
    return account


def add(
    session: Session, person: Person, roles: Collection[Role], *, by: Actor, now: datetime
) -> tuple[Account, str]:
    """Add an account; return it, and the one-time token with which its owner opens it."""
    require_roles_fit(roles, npi=person.npi)
    account = _insert(session, person, now=now)
    _grant(session, account.id, roles, by=by.id, now=now)
    _record(session, "account.added", account.id, by=by, now=now, roles=sorted(roles))
    return account, _new_token(session, account_id=account.id, now=now, lasts=INVITATION_LASTS)


def invite(session: Session, account_id: UUID, *, by: Actor, now: datetime) -> str:
    """Let somebody choose a new password: the old one, its locks and its sessions end now."""
    account = queries.lock(session, account_id)
    account.password_hash = None
    account.failed_sign_ins, account.locked_until = 0, None
    session.execute(delete(FamiliarAddress).where(FamiliarAddress.account_id == account_id))
    end_sessions(session, account_id, now=now)
    session.execute(
        update(SetupToken)
        .where(SetupToken.account_id == account_id, SetupToken.used_at.is_(None))
        .values(used_at=now)
    )
    _record(session, "account.invited", account_id, by=by, now=now)
    return _new_token(session, account_id=account_id, now=now, lasts=INVITATION_LASTS)


def choose_password(session: Session, *, token: str, password: str, now: datetime) -> Account:
    """Open an account with a password of its owner's choice."""
    used = _use_token(session, token, now=now)
    if used.account_id is None:
        raise TokenRefused("this token makes the first administrator")
    account = queries.lock(session, used.account_id)
    account.password_hash = _hashed(password, account.username)
    account.failed_sign_ins, account.locked_until = 0, None
    _record(session, "account.password-chosen", account.id, by=ANONYMOUS, now=now)
    return account


def set_roles(
    session: Session, account_id: UUID, roles: Collection[Role], *, by: Actor, now: datetime
) -> Account:
    """Give an account these roles and no others. Its sessions end: the next one has the new."""
    account = queries.lock(session, account_id)
    _require_other(account_id, by)
    require_roles_fit(roles, npi=account.npi)
    session.execute(delete(AccountRole).where(AccountRole.account_id == account_id))
    _grant(session, account_id, roles, by=by.id, now=now)
    end_sessions(session, account_id, now=now)
    _record(session, "account.roles-changed", account_id, by=by, now=now, roles=sorted(roles))
    return account


def disable(session: Session, account_id: UUID, *, by: Actor, now: datetime) -> Account:
    """Shut an account at once, with every session of it. What it did stays on record."""
    account = queries.lock(session, account_id)
    _require_other(account_id, by)
    if account.disabled_at is None:
        account.disabled_at = now
        end_sessions(session, account_id, now=now)
        _record(session, "account.disabled", account_id, by=by, now=now)
    return account


def end_sessions(session: Session, account_id: UUID, *, now: datetime) -> None:
    """End every session of an account."""
    session.execute(
        update(SignInSession)
        .where(SignInSession.account_id == account_id, SignInSession.ended_at.is_(None))
        .values(ended_at=now)
    )


def _require_other(account_id: UUID, by: Actor) -> None:
    if by.id == account_id:
        raise OwnAccount("this is your own account")


def _hashed(password: str, username: str) -> str:
    normal = unicodedata.normalize("NFKC", password)
    require_password(normal, username=username)
    return credentials.hash_password(normal)


def _insert(session: Session, person: Person, *, now: datetime) -> Account:
    taken = select(Account.id).where(func.lower(Account.username) == person.username.lower())
    if session.scalar(taken) is not None:
        raise UsernameTaken("this username is taken")
    account = Account(
        username=person.username,
        display_name=person.display_name,
        initials=person.initials,
        npi=person.npi,
        created_at=now,
        failed_sign_ins=0,
    )
    session.add(account)
    session.flush()
    return account


def _grant(
    session: Session, account_id: UUID, roles: Collection[Role], *, by: UUID | None, now: datetime
) -> None:
    rows = [
        {"account_id": account_id, "role": role, "granted_by": by, "granted_at": now}
        for role in sorted(roles)
    ]
    session.execute(insert(AccountRole), rows)


def _new_token(
    session: Session, *, account_id: UUID | None, now: datetime, lasts: timedelta
) -> str:
    token = credentials.new_token()
    row = SetupToken(
        token_sha256=credentials.digest(token),
        account_id=account_id,
        created_at=now,
        expires_at=now + lasts,
    )
    session.add(row)
    session.flush()
    return token


def _use_token(session: Session, token: str, *, now: datetime) -> SetupToken:
    row = session.get(SetupToken, credentials.digest(token), with_for_update=True)
    if row is None or row.used_at is not None or row.expires_at <= now:
        raise TokenRefused("the token is unknown, used or too old")
    row.used_at = now
    return row


def _record(
    session: Session, action: str, account_id: UUID, *, by: Actor, now: datetime, **detail: object
) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="account",
        subject_id=account_id,
        detail=detail,
    )
