"""Reading prescriptions and the evidence behind them."""

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.kernel.refusals import NotFound
from pharmacy.prescriptions.models import Evidence, Prescription, Verification


class PrescriptionNotFound(NotFound):
    """There is no such prescription, or none that the caller may see."""

    code = "prescription-not-found"


FIRST_FILLED_FIRST: Final = (Prescription.follows_id.is_not(None), Prescription.id)
"""What is continued before what continues it."""


def get(session: Session, prescription_id: UUID) -> Prescription:
    """Return a prescription. Raises PrescriptionNotFound."""
    prescription = session.get(Prescription, prescription_id)
    if prescription is None:
        raise PrescriptionNotFound("there is no such prescription")
    return prescription


def of_evidence(session: Session, evidence_id: UUID) -> tuple[Prescription, ...]:
    """Return the prescriptions of a signed set; the one that is filled first comes first."""
    found = select(Prescription).where(Prescription.evidence_id == evidence_id)
    return tuple(session.scalars(found.order_by(*FIRST_FILLED_FIRST)))


def following(session: Session, prescription_id: UUID) -> Prescription | None:
    """Return the maintenance that continues a titration, or None."""
    return session.scalar(select(Prescription).where(Prescription.follows_id == prescription_id))


def evidence(session: Session, evidence_id: UUID) -> Evidence:
    """Return the signed bytes as they came. Raises PrescriptionNotFound."""
    found = session.get(Evidence, evidence_id)
    if found is None:
        raise PrescriptionNotFound("there is no such evidence")
    return found


def verifications(session: Session, evidence_id: UUID) -> list[Verification]:
    """Return every run of the verifier over a piece of evidence, the first one first."""
    found = select(Verification).where(Verification.evidence_id == evidence_id)
    return list(session.scalars(found.order_by(Verification.decided_at, Verification.id)))


def of_set(session: Session, npi: str, set_system: str, set_value: str) -> Evidence | None:
    """Return the evidence of a signed set by its prescriber and Bundle.identifier."""
    return session.scalar(
        select(Evidence).where(
            Evidence.npi == npi, Evidence.set_system == set_system, Evidence.set_value == set_value
        )
    )
