"""Patients that do not exist."""

from dataclasses import replace
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from pharmacy.patients import operations
from pharmacy.patients.models import Patient
from pharmacy.patients.rules import PatientFacts
from pharmacy.patients.rules.contact import Contact, ContactReason, Ground
from pharmacy.staff.rules import WORKER, Role
from tests.conftest import NOW
from tests.factories.staff import make_actor

AVERY: Final = PatientFacts(
    identifier_system="https://ehr.example.org/fhir/mrn",
    identifier_value="MRN-TEST-0042",
    family="Testpatient",
    given="Avery M",
    birth_date=date(1981, 7, 14),
    gender="female",
    phone="+1-555-010-0142",
    address_line="100 Example Street",
    city="Houston",
    state="TX",
    postal_code="77002",
)
"""The patient of the sample prescription."""


def facts(**changes: Any) -> PatientFacts:
    return replace(AVERY, **changes)


def make_patient(session: Session, **changes: Any) -> Patient:
    """Enter a patient; the same identifier gives the same patient."""
    return operations.enter(session, facts(**changes), by=WORKER, now=NOW).patient


def contact(**changes: str) -> Contact:
    """Where the patient of the sample lives, but for what is changed."""
    return replace(AVERY.contact, **changes)


def move(session: Session, patient: Patient, **changes: str) -> Patient:
    """Let a patient call, and say that they moved."""
    return operations.correct_contact(
        session,
        patient.id,
        replace(patient.contact, **changes),
        ground=Ground(ContactReason.PATIENT_SAID),
        by=make_actor(session, Role.TECHNICIAN),
        now=NOW,
    )
