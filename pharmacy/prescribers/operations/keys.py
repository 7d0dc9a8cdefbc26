"""Enrolling prescribers and their keys, by two people and with proof; and ending keys."""

import secrets
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.infra.keys import is_signed_by
from pharmacy.kernel.ids import encode, new_id
from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.prescribers import queries
from pharmacy.prescribers.models import KeyProposal, Prescriber, PrescriberKey, Revocation
from pharmacy.prescribers.rules.keys import (
    MAX_ACTIVE_KEYS,
    NONCE_BYTES,
    KeyState,
    TooManyKeys,
    proof_message,
    public_key,
    require_window,
    state_at,
)
from pharmacy.prescribers.rules.npi import require_npi
from pharmacy.prescribers.rules.people import Person
from pharmacy.staff.rules import Actor, Permission, require_second_person

PROOF_TIME: Final = timedelta(days=7)
"""How long a prescriber's system has to sign the nonce."""
KINDS: Final = frozenset({"ehr-software", "ehr-hsm"})


class PrescriberKnown(Conflict):
    """The NPI is enrolled already, under another name."""

    code = "prescriber-known"
    remedy = "Compare with the enrolled name; propose a correction where it changed or was wrong."


class KeyKnown(Conflict):
    """A key belongs to one prescriber, once."""

    code = "key-known"
    remedy = "Make a new key pair; a key is never enrolled twice or for two people."


class KeyKindUnknown(Invalid):
    """Where a key lives is one of a few words."""

    code = "key-kind-unknown"
    remedy = "Say ehr-software or ehr-hsm."


class ProofInvalid(Invalid):
    """The nonce was not signed with the private half of the proposed key."""

    code = "key-proof-invalid"
    remedy = "Sign the prefix LDN-RX-KEY-v1, a zero byte and the nonce with the proposed key."


class ProposalOver(Conflict):
    """The proposal has expired or was approved already."""

    code = "key-proposal-over"
    remedy = "Propose the key again."


class RevocationInvalid(Invalid):
    """Only a compromise reaches back in time, and it must say since when."""

    code = "key-revocation-invalid"
    remedy = "Give compromised_since with a compromise, in the past, and with nothing else."


class KeyRevoked(Conflict):
    """The key has ended already; only a compromise may still be added."""

    code = "key-revoked"


def enrol(
    session: Session,
    *,
    npi: str,
    family: str,
    given: str,
    practice_state: str,
    birth_date: date | None = None,
    by: Actor,
    now: datetime,
) -> Prescriber:
    """
    Write a prescriber down, once their identity was proven.

    Enrolling the same person again gives the same row.

    Raises:
        NpiInvalid, PrescriberInvalid, PrescriberKnown, PermissionMissing.
    """
    by.require(Permission.MANAGE_KEYS)
    require_npi(npi)
    person = Person.proven(
        family=family,
        given=given,
        practice_state=practice_state,
        birth_date=birth_date,
        today=now.date(),
    )
    known = session.get(Prescriber, npi)
    if known is not None:
        if known.person.name != person.name:
            raise PrescriberKnown("this NPI is enrolled under another name")
        return known
    prescriber = Prescriber(
        npi=npi,
        id=new_id(),
        family=person.family,
        given=person.given,
        practice_state=person.practice_state,
        birth_date=person.birth_date,
        created_at=now,
    )
    session.add(prescriber)
    session.flush()
    _note(session, "prescriber.enrolled", prescriber, by=by, now=now)
    return prescriber


def propose_key(
    session: Session,
    *,
    npi: str,
    jwk: Mapping[str, Any],
    kind: str,
    not_before: datetime,
    not_after: datetime,
    by: Actor,
    now: datetime,
) -> KeyProposal:
    """
    Propose a key for a prescriber. Its owner signs `proof_message(nonce)`; another person approves.

    Raises:
        KeyRefused, KeyPrivate, KeyKindUnknown, KeyWindowInvalid, KeyKnown, PrescriberNotFound.
    """
    by.require(Permission.MANAGE_KEYS)
    prescriber = queries.get(session, npi)
    key = public_key(jwk)
    if kind not in KINDS:
        raise KeyKindUnknown("a key lives in ehr-software or ehr-hsm")
    require_window(not_before, not_after, now=now)
    _require_new(session, key.thumbprint)
    if by.id is None:
        require_second_person(maker=None, checker=None)
    proposal = KeyProposal(
        kid=encode("rxk", new_id()),
        npi=npi,
        alg=key.alg,
        public_jwk=dict(key.jwk),
        kind=kind,
        not_before=not_before,
        not_after=not_after,
        nonce=secrets.token_bytes(NONCE_BYTES),
        proposed_by=by.id,
        proposed_at=now,
        expires_at=now + PROOF_TIME,
    )
    session.add(proposal)
    session.flush()
    _note(session, "prescriber-key.proposed", prescriber, by=by, now=now, kid=proposal.kid)
    return proposal


