"""Patients are found again by the clinic's identifier, and never overwritten."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.patients import operations
from pharmacy.patients.models import Patient
from pharmacy.staff.rules import WORKER
from tests.conftest import NOW
from tests.factories.patients import AVERY, facts


def test_the_same_patient_is_entered_once(session: Session) -> None:
    first = operations.enter(session, AVERY, by=WORKER, now=NOW)
    second = operations.enter(session, facts(given="AVERY  m"), by=WORKER, now=NOW)

    assert first.patient.id == second.patient.id
    assert not first.differs
    assert not second.differs
    assert session.scalar(select(func.count()).select_from(Patient)) == 1


def test_another_birth_date_under_one_identifier_is_told_and_not_written(session: Session) -> None:
    known = operations.enter(session, AVERY, by=WORKER, now=NOW).patient

    again = operations.enter(session, facts(birth_date=date(1980, 7, 14)), by=WORKER, now=NOW)

    assert again.differs
    assert again.patient.id == known.id
    assert again.patient.birth_date == AVERY.birth_date


def test_another_name_under_one_identifier_is_told_and_not_written(session: Session) -> None:
    operations.enter(session, AVERY, by=WORKER, now=NOW)

    again = operations.enter(session, facts(family="Someoneelse"), by=WORKER, now=NOW)

    assert again.differs
    assert again.patient.family == AVERY.family


def test_entering_a_patient_leaves_a_trace_without_a_name(session: Session) -> None:
    patient = operations.enter(session, AVERY, by=WORKER, now=NOW).patient

    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.patient_id, entry.detail) == ("patient.entered", patient.id, {})
