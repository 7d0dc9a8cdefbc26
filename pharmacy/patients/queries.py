"""Reading patients and their answers."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from pharmacy.kernel.refusals import NotFound
from pharmacy.patients.models import HealthAnswer, Patient
from pharmacy.patients.rules import Topic


class PatientNotFound(NotFound):
    """There is no such patient, or none that the caller may see."""

    code = "patient-not-found"


def get(session: Session, patient_id: UUID) -> Patient:
    """Return a patient. Raises PatientNotFound."""
    patient = session.get(Patient, patient_id)
    if patient is None:
        raise PatientNotFound("there is no such patient")
    return patient


def by_id(session: Session, patient_ids: Collection[UUID]) -> dict[UUID, Patient]:
    """Return patients by id, in one look."""
    found = select(Patient).where(Patient.id.in_(patient_ids))
    return {patient.id: patient for patient in session.scalars(found)}


def latest_answers(session: Session, patient_id: UUID) -> dict[Topic, HealthAnswer]:
    """Return the newest answer of each topic. A topic that is absent was never asked."""
    newest = (
        select(HealthAnswer)
        .where(HealthAnswer.patient_id == patient_id)
        .ext(distinct_on(HealthAnswer.topic))
        .order_by(HealthAnswer.topic, HealthAnswer.asked_at.desc(), HealthAnswer.id.desc())
    )
    known = {topic.value for topic in Topic}
    return {Topic(row.topic): row for row in session.scalars(newest) if row.topic in known}


def other_profiles(session: Session, patient: Patient) -> list[Patient]:
    """Return other patients of the same name and birth date: perhaps the same person."""
    row = Patient
    found = select(row).where(
        func.lower(row.family) == patient.family.lower(),
        func.lower(row.given) == patient.given.lower(),
        row.birth_date == patient.birth_date,
        row.id != patient.id,
    )
    return list(session.scalars(found.order_by(row.id)))
