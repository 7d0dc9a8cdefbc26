"""Reads of accounts and clients; above all: who is asking."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from pharmacy.staff.models import (
    Account,
    AccountRole,
    EhrClient,
    EhrClientKey,
    EhrEnrolment,
    SignInSession,
)
from pharmacy.staff.rules import Actor, Role

IDLE: Final = timedelta(minutes=15)
"""A session that nobody used for so long is over (NIST SP 800-63B, AAL2 asks for 30 at most)."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who holds a session token, and when it was last used."""

    actor: Actor
    last_seen_at: datetime


def signed_in(session: Session, token_sha256: bytes, *, now: datetime) -> SignedIn | None:
    """Return who holds a session token, as their account stands at this instant."""
    roles = func.array_agg(aggregate_order_by(AccountRole.role, AccountRole.role))
    row = session.execute(
        select(Account.id, Account.display_name, Account.npi, SignInSession.last_seen_at, roles)
        .join(SignInSession, SignInSession.account_id == Account.id)
        .join(AccountRole, AccountRole.account_id == Account.id)
        .where(
            SignInSession.token_sha256 == token_sha256,
            SignInSession.ended_at.is_(None),
            SignInSession.expires_at > now,
            SignInSession.last_seen_at > now - IDLE,
            Account.disabled_at.is_(None),
        )
        .group_by(Account.id, SignInSession.token_sha256)
    ).one_or_none()
    if row is None:
        return None
    account_id, name, npi, last_seen_at, held = row
    return SignedIn(actor_of(account_id, name, npi, held), last_seen_at)


def actor_of(account_id, name, npi, held) -> Actor:
    roles = frozenset(Role(role) for role in held)
    own = frozenset({npi} if npi else ())
    npis = own if Role.PHYSICIAN in roles else None
    return Actor(id=account_id, kind="staff", roles=roles, npis=npis, label=name)


def client_with_key(session: Session, key_id: str, *, now: datetime) -> tuple[Actor, bytes] | None:
    """Return the client that holds a living key, and the keyed hash of that key."""
    npis = (
        select(func.array_agg(EhrEnrolment.npi))
        .where(EhrEnrolment.client_id == EhrClient.id)
        .scalar_subquery()
    )
    row = session.execute(
        select(EhrClient.id, EhrClient.name, EhrClientKey.secret_hmac, npis)
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
    actor = Actor(
        id=client_id,
        kind="client",
        roles=frozenset({Role.EHR_CLIENT}),
        npis=frozenset(enrolled or ()),
        label=name,
    )
    return actor, secret_hmac