def approve_key(
    session: Session, kid: str, *, proof: bytes, by: Actor, now: datetime
) -> PrescriberKey:
    """
    Take a proposed key into the register, by another person than proposed it.

    Args:
        proof: 64 bytes: the signature over `proof_message(nonce)` with the proposed key.

    Raises:
        KeyNotFound, ProposalOver, ProofInvalid, SecondPersonNeeded, TooManyKeys, KeyKnown.
    """
    by.require(Permission.MANAGE_KEYS)
    proposal = queries.lock_proposal(session, kid)
    if proposal.approved_at is not None or proposal.expires_at <= now:
        raise ProposalOver("the proposal has expired or was approved already")
    require_second_person(maker=proposal.proposed_by, checker=by.id)
    if not is_signed_by(proposal.public_jwk, proof, proof_message(proposal.nonce)):
        raise ProofInvalid("the signature over the nonce is not this key's")
    prescriber = queries.lock(session, proposal.npi)
    _require_room(session, proposal.npi, now)
    thumbprint = public_key(proposal.public_jwk).thumbprint
    _require_new(session, thumbprint)
    proposal.approved_at = now
    key = PrescriberKey(
        kid=proposal.kid,
        npi=proposal.npi,
        alg=proposal.alg,
        public_jwk=proposal.public_jwk,
        thumbprint=thumbprint,
        kind=proposal.kind,
        not_before=proposal.not_before,
        not_after=proposal.not_after,
        enrolled_by=proposal.proposed_by,
        approved_by=by.id,
        proof_of_possession={"nonce": proposal.nonce.hex(), "signature": proof.hex()},
        created_at=now,
    )
    session.add(key)
    session.flush()
    _note(session, "prescriber-key.approved", prescriber, by=by, now=now, kid=kid)
    return key


def revoke_key(
    session: Session,
    kid: str,
    *,
    revocation: Revocation,
    compromised_since: datetime | None = None,
    by: Actor,
    now: datetime,
) -> PrescriberKey:
    """
    End a key.

    A routine end leaves what arrived before it. A compromise makes everything suspect that arrived
    at or after `compromised_since`; it may still be added to a key that ended otherwise.

    Raises:
        KeyNotFound, KeyRevoked, RevocationInvalid, PermissionMissing.
    """
    by.require(Permission.REVOKE_KEY)
    compromised = revocation is Revocation.COMPROMISED
    if compromised != (compromised_since is not None):
        raise RevocationInvalid("compromised_since belongs to a compromise, and only to it")
    if compromised_since is not None and compromised_since > now:
        raise RevocationInvalid("compromised_since is in the future")
    key = queries.lock_key(session, kid)
    if key.revoked_at is not None and not (
        compromised and key.revocation is not Revocation.COMPROMISED
    ):
        raise KeyRevoked("the key has ended already", revocation=key.revocation)
    key.revoked_at = key.revoked_at or now
    key.revocation = revocation
    key.compromised_since = compromised_since
    key.revoked_by = by.id
    session.flush()
    prescriber = queries.get(session, key.npi)
    _note(
        session,
        "prescriber-key.revoked",
        prescriber,
        by=by,
        now=now,
        kid=kid,
        revocation=revocation.value,
    )
    return key


def _require_new(session: Session, thumbprint: str) -> None:
    if queries.is_thumbprint_known(session, thumbprint):
        raise KeyKnown("this key is in the register already")


def _require_room(session: Session, npi: str, now: datetime) -> None:
    """Keys that wait for their first day count too: soon they would be active."""

    def counts(key: PrescriberKey) -> bool:
        window = {"not_before": key.not_before, "not_after": key.not_after}
        state = state_at(now, revoked_at=key.revoked_at, **window)
        return state in {KeyState.ACTIVE, KeyState.NOT_YET}

    if sum(map(counts, queries.keys(session, npi))) >= MAX_ACTIVE_KEYS:
        raise TooManyKeys(f"a prescriber has at most {MAX_ACTIVE_KEYS} keys")


def _note(
    session: Session,
    action: str,
    prescriber: Prescriber,
    *,
    by: Actor,
    now: datetime,
    **detail: str,
) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="prescriber",
        subject_id=prescriber.id,
        detail={"npi": prescriber.npi, **detail},
    )
