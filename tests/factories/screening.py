"""Patients who were asked, and fills that were screened."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from pharmacy.patients import operations as patients
from pharmacy.patients.models import Patient
from pharmacy.patients.rules import Details, GivenAnswer, Reply, Topic
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions.models import Prescription
from pharmacy.prescriptions.rules.regimen import Regimen, fill_regimen
from pharmacy.screening import operations
from pharmacy.screening.models import Finding
from pharmacy.staff.rules import Actor, Role
from tests.conftest import NOW

ASKER = Actor(None, "staff", frozenset({Role.TECHNICIAN}))


def answer_all(
    session: Session,
    patient: Patient,
    changes: Mapping[Topic, Details] | None = None,
    *,
    now: datetime = NOW,
) -> None:
    """Ask a patient everything: no to all but what `changes` says yes to, with these details."""
    said = changes or {}
    answers = [
        GivenAnswer(
            topic=topic,
            reply=Reply.YES if topic in said else Reply.NO,
            details=said.get(topic, Details()),
        )
        for topic in Topic
    ]
    patients.record_answers(session, patient.id, answers, source="patient-phone", by=ASKER, now=now)


def screen_fill(session: Session, prescription: Prescription, **changes: Any) -> list[Finding]:
    """Screen the first fill of a prescription."""
    fill_no = changes.pop("fill_no", 1)
    how: dict[str, Any] = {
        "fill": fill_regimen(
            Regimen.of_data(prescription.regimen),
            kind=prescription.kind,
            fill_no=fill_no,
            days_per_fill=prescription.days_per_fill,
            continue_final=True,
        ),
        "patient_id": prescription.patient_id,
        "first_fill": fill_no == 1 and prescription.follows_id is None,
        "other_supplies": (),
        "policy": Policy(),
        "now": NOW,
    }
    return operations.screen(
        session, prescription=prescription, fill_no=fill_no, **{**how, **changes}
    )
