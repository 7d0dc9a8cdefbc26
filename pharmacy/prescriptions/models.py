"""Tables of what was signed, what was verified, and what it orders."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id
from pharmacy.prescriptions.rules.kinds import PrescriptionKind

DETAILS_DIFFER: Final = "patient-details-differ"


class Evidence(Base):
    """The signed bytes as they came. Append-only; one row for each signed set."""

    __tablename__ = "evidence"
    __table_args__ = (UniqueConstraint("npi", "set_system", "set_value"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    npi: Mapped[str]
    set_system: Mapped[str]
    set_value: Mapped[str]
    """Bundle.identifier."""
    jws: Mapped[bytes]
    jws_sha256: Mapped[bytes]
    payload_sha256: Mapped[bytes] = mapped_column(index=True)
    received_at: Mapped[datetime]
    client_id: Mapped[UUID | None]
    source_address: Mapped[str]


class Verification(Base):
    """One run of the verifier over one piece of evidence. Append-only."""

    __tablename__ = "verifications"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    evidence_id: Mapped[UUID] = mapped_column(ForeignKey("evidence.id"), index=True)
    verifier_version: Mapped[str]
    policy_id: Mapped[str]
    kid: Mapped[str]
    alg: Mapped[str]
    """As the header named it: `Ed25519`, `EdDSA` or `ES256`."""
    key: Mapped[dict[str, Any]]
    """The key row as it stood: jwk, window, revocation."""
    checks: Mapped[list[Any]]
    """`[{"code", "result"}]`, in the order in which they were made."""
    basis: Mapped[dict[str, Any]]
    """What else the decision depended on: this pharmacy's NPI, policy values, what was read."""
    decision: Mapped[str]
    decided_at: Mapped[datetime]


class Prescription(Base):
    """One MedicationRequest of a signed set: a regimen for a patient and how often it is filled."""

    __tablename__ = "prescriptions"
    __table_args__ = (
        one_of("kind", PrescriptionKind),
        UniqueConstraint("npi", "request_system", "request_value"),
        UniqueConstraint("id", "authorised_fills"),
        CheckConstraint("authorised_fills between 1 and 12", name="fills_bounded"),
        CheckConstraint("days_per_fill > 0", name="days_positive"),
        CheckConstraint("valid_from <= valid_until", name="window"),
        Index(None, "patient_id", "written_on"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    evidence_id: Mapped[UUID] = mapped_column(ForeignKey("evidence.id"), index=True)
    npi: Mapped[str] = mapped_column(ForeignKey("prescribers.npi"))
    request_system: Mapped[str]
    request_value: Mapped[str]
    """MedicationRequest.identifier."""
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    kind: Mapped[PrescriptionKind]
    follows_id: Mapped[UUID | None] = mapped_column(ForeignKey("prescriptions.id"), index=True)
    """The titration that this maintenance continues."""
    written_on: Mapped[date]
    valid_from: Mapped[date]
    valid_until: Mapped[date]
    authorised_fills: Mapped[int]
    """1 + repeats."""
    days_per_fill: Mapped[int]
    quantity: Mapped[int | None]
    """Capsules for each fill, where the prescriber said so."""
    regimen: Mapped[dict[str, Any]]
    """`prescriptions.rules.regimen.Regimen`, as data, from the signed bytes."""
    disagreements: Mapped[list[Any]]
    """`[{"code", "words", "step"}]`: what the signed content says in two ways."""
    facts: Mapped[dict[str, Any]]
    """What labels need from the signed bytes: patient and prescriber as named there, reason."""
    cancelled_at: Mapped[datetime | None]
    cancelled_by: Mapped[UUID | None]

    @property
    def names_another(self) -> bool:
        """Whether another name or birth date was known under the patient's identifier."""
        return any(each["code"] == DETAILS_DIFFER for each in self.disagreements)
