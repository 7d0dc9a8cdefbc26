"""EHR clients: who they may submit for, and the keys they show."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pharmacy.infra import audit, credentials
from pharmacy.kernel.refusals import Conflict, Invalid, NotFound
from pharmacy.staff import queries
from pharmacy.staff.models import EhrClient, EhrClientKey, EhrEnrolment
from pharmacy.staff.rules import Actor

KEY_DAYS: Final = 365
"""A key lives no longer than this."""
LIVING_KEYS: Final = 2
"""Enough to change one for another without a gap."""


class ClientNameTaken(Conflict):
    """A client of this name exists."""

    code = "client-name-taken"
    remedy = "Choose another name."


class TooManyKeys(Conflict):
    """A client has at most two living keys."""

    code = "too-many-keys"
    remedy = "Revoke a key that is no longer used."


class KeyLifeInvalid(Invalid):
    """A key lives from one day to a year."""

    code = "key-life-invalid"


def add(session: Session, *, name: str, by: Actor, now: datetime) -> EhrClient:
    """Add a clinic's system. It may do nothing before it is enrolled and has a key."""
    if session.scalar(select(EhrClient.id).where(EhrClient.name == name)) is not None:
        raise ClientNameTaken("this name is taken")
    client = EhrClient(name=name, created_at=now)
    session.add(client)
    session.flush()
    _record(session, "client.added", client.id, by=by, now=now)
    return client


def enrol(session: Session, client_id: UUID, *, npi: str, by: Actor, now: datetime) -> None:
    """Let a client submit for a prescriber, and see what is theirs. Doing so twice is harmless."""
    queries.lock_client(session, client_id)
    added = session.scalar(
        insert(EhrEnrolment)
        .values(client_id=client_id, npi=npi, enrolled_at=now)
        .on_conflict_do_nothing()
        .returning(EhrEnrolment.npi)
    )
    if added is not None:
        _record(session, "client.enrolled", client_id, by=by, now=now, npi=npi)


def issue_key(
    session: Session,
    client_id: UUID,
    *,
    pepper: str,
    by: Actor,
    now: datetime,
    days: int = KEY_DAYS,
    environment: str = "live",
) -> str:
    """Return a new API key: shown now and never again, since only a keyed hash is kept."""
    if not 1 <= days <= KEY_DAYS:
        raise KeyLifeInvalid(f"a key lives 1 to {KEY_DAYS} days")
    queries.lock_client(session, client_id)
    living = (EhrClientKey.revoked_at.is_(None), EhrClientKey.expires_at > now)
    count = session.scalar(select(func.count()).where(EhrClientKey.client_id == client_id, *living))
    if count and count >= LIVING_KEYS:
        raise TooManyKeys(f"the client has {count} living keys")
    key = credentials.ApiKey.new(environment)
    session.add(
        EhrClientKey(
            key_id=key.key_id,
            client_id=client_id,
            secret_hmac=key.keyed_hash(pepper),
            expires_at=now + timedelta(days=days),
            created_at=now,
        )
    )
    session.flush()
    _record(session, "client.key-issued", client_id, by=by, now=now, key_id=key.key_id)
    return str(key)


def revoke_key(session: Session, client_id: UUID, key_id: str, *, by: Actor, now: datetime) -> None:
    """Make a key worthless from this moment on."""
    key = session.get(EhrClientKey, key_id, with_for_update=True)
    if key is None or key.client_id != client_id:
        raise NotFound("there is no such key")
    if key.revoked_at is None:
        key.revoked_at = now
        _record(session, "client.key-revoked", client_id, by=by, now=now, key_id=key_id)


def disable(session: Session, client_id: UUID, *, by: Actor, now: datetime) -> None:
    """Shut a client out at once, with all its keys."""
    client = queries.lock_client(session, client_id)
    if client.disabled_at is None:
        client.disabled_at = now
        _record(session, "client.disabled", client_id, by=by, now=now)


def _record(
    session: Session, action: str, client_id: UUID, *, by: Actor, now: datetime, **detail: object
) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="ehr-client",
        subject_id=client_id,
        detail=detail,
    )
