"""Keys are enrolled by two people, with proof, and end for a reason."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.infra.keys import jwk_of, sign
from pharmacy.kernel.ids import new_id
from pharmacy.prescribers import operations, queries
from pharmacy.prescribers.models import KeyProposal, Revocation
from pharmacy.prescribers.operations.keys import (
    KeyKindUnknown,
    KeyKnown,
    KeyRevoked,
    PrescriberKnown,
    ProofInvalid,
    ProposalOver,
    RevocationInvalid,
)
from pharmacy.prescribers.queries import KeyNotFound, PrescriberNotFound
from pharmacy.prescribers.rules.keys import KeyPrivate, TooManyKeys, proof_message
from pharmacy.prescribers.rules.npi import NpiInvalid
from pharmacy.prescribers.rules.people import PrescriberInvalid
from pharmacy.staff.rules import OPERATOR, Actor, PermissionMissing, Role, SecondPersonNeeded
from tests.conftest import NOW
from tests.factories.prescribers import JORDAN, make_key, make_prescriber, private_key

ADA = Actor(new_id(), "staff", frozenset({Role.ADMINISTRATOR}))
BEN = Actor(new_id(), "staff", frozenset({Role.ADMINISTRATOR}))
TECHNICIAN = Actor(new_id(), "staff", frozenset({Role.TECHNICIAN}))
OTHER_NPI = "1999999984"


def propose(session: Session, name: str = "a key", **changes: Any) -> KeyProposal:
    make_prescriber(session)
    proposal: dict[str, Any] = {
        "npi": JORDAN,
        "jwk": jwk_of(private_key(name).public_key()),
        "kind": "ehr-software",
        "not_before": NOW,
        "not_after": NOW + timedelta(days=365),
        "by": ADA,
        "now": NOW,
    }
    return operations.propose_key(session, **{**proposal, **changes})


def proof(proposal: KeyProposal, name: str = "a key") -> bytes:
    return sign(private_key(name), proof_message(proposal.nonce))


def test_a_key_counts_when_one_proposed_it_its_owner_proved_it_and_another_approved(
    session: Session,
) -> None:
    proposal = propose(session)
    assert queries.key(session, proposal.kid) is None

    key = operations.approve_key(
        session, proposal.kid, proof=proof(proposal), by=BEN, now=NOW + timedelta(hours=1)
    )

    assert queries.key(session, key.kid) is key
    assert (key.enrolled_by, key.approved_by, key.alg) == (ADA.id, BEN.id, "Ed25519")
    assert key.kid.startswith("rxk_")
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["prescriber-key.proposed", "prescriber-key.approved"]


def test_whoever_proposed_a_key_does_not_approve_it(session: Session) -> None:
    proposal = propose(session)

    with pytest.raises(SecondPersonNeeded):
        operations.approve_key(session, proposal.kid, proof=proof(proposal), by=ADA, now=NOW)


def test_nobody_in_particular_neither_proposes_nor_approves(session: Session) -> None:
    with pytest.raises(SecondPersonNeeded):
        propose(session, by=OPERATOR)
    proposal = propose(session)
    with pytest.raises(SecondPersonNeeded):
        operations.approve_key(session, proposal.kid, proof=proof(proposal), by=OPERATOR, now=NOW)


def test_the_database_too_wants_two_people(session: Session) -> None:
    with pytest.raises(IntegrityError, match="second_person"):
        make_key(session, enrolled_by=ADA.id, approved_by=ADA.id)


def test_a_proof_of_another_key_or_another_nonce_is_none(session: Session) -> None:
    proposal = propose(session)
    other = propose(session, "another key")

    for false in (proof(proposal, "another key"), proof(other), bytes(64), b""):
        with pytest.raises(ProofInvalid):
            operations.approve_key(session, proposal.kid, proof=false, by=BEN, now=NOW)


def test_a_proposal_ends_after_a_week_and_after_its_approval(session: Session) -> None:
    proposal = propose(session)
    late = NOW + timedelta(days=7)
    with pytest.raises(ProposalOver):
        operations.approve_key(session, proposal.kid, proof=proof(proposal), by=BEN, now=late)

    operations.approve_key(session, proposal.kid, proof=proof(proposal), by=BEN, now=NOW)
    with pytest.raises(ProposalOver):
        operations.approve_key(session, proposal.kid, proof=proof(proposal), by=BEN, now=NOW)


def test_a_key_is_enrolled_once_and_for_one_prescriber(session: Session) -> None:
    make_key(session, name="a key")
    make_prescriber(session, OTHER_NPI)

    with pytest.raises(KeyKnown):
        propose(session)
    with pytest.raises(KeyKnown):
        propose(session, npi=OTHER_NPI)


def test_of_two_proposals_of_one_key_one_is_approved(session: Session) -> None:
    first, second = propose(session), propose(session)
    operations.approve_key(session, first.kid, proof=proof(first), by=BEN, now=NOW)

    with pytest.raises(KeyKnown):
        operations.approve_key(session, second.kid, proof=proof(second), by=BEN, now=NOW)


def test_a_prescriber_has_at_most_five_keys(session: Session) -> None:
    for number in range(5):
        make_key(session, name=f"key {number}")
    proposal = propose(session)

    with pytest.raises(TooManyKeys):
        operations.approve_key(session, proposal.kid, proof=proof(proposal), by=BEN, now=NOW)

    oldest = queries.keys(session, JORDAN)[0]
    operations.revoke_key(session, oldest.kid, revocation=Revocation.ROUTINE, by=ADA, now=NOW)
    operations.approve_key(session, proposal.kid, proof=proof(proposal), by=BEN, now=NOW)


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"npi": OTHER_NPI}, PrescriberNotFound),
        ({"kind": "webauthn"}, KeyKindUnknown),
        ({"by": TECHNICIAN}, PermissionMissing),
        ({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "", "d": "c2VjcmV0"}}, KeyPrivate),
    ],
)
def test_what_is_not_whole_is_not_proposed(
    session: Session, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        propose(session, **changes)


def test_an_unknown_proposal_is_not_approved(session: Session) -> None:
    with pytest.raises(KeyNotFound):
        operations.approve_key(session, "rxk_none", proof=bytes(64), by=BEN, now=NOW)


def test_a_key_ends_once(session: Session) -> None:
    kid = make_key(session).kid
    operations.revoke_key(session, kid, revocation=Revocation.ROUTINE, by=ADA, now=NOW)

    with pytest.raises(KeyRevoked):
        operations.revoke_key(session, kid, revocation=Revocation.DECEASED, by=ADA, now=NOW)


def test_a_key_that_ended_may_turn_out_to_be_compromised_before(session: Session) -> None:
    kid = make_key(session).kid
    operations.revoke_key(session, kid, revocation=Revocation.ROUTINE, by=ADA, now=NOW)
    later, since = NOW + timedelta(days=1), NOW - timedelta(days=3)

    key = operations.revoke_key(
        session,
        kid,
        revocation=Revocation.COMPROMISED,
        compromised_since=since,
        by=ADA,
        now=later,
    )

    assert (key.revoked_at, key.compromised_since) == (NOW, since)
    assert queries.compromised_keys(session, JORDAN) == [key]


@pytest.mark.parametrize(
    ("revocation", "since"),
    [
        (Revocation.COMPROMISED, None),
        (Revocation.ROUTINE, NOW),
        (Revocation.COMPROMISED, NOW + timedelta(seconds=1)),
    ],
)
def test_only_a_compromise_reaches_back_and_says_since_when(
    session: Session, revocation: Revocation, since: datetime | None
) -> None:
    kid = make_key(session).kid

    with pytest.raises(RevocationInvalid):
        operations.revoke_key(
            session, kid, revocation=revocation, compromised_since=since, by=ADA, now=NOW
        )


def enrol(session: Session, **changes: Any) -> None:
    person: dict[str, Any] = {
        "npi": JORDAN,
        "family": "Testprescriber",
        "given": "Jordan",
        "practice_state": "tx",
        "by": ADA,
        "now": datetime(2026, 3, 2, tzinfo=UTC),
    }
    operations.enrol(session, **{**person, **changes})


def test_a_prescriber_is_enrolled_once_under_one_name(session: Session) -> None:
    enrol(session)
    enrol(session)

    assert queries.get(session, JORDAN).practice_state == "TX"
    with pytest.raises(PrescriberKnown):
        enrol(session, family="Someoneelse")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"npi": "1234567890"}, NpiInvalid),
        ({"family": " "}, PrescriberInvalid),
        ({"practice_state": "Texas"}, PrescriberInvalid),
        ({"by": TECHNICIAN}, PermissionMissing),
    ],
)
def test_a_prescriber_who_is_not_whole_is_not_enrolled(
    session: Session, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        enrol(session, **changes)
