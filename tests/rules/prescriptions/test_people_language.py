"""In which language a patient reads, as a prescription says it."""

from datetime import date
from typing import Any

import msgspec
import pytest

from pharmacy.prescriptions.rules import fhir, people
from tests.factories.bundles import resource, sample_bundle

ES, EN = ({"language": {"coding": [{"code": code}]}} for code in ("es-US", "en"))


@pytest.mark.parametrize(
    ("communication", "language"),
    [
        ([], "en"),
        ([ES], "es"),
        ([EN, ES | {"preferred": True}], "es"),
        ([EN, ES], "en"),
        ([{"language": {"text": "Spanish"}}], "en"),
        ([{"language": {"coding": [{"code": "12"}]}}], "en"),
    ],
)
def test_the_preferred_language_counts_or_the_only_one(
    communication: list[dict[str, Any]], language: str
) -> None:
    entry = resource(sample_bundle(), "Patient")
    patient = msgspec.convert(entry | {"communication": communication}, fhir.Patient)

    facts = people.patient_of(patient, at="Patient", on=date(2026, 3, 2))

    assert facts.language == language
