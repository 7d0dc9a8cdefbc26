"""Writing down who a patient is and what they answered."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.kernel.ids import new_id
from pharmacy.patients.models import Patient
from pharmacy.patients.rules import PatientFacts, is_same_person
from pharmacy.staff.rules import Actor


@dataclass(frozen=True, slots=True)
class Entered:
    """The patient of an identifier, and whether the known person is another than the named one."""

    patient: Patient
    differs: bool
    """Another name or birth date is known under this identifier: a person must look."""


def enter(session: Session, facts: PatientFacts, *, by: Actor, now: datetime) -> Entered:
    """
    Find the patient with the facts' identifier, or enter them.

    What is known of a patient is never overwritten: labels speak from the signed prescription, and
    another name under one identifier may be a mix-up (`Entered.differs`).
    """
    new = new_id()
    statement = insert(Patient).values(id=new, created_at=now, **asdict(facts))
    # Setting a column to itself lets one statement give back the row, whoever entered it.
    statement = statement.on_conflict_do_update(
        index_elements=["identifier_system", "identifier_value"],
        set_={"identifier_value": statement.excluded.identifier_value},
    )
    patient = session.scalars(
        statement.returning(Patient), execution_options={"populate_existing": True}
    ).one()
    differs = not is_same_person(
        facts, family=patient.family, given=patient.given, birth_date=patient.birth_date
    )
    if patient.id == new:
        _note(session, "patient.entered", patient.id, by=by, now=now)
    elif differs:
        _note(session, "patient.details-differed", patient.id, by=by, now=now)
    return Entered(patient=patient, differs=differs)


def _note(session: Session, action: str, patient_id: UUID, *, by: Actor, now: datetime) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="patient",
        subject_id=patient_id,
        patient_id=patient_id,
    )
