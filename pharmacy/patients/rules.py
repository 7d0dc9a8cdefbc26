"""Who a patient is, what is asked about their health, and what counts as an answer."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFacts:
    """A patient as a signed prescription names them."""

    identifier_system: str
    identifier_value: str
    family: str
    given: str
    birth_date: date
    gender: str
    phone: str
    address_line: str
    city: str
    state: str
    postal_code: str


class Topic(StrEnum):
    """What a patient is asked about. The wording is in `patients.rules.QUESTIONS`."""

    OPIOIDS = "opioids"
    OPIOID_HISTORY = "opioid-history"
    TRANSPLANT = "transplant"
    IMMUNOSUPPRESSANTS = "immunosuppressants"
    MEDICINES = "medicines"
    ALLERGIES = "allergies"
    LIVER = "liver"
    KIDNEY = "kidney"
    PREGNANCY = "pregnancy"
    BREASTFEEDING = "breastfeeding"
    THYROID = "thyroid"
    MOOD = "mood"
    ALCOHOL = "alcohol"
    SURGERY = "surgery"
    NALTREXONE = "naltrexone"


def is_same_person(facts: PatientFacts, *, family: str, given: str, birth_date: date) -> bool:
    """Say whether facts under one identifier speak of one person: name and birth date agree."""

    def plain(name: str) -> str:
        return " ".join(name.casefold().split())

    return (
        facts.birth_date == birth_date
        and plain(facts.family) == plain(family)
        and plain(facts.given) == plain(given)
    )
