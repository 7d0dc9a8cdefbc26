"""
The same decision again, years later and offline: from the signed bytes, the key as it stood, and
what the decision depended on. Nothing else is asked, and nothing is written.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from pharmacy.infra.signatures import EnrolledKey
from pharmacy.kernel.refusals import Refusal
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions.models import Evidence, Prescription, Verification
from pharmacy.prescriptions.operations import reading
from pharmacy.prescriptions.operations.intake import ACCEPTED, OTHER_DETAILS
from pharmacy.prescriptions.rules.binding import require_bound

KEPT: Final = (
    *("kind", "written_on", "valid_from", "valid_until", "authorised_fills", "days_per_fill"),
    *("quantity", "regimen", "disagreements"),
)
"""What a prescription's row repeats of the signed bytes."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Something that is not now what it was when the decision was made."""

    what: str
    stored: str
    found: str


@dataclass(frozen=True, slots=True)
class Reverified:
    """What came out of another look at one piece of evidence."""

    decision: str
    """`accepted`, or the code of the refusal."""
    differences: tuple[Difference, ...]

    @property
    def holds(self) -> bool:
        """Say whether everything is as it was."""
        return not self.differences


def verify_again(
    evidence: Evidence,
    verification: Verification,
    prescriptions: tuple[Prescription, ...] = (),
) -> Reverified:
    """
    Decide again, as of the time of receipt, and name everything that comes out differently.

    Args:
        verification: The record of the first decision, with the key as it stood.
        prescriptions: What is stored as ordered; compared with the signed bytes.
    """
    differences = list(_digests(evidence))
    decision, requests, payload_sha256 = _decide(evidence, verification)
    if decision != verification.decision:
        differences.append(Difference("decision", verification.decision, decision))
    if decision == ACCEPTED:
        if payload_sha256 != evidence.payload_sha256:
            differences.append(_digest("payload_sha256", evidence.payload_sha256, payload_sha256))
        differences += _requests("verification", verification.basis["requests"], requests)
        if prescriptions:
            differences += _requests("prescription", [_row(row) for row in prescriptions], requests)
    return Reverified(decision=decision, differences=tuple(differences))


def _decide(
    evidence: Evidence, verification: Verification
) -> tuple[str, list[dict[str, Any]], bytes]:
    key = EnrolledKey.of_data(verification.key)
    policy = Policy(**verification.basis["policy"])
    received_at: datetime = evidence.received_at
    try:
        found = reading.verified(
            evidence.jws,
            key_of=lambda kid: key if kid == key.kid else None,
            may_send_for=lambda npi: npi == evidence.npi,
            policy=policy,
            received_at=received_at,
        )
        signed = reading.contents(found.payload)
        require_bound(
            signed,
            key_npi=key.npi,
            site_npi=verification.basis["site_npi"],
            received_at=received_at,
        )
    except Refusal as refusal:
        return refusal.code, [], b""
    read = reading.reconciled(found, signed, policy=policy, received_at=received_at)
    return ACCEPTED, read.to_data(), hashlib.sha256(found.payload).digest()


def _digests(evidence: Evidence) -> list[Difference]:
    found = hashlib.sha256(evidence.jws).digest()
    if found == evidence.jws_sha256:
        return []
    return [_digest("jws_sha256", evidence.jws_sha256, found)]


def _digest(what: str, stored: bytes, found: bytes) -> Difference:
    return Difference(what, stored.hex(), found.hex())


def _requests(
    where: str, stored: list[dict[str, Any]], found: list[dict[str, Any]]
) -> list[Difference]:
    """Compare by request identifier; names the member, not what it says of the patient."""

    def by_identifier(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        return {row["request_value"]: row for row in rows}

    kept, read = by_identifier(stored), by_identifier(found)
    differences = [
        Difference(f"{where} {identifier}", "present", "absent")
        for identifier in kept.keys() - read.keys()
    ]
    for identifier, row in read.items():
        other = kept.get(identifier)
        if other is None:
            differences.append(Difference(f"{where} {identifier}", "absent", "present"))
            continue
        differences += [
            Difference(f"{where} {identifier} {name}", _text(other[name]), _text(row[name]))
            for name in KEPT
            if other[name] != row[name]
        ]
    return differences


def _row(prescription: Prescription) -> dict[str, Any]:
    """Return a stored prescription in the words of the record, without what storing it added."""
    row: dict[str, Any] = msgspec.to_builtins(
        {name: getattr(prescription, name) for name in (*KEPT, "request_value")}
    )
    row["disagreements"] = [
        each for each in row["disagreements"] if each["code"] != OTHER_DETAILS.code
    ]
    return row


def _text(value: Any) -> str:
    return msgspec.json.encode(value).decode()
