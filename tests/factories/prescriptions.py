"""Prescriptions in the database, without a signature check or a door."""

import hashlib
import itertools
from datetime import date
from typing import Any, Final

from sqlalchemy.orm import Session

from pharmacy.kernel.ids import new_id
from pharmacy.patients.models import Patient
from pharmacy.prescriptions.models import Evidence, Prescription, Verification
from pharmacy.prescriptions.rules.kinds import PrescriptionKind
from pharmacy.prescriptions.rules.regimen import Regimen, Step, TimeOfDay
from tests.conftest import NOW
from tests.factories.bundles import PHARMACY_NPI, payload_of, sample_bundle
from tests.factories.patients import make_patient
from tests.factories.prescribers import JORDAN, make_prescriber

counter = itertools.count(1)
NIGHTS: Final = 28


def regimen(*steps: tuple[int, int | None], time: TimeOfDay = TimeOfDay.BEDTIME) -> Regimen:
    """Return a regimen of (micrograms, days or None) with sound words."""
    return Regimen(
        tuple(
            Step(
                no=number,
                dose_ug=dose_ug,
                days=days,
                time_of_day=time,
                text=f"Take {dose_ug / 1000:g} mg at {time}"
                + (f" for {days} days." if days is not None else "."),
            )
            for number, (dose_ug, days) in enumerate(steps, start=1)
        )
    )


CLINIC: Final = regimen((1500, NIGHTS), (3000, NIGHTS), (4500, NIGHTS))
"""1.5, 3 and 4.5 mg for 28 nights each."""
GOES_ON: Final = regimen((4500, None))
"""4.5 mg every night."""


def make_evidence(session: Session, npi: str = JORDAN, **changes: Any) -> Evidence:
    """Keep evidence whose signature nobody made; for a real one use `operations.accept`."""
    number = next(counter)
    payload = payload_of(sample_bundle())
    row: dict[str, Any] = {
        "id": new_id(),
        "npi": npi,
        "set_system": "https://ehr.example.org/fhir/prescription-set",
        "set_value": f"RXSET-MADE-{number:06d}",
        "jws": b"a.b.c",
        "jws_sha256": hashlib.sha256(b"a.b.c").digest(),
        "payload_sha256": hashlib.sha256(payload + str(number).encode()).digest(),
        "received_at": NOW,
        "client_id": None,
        "source_address": "127.0.0.1",
    }
    evidence = Evidence(**row | changes)
    session.add(evidence)
    session.flush()
    session.add(
        Verification(
            evidence_id=evidence.id,
            verifier_version="test",
            policy_id="ldn-rx-profile/1",
            kid=f"rxk_{npi}_ed25519",
            alg="Ed25519",
            key={},
            checks=[],
            basis={"site_npi": PHARMACY_NPI, "policy": {}, "requests": []},
            decision="accepted",
            decided_at=NOW,
        )
    )
    session.flush()
    return evidence


def make_prescription(
    session: Session,
    *,
    npi: str = JORDAN,
    patient: Patient | None = None,
    evidence: Evidence | None = None,
    regimen: Regimen = CLINIC,
    **changes: Any,
) -> Prescription:
    """Write a prescription down: the clinic's titration, unless told otherwise."""
    number = next(counter)
    make_prescriber(session, npi)
    patient = patient or make_patient(session)
    evidence = evidence or make_evidence(session, npi)
    titration = len(regimen.steps) > 1
    row: dict[str, Any] = {
        "id": new_id(),
        "evidence_id": evidence.id,
        "npi": npi,
        "request_system": "https://ehr.example.org/fhir/rx",
        "request_value": f"RX-MADE-{number:06d}",
        "patient_id": patient.id,
        "kind": PrescriptionKind.TITRATION if titration else PrescriptionKind.MAINTENANCE,
        "follows_id": None,
        "written_on": date(2026, 3, 2),
        "valid_from": date(2026, 3, 2),
        "valid_until": date(2026, 9, 1),
        "authorised_fills": 1,
        "days_per_fill": regimen.days or 84,
        "quantity": None if titration else 84,
        "regimen": regimen.to_data(),
        "disagreements": [],
        "facts": facts_of(patient, npi, evidence),
        "cancelled_at": None,
        "cancelled_by": None,
    }
    prescription = Prescription(**row | changes)
    session.add(prescription)
    session.flush()
    return prescription


def make_maintenance(
    session: Session, *, follows: Prescription | None = None, **changes: Any
) -> Prescription:
    """Write a maintenance down: 4.5 mg every night, one repeat; it may continue a titration."""
    row: dict[str, Any] = {
        "regimen": GOES_ON,
        "authorised_fills": 2,
        "days_per_fill": 84,
        "valid_from": date(2026, 5, 18),
        "valid_until": date(2027, 3, 1),
    }
    if follows is not None:
        row |= {
            "npi": follows.npi,
            "follows_id": follows.id,
            "patient": session.get(Patient, follows.patient_id),
            "evidence": session.get(Evidence, follows.evidence_id),
        }
    return make_prescription(session, **row | changes)


def facts_of(patient: Patient, npi: str, evidence: Evidence) -> dict[str, Any]:
    """Return what intake keeps for labels."""
    return {
        "patient": {
            "name": f"{patient.given} {patient.family}",
            "birth_date": patient.birth_date.isoformat(),
            "address_lines": [
                patient.address_line,
                f"{patient.city}, {patient.state} {patient.postal_code}",
            ],
            "phone": patient.phone,
        },
        "prescriber": {
            "name": "Jordan Testprescriber",
            "npi": npi,
            "phone": "+1-555-010-0199",
        },
        "medication_text": "Naltrexone HCl oral capsule, compounded; strength per dosage step",
        "reason": "Fibromyalgia (off-label use)",
        "payload_sha256": evidence.payload_sha256.hex(),
    }
