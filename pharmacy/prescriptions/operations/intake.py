"""A signed prescription comes in: once, whole, with its evidence."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Insert, Table, bindparam, select, union_all
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

import pharmacy
from pharmacy.infra.signatures import EnrolledKey
from pharmacy.kernel.ids import new_id
from pharmacy.patients import operations as patients
from pharmacy.practice.rules import Policy
from pharmacy.prescribers import queries as prescribers
from pharmacy.prescribers.models import PrescriberKey
from pharmacy.prescriptions import queries
from pharmacy.prescriptions.models import Evidence, Prescription, Verification
from pharmacy.prescriptions.operations import reading
from pharmacy.prescriptions.operations.reading import Read
from pharmacy.prescriptions.rules.binding import IdentifierReused, NotSignedNow, require_bound
from pharmacy.prescriptions.rules.contents import Disagreement, Request, SignedSet
from pharmacy.staff.rules import Actor

ACCEPTED: Final = "accepted"
OTHER_DETAILS: Final = Disagreement(
    "patient-details-differ",
    "Another name or birth date is known under this patient's identifier.",
)
"""The only disagreement that depends on what is stored and not on the signed bytes alone."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A signed set that is kept, now or since an earlier time."""

    evidence: Evidence
    prescriptions: tuple[Prescription, ...]
    """The one whose first fill becomes an order comes first."""
    replayed: bool
    """The same bytes had come before; nothing was written."""
    contact_differs: bool = False
    """It gives another phone or address than the one on file."""

    @property
    def disagreements(self) -> tuple[dict[str, Any], ...]:
        """Of the first prescription: what holds the order of its first fill."""
        return tuple(self.prescriptions[0].disagreements)


def accept(
    session: Session,
    token: bytes,
    *,
    by: Actor,
    source_address: str,
    site_npi: str,
    policy: Policy,
    now: datetime,
) -> Accepted:
    """
    Verify a signed set and keep it with its evidence, once.

    The same bytes again give the same prescriptions again, also for another signature over them:
    a set is known by prescriber and Bundle.identifier, and its bytes by their digest.

    Args:
        source_address: Of the network peer, for the evidence.
        site_npi: This pharmacy's NPI, to which the set must be addressed.

    Raises:
        Malformed: RX-SIG-001 to 007, 020, 021.
        KeyRefused: RX-SIG-010 to 014.
        ProfileViolation: A rule of the profile, by its own code.
        Invalid: RX-SIG-030 to 032.
        IdentifierReused: RX-SIG-033.
    """
    verified = reading.verified(
        token,
        key_of=lambda kid: enrolled_key(prescribers.key(session, kid)),
        may_send_for=by.may_see,
        policy=policy,
        received_at=now,
    )
    signed = reading.contents(verified.payload)
    npi = verified.key.npi
    try:
        require_bound(signed, key_npi=npi, site_npi=site_npi, received_at=now)
    except NotSignedNow:
        # Too late to be taken, but not to be told what became of it.
        known = _known(session, npi, signed, verified.payload)
        if known is None:
            raise
        return known
    read = reading.reconciled(verified, signed, policy=policy, received_at=now)
    evidence = _evidence(token, read, by=by, source_address=source_address, now=now)
    if session.execute(KEEP_EVIDENCE, evidence).first() is None:
        return _replay(session, npi, signed, verified.payload)
    entered = patients.enter(session, signed.patient, by=by, now=now)
    rows = _prescriptions(entered, read, evidence["id"])
    proof = _verification(read, evidence["id"], site_npi=site_npi, policy=policy, now=now)
    kept = session.execute(keep(len(rows)), _parameters(proof, rows)).all()
    if len(kept) < len(rows):
        raise IdentifierReused("a request of this identifier is here already")
    return Accepted(
        evidence=Evidence(**evidence),
        prescriptions=tuple(Prescription(**row) for row in rows),
        replayed=False,
        contact_differs=entered.contact_differs,
    )


def enrolled_key(row: PrescriberKey | None) -> EnrolledKey | None:
    """Return a row of the register as the verifier takes it."""
    if row is None:
        return None
    return EnrolledKey(
        kid=row.kid,
        npi=row.npi,
        alg=row.alg,
        jwk=row.public_jwk,
        not_before=row.not_before,
        not_after=row.not_after,
        revoked_at=row.revoked_at,
        compromised_since=row.compromised_since,
    )


def _replay(session: Session, npi: str, signed: SignedSet, payload: bytes) -> Accepted:
    known = _known(session, npi, signed, payload)
    if known is None:
        raise IdentifierReused("a set of this identifier is here already, with other contents")
    return known


