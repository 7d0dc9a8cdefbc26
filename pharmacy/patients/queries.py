"""Reading patients and their answers."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from pharmacy.kernel.refusals import NotFound
from pharmacy.patients.models import ContactChange, HealthAnswer, Patient
from pharmacy.patients.rules import Topic
from pharmacy.patients.rules.contact import ContactUnsettled


class PatientNotFound(NotFound):
    """There is no such patient, or none that the caller may see."""

    code = "patient-not-found"


def get(session: Session, patient_id: UUID) -> Patient:
    """Return a patient. Raises PatientNotFound."""
    patient = session.get(Patient, patient_id)
    if patient is None:
        raise PatientNotFound("there is no such patient")
    return patient


def lock(session: Session, patient_id: UUID) -> Patient:
    """Return a patient as they are on file now, locked. Raises PatientNotFound."""
    patient = session.get(
        Patient, patient_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if patient is None:
        raise PatientNotFound("there is no such patient")
    return patient


class ContactChangeNotFound(NotFound):
    """No such phone or address was given for this patient."""

    code = "contact-change-not-found"


def contact_changes(session: Session, patient_id: UUID) -> list[ContactChange]:
    """Return every other phone and address that was given for a patient, the newest first."""
    row = ContactChange
    found = select(row).where(row.patient_id == patient_id)
    return list(session.scalars(found.order_by(row.given_at.desc(), row.id.desc())))


def open_contact_changes(session: Session, patient_id: UUID) -> list[ContactChange]:
    """Return the phones and addresses of which nobody has settled yet whether they are right."""
    row = ContactChange
    found = select(row).where(row.patient_id == patient_id, row.settled_at.is_(None))
    return list(session.scalars(found.order_by(row.given_at, row.id)))


def contact_change(session: Session, patient_id: UUID, change_id: UUID) -> ContactChange:
    """Return another phone and address of a patient. Raises ContactChangeNotFound."""
    found = session.get(ContactChange, change_id, populate_existing=True)
    if found is None or found.patient_id != patient_id:
        raise ContactChangeNotFound("no such phone or address was given for this patient")
    return found


def settled(session: Session, patient_id: UUID) -> Patient:
    """Return a patient whose address nobody doubts. Raises PatientNotFound, ContactUnsettled."""
    if open_contact_changes(session, patient_id):
        raise ContactUnsettled("a prescription gives another address than the one on file")
    return get(session, patient_id)


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
