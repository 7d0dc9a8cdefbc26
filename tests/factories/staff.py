"""Accounts, sessions and clients for tests."""

import itertools
from datetime import timedelta
from functools import cache

from sqlalchemy.orm import Session

from pharmacy.infra import credentials
from pharmacy.staff.models import (
    Account,
    AccountRole,
    EhrClient,
    EhrClientKey,
    EhrEnrolment,
    SignInSession,
)
from pharmacy.staff.rules import Actor, ProofMethod, Role
from tests.conftest import NOW

counter = itertools.count(1)
PEPPER = "a pepper for tests"
NPI = "1234567893"
"""The prescriber of the sample prescription."""


hashed = cache(credentials.hash_password)
"""What is kept of a password or PIN. Hashing is slow on purpose: once in a run is enough."""


def make_account(session: Session, *roles: Role, **columns) -> Account:
    """Add somebody who holds these roles."""
    number = next(counter)
    values = {
        "username": f"person{number}",
        "display_name": f"Person {number}",
        "initials": f"P{number}",
        "created_at": NOW,
    }
    account = Account(**values | columns)
    session.add(account)
    session.flush()
    session.add_all(AccountRole(account_id=account.id, role=role) for role in roles)
    session.flush()
    return account


def make_actor(session: Session, role: Role, *, npi: str = NPI) -> Actor:
    """Add an account (or a client) with one role, and return it as an actor."""
    if role is Role.EHR_CLIENT:
        client, _ = make_client(session, npi)
        return Actor(client.id, "client", frozenset({role}), npis=frozenset({npi}))
    own = npi if role is Role.PHYSICIAN else None
    account = make_account(session, role, npi=own)
    npis = frozenset({npi}) if role is Role.PHYSICIAN else None
    return Actor(account.id, "staff", frozenset({role}), npis=npis)


def make_session(session: Session, account: Account, *, at=NOW, browser: bool = False) -> str:
    """Sign an account in; return the token."""
    token = credentials.new_token()
    session.add(
        SignInSession(
            token_sha256=credentials.digest(token),
            account_id=account.id,
            created_at=at,
            last_seen_at=at,
            expires_at=at + timedelta(hours=12),
            browser=browser,
            proven_at=None if browser else at,
            proven_with=None if browser else ProofMethod.PASSWORD,
        )
    )
    session.flush()
    return token


def make_client(session: Session, *npis: str, pepper: str = PEPPER) -> tuple[EhrClient, str]:
    """Add a client enrolled for these prescribers; return it and its API key."""
    client = EhrClient(name=f"Clinic {next(counter)}")
    session.add(client)
    session.flush()
    key = credentials.ApiKey.new("test")
    session.add_all(EhrEnrolment(client_id=client.id, npi=npi) for npi in npis)
    session.add(
        EhrClientKey(
            key_id=key.key_id,
            client_id=client.id,
            secret_hmac=key.keyed_hash(pepper),
            expires_at=NOW + timedelta(days=365),
        )
    )
    session.flush()
    return client, str(key)