def _known(session: Session, npi: str, signed: SignedSet, payload: bytes) -> Accepted | None:
    """Return what these very bytes became earlier, or None."""
    evidence = queries.of_set(session, npi, signed.identifier.system, signed.identifier.value)
    if evidence is None or evidence.payload_sha256 != hashlib.sha256(payload).digest():
        return None
    return Accepted(evidence, queries.of_evidence(session, evidence.id), replayed=True)


def _evidence(
    token: bytes, read: Read, *, by: Actor, source_address: str, now: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "npi": read.verified.key.npi,
        "set_system": read.signed.identifier.system,
        "set_value": read.signed.identifier.value,
        "jws": token,
        "jws_sha256": hashlib.sha256(token).digest(),
        "payload_sha256": hashlib.sha256(read.verified.payload).digest(),
        "received_at": now,
        "client_id": by.id if by.kind == "client" else None,
        "source_address": source_address,
    }


def _verification(
    read: Read, evidence_id: UUID, *, site_npi: str, policy: Policy, now: datetime
) -> dict[str, Any]:
    return {
        "id": new_id(),
        "evidence_id": evidence_id,
        "verifier_version": pharmacy.__version__,
        "policy_id": reading.RULES,
        "kid": read.verified.key.kid,
        "alg": read.verified.named_alg,
        "key": read.verified.key.to_data(),
        "checks": [{"code": code, "result": "passed"} for code in reading.CHECKS],
        "basis": {
            "site_npi": site_npi,
            "policy": reading.policy_values(policy),
            "requests": read.to_data(),
        },
        "decision": ACCEPTED,
        "decided_at": now,
    }


def _prescriptions(
    entered: patients.Entered, read: Read, evidence_id: UUID
) -> list[dict[str, Any]]:
    also = [OTHER_DETAILS.to_data()] if entered.differs else []
    ids = [new_id() for _ in read.signed.requests]
    rows = []
    for index, request in enumerate(read.signed.requests):
        disagreements = [each.to_data() for each in read.disagreements[index]]
        rows.append(
            {
                "id": ids[index],
                "evidence_id": evidence_id,
                "npi": read.verified.key.npi,
                "patient_id": entered.patient.id,
                "follows_id": ids[request.continues] if request.continues is not None else None,
                "disagreements": disagreements + also,
                "facts": _facts(read, request),
                "cancelled_at": None,
                "cancelled_by": None,
                **reading.ordered(request),
            }
        )
    return rows


def _facts(read: Read, request: Request) -> dict[str, Any]:
    """What labels say, from the signed bytes and from nothing else."""
    patient, prescriber = read.signed.patient, read.signed.prescriber
    return {
        "patient": {
            "name": f"{patient.given} {patient.family}",
            "birth_date": patient.birth_date.isoformat(),
            "address_lines": list(read.signed.address_lines),
            "phone": patient.phone,
            "language": patient.language,
        },
        "prescriber": {
            "name": prescriber.name,
            "npi": prescriber.npi,
            "phone": prescriber.phone,
        },
        "medication_text": request.medication_text,
        "reason": request.reason,
        "payload_sha256": hashlib.sha256(read.verified.payload).hexdigest(),
    }


def _table(model: Any) -> Table:
    found: Table = model.__table__
    return found


KEEP_EVIDENCE: Final = (
    insert(_table(Evidence))
    .values({column.name: bindparam(column.name) for column in _table(Evidence).columns})
    .on_conflict_do_nothing(index_elements=["npi", "set_system", "set_value"])
    .returning(_table(Evidence).c.id)
)


@lru_cache
def keep(requests: int) -> Insert:
    """
    Return the one statement that keeps a verification and its prescriptions.

    It gives back the id of each prescription that was new: one that is missing has an identifier
    which another set used before.
    """
    proof, ordered = _table(Verification), _table(Prescription)
    verified = insert(proof).values(
        {column.name: bindparam(f"proof_{column.name}", type_=column.type) for column in proof.c}
    )
    rows = [
        select(*(bindparam(f"row{index}_{column.name}", type_=column.type) for column in ordered.c))
        for index in range(requests)
    ]
    return (
        insert(ordered)
        .from_select([column.name for column in ordered.c], union_all(*rows))
        .on_conflict_do_nothing(index_elements=["npi", "request_system", "request_value"])
        .returning(ordered.c.id)
        .add_cte(verified.cte("verified"))
    )


def _parameters(proof: dict[str, Any], rows: list[dict[str, Any]]) -> dict[str, Any]:
    parameters = {f"proof_{name}": value for name, value in proof.items()}
    for index, row in enumerate(rows):
        parameters |= {f"row{index}_{name}": value for name, value in row.items()}
    return parameters
