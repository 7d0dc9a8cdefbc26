"""Writing down that somebody saw what a patient told us."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.staff.rules import Actor


def note_health_read(session: Session, patient_id: UUID, *, by: Actor, now: datetime) -> None:
    """Write down that somebody saw a patient's answers."""
    audit.record(
        session,
        "patient.health-read",
        by=by,
        at=now,
        subject_kind="patient",
        subject_id=patient_id,
        patient_id=patient_id,
    )
