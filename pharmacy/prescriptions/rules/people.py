"""The patient and the prescriber of a signed set."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Final

from pharmacy.patients.rules import PatientFacts, language_code
from pharmacy.prescribers.rules.npi import is_npi
from pharmacy.prescriptions.rules.contents import PrescriberFacts
from pharmacy.prescriptions.rules.fhir import (
    Address,
    Communication,
    ContactPoint,
    HumanName,
    Patient,
    Practitioner,
    whole_date,
)
from pharmacy.prescriptions.rules.violations import ProfileViolation

NPI: Final = "http://hl7.org/fhir/sid/us-npi"
IDENTIFIER_TYPES: Final = "http://terminology.hl7.org/CodeSystem/v2-0203"
MEDICAL_LICENSE: Final = "MD"
TAXONOMY: Final = "http://nucc.org/provider-taxonomy"
GENDERS: Final = frozenset({"male", "female", "other", "unknown"})
STATE: Final = re.compile(r"[A-Z]{2}")
EARLIEST_BIRTH: Final = date(1900, 1, 1)


def patient_of(patient: Patient, *, at: str, on: date) -> PatientFacts:
    """Return who the medicine is for, as written on a day. Raises ProfileViolation."""
    name = _name(patient.name)
    if name is None:
        raise ProfileViolation("patient-name", "the name is incomplete", expression=f"{at}.name")
    identifier = next((each for each in patient.identifier if each.system and each.value), None)
    if identifier is None:
        raise ProfileViolation(
            "patient-identifier", "there is no identifier", expression=f"{at}.identifier"
        )
    birth_date = whole_date(patient.birth_date)
    if birth_date is None or not EARLIEST_BIRTH <= birth_date <= on:
        raise ProfileViolation(
            "patient-birth-date", "the birth date is no day", expression=f"{at}.birthDate"
        )
    if patient.gender not in GENDERS:
        raise ProfileViolation(
            "patient-gender", "the gender is not given", expression=f"{at}.gender"
        )
    address = address_of(patient, at=at)
    phone = _phone(patient.telecom)
    if not phone:
        raise ProfileViolation("patient-phone", "there is no phone", expression=f"{at}.telecom")
    return PatientFacts(
        identifier_system=identifier.system,
        identifier_value=identifier.value,
        family=name.family,
        given=" ".join(name.given),
        birth_date=birth_date,
        gender=patient.gender,
        phone=phone,
        address_line=", ".join(address.line),
        city=address.city,
        state=address.state,
        postal_code=address.postal_code,
        language=_language(patient.communication) or "en",
    )


def _language(spoken: Sequence[Communication]) -> str:
    """Return the language that is preferred, or the only one; nothing where neither is clear."""
    preferred = [each for each in spoken if each.preferred] or list(spoken)
    codes = {
        language_code(coding.code) for each in preferred for coding in each.language.coding
    } - {""}
    return codes.pop() if len(codes) == 1 else ""


def address_of(patient: Patient, *, at: str) -> Address:
    """Return the address that a label and a courier use. Raises ProfileViolation."""
    usable = [each for each in patient.address if each.use not in {"old", "billing"}]
    at_home = [each for each in usable if each.use == "home"]
    address = next(iter(at_home or usable), Address())
    whole = any(address.line) and address.city and address.postal_code
    if not whole or not STATE.fullmatch(address.state):
        raise ProfileViolation(
            "patient-address", "the address is incomplete", expression=f"{at}.address"
        )
    return address


def prescriber_of(practitioner: Practitioner, *, at: str) -> PrescriberFacts:
    """Return who orders. Raises ProfileViolation."""
    npi = next((each.value for each in practitioner.identifier if each.system == NPI), "")
    if not is_npi(npi):
        raise ProfileViolation(
            "prescriber-npi", "there is no sound NPI", expression=f"{at}.identifier"
        )
    name = _name(practitioner.name)
    if name is None:
        raise ProfileViolation("prescriber-name", "the name is incomplete", expression=f"{at}.name")
    if not any(
        each.type.has(IDENTIFIER_TYPES, MEDICAL_LICENSE) and each.system and each.value
        for each in practitioner.identifier
    ):
        raise ProfileViolation(
            "prescriber-license", "there is no medical license", expression=f"{at}.identifier"
        )
    if not any(each.code.codes(TAXONOMY) for each in practitioner.qualification):
        raise ProfileViolation(
            "prescriber-taxonomy", "there is no taxonomy code", expression=f"{at}.qualification"
        )
    return PrescriberFacts(
        npi=npi,
        family=name.family,
        given=" ".join(name.given),
        phone=_phone(practitioner.telecom),
    )


def _name(names: list[HumanName]) -> HumanName | None:
    """Return the official name where one is marked, else the first that is in use."""
    usable = [
        name
        for name in names
        if name.use not in {"old", "maiden", "nickname", "anonymous"}
        and name.family.strip()
        and any(given.strip() for given in name.given)
    ]
    return next((name for name in usable if name.use == "official"), next(iter(usable), None))


def _phone(telecom: list[ContactPoint]) -> str:
    in_use = (each for each in telecom if each.use != "old")
    return next((each.value for each in in_use if each.system == "phone" and each.value), "")
