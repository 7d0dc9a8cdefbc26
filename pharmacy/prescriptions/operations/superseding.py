"""A prescription ends because its prescriber signed another one in its place."""

from datetime import datetime

from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.prescriptions import queries
from pharmacy.prescriptions.models import Prescription
from pharmacy.staff.rules import Actor


def supersede(session: Session, prescription: Prescription, *, by: Actor, now: datetime) -> None:
    """End a prescription and the one that would have continued it; the signed bytes stay."""
    ended = [prescription, queries.following(session, prescription.id)]
    for each in ended:
        if each is None or each.cancelled_at is not None:
            continue
        each.cancelled_at, each.cancelled_by = now, by.id
        audit.record(
            session,
            "prescription.superseded",
            by=by,
            at=now,
            subject_kind="prescription",
            subject_id=each.id,
            patient_id=each.patient_id,
        )
    session.flush()
