"""Reads of accounts and clients; above all: who is asking."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session

from pharmacy.infra.db import among
from pharmacy.kernel.refusals import NotFound
from pharmacy.staff.models import (
    Account,
    AccountRole,
    Approval,
    EhrClient,
    EhrClientKey,
    EhrEnrolment,
    SignInSession,
)
from pharmacy.staff.rules import GRANTS, Actor, Permission, ProofMethod, Role

IDLE: Final = timedelta(minutes=15)
"""A session that nobody used for so long is over (NIST SP 800-63B: 30 at most at AAL2)."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who holds a session token, and when it was last used."""

    actor: Actor
    last_seen_at: datetime
    browser: bool
    locked_at: datetime | None
    proven_at: datetime | None
    proven_with: ProofMethod | None
    has_pin: bool


@dataclass(frozen=True, slots=True)
class Member:
    """An account with its roles."""

    account: Account
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True)
class Client:
    """An EHR client with those it is enrolled for."""

    client: EhrClient
    npis: tuple[str, ...]


def _roles() -> Any:
    return (
        select(func.array_agg(AccountRole.role))
        .where(AccountRole.account_id == Account.id)
        .scalar_subquery()
    )


SIGNED_IN: Final = (
    select(
        Account.id,
        Account.display_name,
        Account.npi,
        Account.pin_hash.is_not(None).label("has_pin"),
        _roles().label("roles"),
        SignInSession.last_seen_at,
        SignInSession.browser,
        SignInSession.locked_at,
        SignInSession.proven_at,
        SignInSession.proven_with,
    )
    .join(SignInSession, SignInSession.account_id == Account.id)
    .where(
        SignInSession.token_sha256 == bindparam("token_sha256"),
        SignInSession.ended_at.is_(None),
        SignInSession.expires_at > bindparam("now"),
        or_(SignInSession.browser, SignInSession.last_seen_at > bindparam("idle_since")),
        Account.disabled_at.is_(None),
    )
)
"""Made once: every request that is not public asks it."""


def signed_in(session: Session, token_sha256: bytes, *, now: datetime) -> SignedIn | None:
    """
    Return who holds a session token, as their account stands at this instant.

    A browser's session does not end when it is idle: it locks, which the door sees to.
    """
    given = {"token_sha256": token_sha256, "now": now, "idle_since": now - IDLE}
    row = session.execute(SIGNED_IN, given).one_or_none()
    if row is None:
        return None
    roles = frozenset(Role(role) for role in row.roles or ())
    own = frozenset({row.npi} if row.npi else ())
    npis = own if Role.PHYSICIAN in roles else None
    return SignedIn(
        Actor(row.id, "staff", roles, npis=npis, label=row.display_name),
        row.last_seen_at,
        row.browser,
        row.locked_at,
        row.proven_at,
        row.proven_with,
        has_pin=row.has_pin,
    )


def holds(session: Session, account_id: UUID, role: Role) -> bool:
    """Say whether an account that may sign in holds a role."""
    found = (
        select(Account.id)
        .join(AccountRole, AccountRole.account_id == Account.id)
        .where(Account.id == account_id, AccountRole.role == role, Account.disabled_at.is_(None))
    )
    return session.scalar(found) is not None


def may(session: Session, account_id: UUID, permission: Permission) -> bool:
    """Say whether an account that may sign in has a role that grants something."""
    found = select(Account.id).where(
        Account.id == account_id,
        Account.id.in_(_who_may(permission)),
        Account.disabled_at.is_(None),
    )
    return session.scalar(found) is not None


def client_with_key(session: Session, key_id: str, *, now: datetime) -> tuple[Actor, bytes] | None:
    """Return the client that holds a living key, and the keyed hash of that key."""
    row = session.execute(
        select(EhrClient.id, EhrClient.name, EhrClientKey.secret_hmac, _npis())
        .join(EhrClientKey, EhrClientKey.client_id == EhrClient.id)
        .where(
            EhrClientKey.key_id == key_id,
            EhrClientKey.revoked_at.is_(None),
            EhrClientKey.expires_at > now,
            EhrClient.disabled_at.is_(None),
        )
    ).one_or_none()
    if row is None:
        return None
    client_id, name, secret_hmac, enrolled = row
    npis = frozenset(enrolled or ())
    roles = frozenset({Role.EHR_CLIENT})
    return Actor(client_id, "client", roles, npis=npis, label=name), secret_hmac


def lock(session: Session, account_id: UUID) -> Account:
    """Return an account, locked against others until the transaction ends."""
    account = session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise NotFound("there is no such account")
    return account


def lock_client(session: Session, client_id: UUID) -> EhrClient:
    """Return a client, locked against others until the transaction ends."""
    client = session.get(EhrClient, client_id, with_for_update=True)
    if client is None:
        raise NotFound("there is no such client")
    return client


def administrators(session: Session) -> int:
    """Return how many administrators can act."""
    found = session.scalar(
        select(func.count())
        .select_from(Account)
        .join(AccountRole, AccountRole.account_id == Account.id)
        .where(AccountRole.role == Role.ADMINISTRATOR, Account.disabled_at.is_(None))
    )
    return found or 0


def by_username(session: Session, username: str) -> Account:
    """Return the account of a username, whatever its case."""
    account = session.scalars(
        select(Account).where(func.lower(Account.username) == username.lower())
    ).one_or_none()
    if account is None:
        raise NotFound("there is no such account")
    return account


def client_by_name(session: Session, name: str) -> EhrClient:
    """Return the client of a name."""
    client = session.scalars(select(EhrClient).where(EhrClient.name == name)).one_or_none()
    if client is None:
        raise NotFound("there is no such client")
    return client


NAMES: Final = select(Account.id, Account.display_name).where(among(Account.id, "accounts"))


def names(session: Session, account_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return what people are called, for screens."""
    if not account_ids:
        return {}
    found = session.execute(NAMES, {"accounts": [*account_ids]})
    return {row.id: row.display_name for row in found}


def colleagues(session: Session, permission: Permission, *, besides: UUID | None) -> list[Account]:
    """Return who else may do something and has a PIN to say so with, by name."""
    found = select(Account).where(
        Account.id.in_(_who_may(permission)),
        Account.id != besides,
        Account.disabled_at.is_(None),
        Account.pin_hash.is_not(None),
    )
    return list(session.scalars(found.order_by(Account.display_name, Account.id)))


def _who_may(permission: Permission) -> Select[UUID]:
    granted = [role for role in Role if permission in GRANTS[role]]
    return select(AccountRole.account_id).where(AccountRole.role.in_(granted))


def signatures(session: Session, subject_id: UUID) -> list[Approval]:
    """Return every signature under decisions about one thing, the first first."""
    found = select(Approval).where(Approval.subject_id == subject_id)
    return list(session.scalars(found.order_by(Approval.at, Approval.id)))


def members(session: Session, *, after: UUID | None = None, limit: int) -> list[Member]:
    """Return accounts in the order in which they were made."""
    rows = session.execute(
        select(Account, _roles())
        .where(*_later(Account.id, after))
        .order_by(Account.id)
        .limit(limit)
    )
    return [Member(account, tuple(_sorted_roles(held))) for account, held in rows]


def with_role(session: Session, role: Role) -> list[Account]:
    """Return who holds a role and may sign in, by name."""
    holders = select(AccountRole.account_id).where(AccountRole.role == role)
    found = select(Account).where(Account.id.in_(holders), Account.disabled_at.is_(None))
    return list(session.scalars(found.order_by(Account.display_name, Account.id)))


def member(session: Session, account_id: UUID) -> Member:
    """Return one account with its roles."""
    row = session.execute(select(Account, _roles()).where(Account.id == account_id)).one_or_none()
    if row is None:
        raise NotFound("there is no such account")
    return Member(row[0], tuple(_sorted_roles(row[1])))


def client(session: Session, client_id: UUID) -> Client:
    """Return one client with those it is enrolled for."""
    row = session.execute(select(EhrClient, _npis()).where(EhrClient.id == client_id)).one_or_none()
    if row is None:
        raise NotFound("there is no such client")
    return Client(row[0], tuple(sorted(row[1] or ())))


def clients(session: Session, *, after: UUID | None = None, limit: int) -> list[Client]:
    """Return clients in the order in which they were made."""
    rows = session.execute(
        select(EhrClient, _npis())
        .where(*_later(EhrClient.id, after))
        .order_by(EhrClient.id)
        .limit(limit)
    )
    return [Client(client, tuple(sorted(npis or ()))) for client, npis in rows]


def client_keys(session: Session, client_id: UUID) -> list[EhrClientKey]:
    """Return the keys that a client was ever given, the newest first. None shows its secret."""
    found = select(EhrClientKey).where(EhrClientKey.client_id == client_id)
    return list(session.scalars(found.order_by(EhrClientKey.created_at.desc())))


def _sorted_roles(held: Iterable[str] | None) -> list[Role]:
    return sorted(Role(role) for role in held or ())


def _later(column: Any, after: UUID | None) -> list[ColumnElement[bool]]:
    return [] if after is None else [column > after]


def _npis() -> Any:
    return (
        select(func.array_agg(EhrEnrolment.npi))
        .where(EhrEnrolment.client_id == EhrClient.id)
        .scalar_subquery()
    )
