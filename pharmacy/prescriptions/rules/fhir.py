"""
The few FHIR R4 types that a signed prescription is made of, as values of our own.

Only what is read here has a field. Elsewhere a sender may say more than we read (US Core: do not
choke); where more could change a dose (dosage, timing, dispense request), nothing more is taken.
"""

from datetime import date
from decimal import Decimal
from typing import Any

import msgspec


class Exact(Decimal):
    """A JSON number. Text that looks like one is not a number."""


class Element(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Something that may hold more than we read."""


class Closed(Element, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Something that may hold nothing but what is named here."""

    id: str | None = None
    extension: list[Any] = []


class Coding(Element, frozen=True):
    system: str = ""
    code: str = ""
    display: str = ""


class CodeableConcept(Element, frozen=True):
    coding: list[Coding] = []
    text: str = ""

    def has(self, system: str, code: str) -> bool:
        return any(each.system == system and each.code == code for each in self.coding)

    def codes(self, system: str) -> list[str]:
        return [each.code for each in self.coding if each.system == system and each.code]


class Identifier(Element, frozen=True):
    system: str = ""
    value: str = ""
    type: CodeableConcept = CodeableConcept()


class Reference(Element, frozen=True):
    reference: str = ""


class Quantity(Element, frozen=True):
    value: Exact | None = None
    comparator: str | None = None
    unit: str = ""
    system: str = ""
    code: str = ""


class Period(Element, frozen=True):
    start: str | None = None
    end: str | None = None


class Repeat(Closed, frozen=True):
    bounds_duration: Quantity | None = None
    frequency: int | None = None
    period: Exact | None = None
    period_unit: str | None = None
    when: list[str] = []
    time_of_day: list[str] = []


class Timing(Closed, frozen=True):
    repeat: Repeat | None = None
    code: CodeableConcept = CodeableConcept()


class DoseAndRate(Closed, frozen=True):
    type: CodeableConcept = CodeableConcept()
    dose_quantity: Quantity | None = None


class Dosage(Closed, frozen=True):
    sequence: int | None = None
    text: str = ""
    additional_instruction: list[CodeableConcept] = []
    patient_instruction: str = ""
    timing: Timing | None = None
    as_needed_boolean: bool = False
    route: CodeableConcept = CodeableConcept()
    method: CodeableConcept = CodeableConcept()
    dose_and_rate: list[DoseAndRate] = []


class DispenseRequest(Closed, frozen=True):
    dispense_interval: Quantity | None = None
    validity_period: Period | None = None
    number_of_repeats_allowed: int = 0
    quantity: Quantity | None = None
    expected_supply_duration: Quantity | None = None
    performer: Reference | None = None


class Substitution(Element, frozen=True):
    allowed_boolean: bool | None = None


class HumanName(Element, frozen=True):
    use: str = ""
    family: str = ""
    given: list[str] = []


class ContactPoint(Element, frozen=True):
    system: str = ""
    value: str = ""
    use: str = ""


class Address(Element, frozen=True):
    use: str = ""
    line: list[str] = []
    city: str = ""
    state: str = ""
    postal_code: str = ""


class Qualification(Element, frozen=True):
    code: CodeableConcept = CodeableConcept()


class Resource(Element, frozen=True, tag_field="resourceType"):
    """One of the resources that a Bundle may hold."""


class MedicationRequest(Resource, frozen=True, tag="MedicationRequest"):
    identifier: list[Identifier] = []
    status: str = ""
    intent: str = ""
    do_not_perform: bool = False
    reported_boolean: bool = False
    reported_reference: Reference | None = None
    medication_reference: Reference | None = None
    medication_codeable_concept: CodeableConcept | None = None
    subject: Reference = Reference()
    authored_on: str = ""
    requester: Reference = Reference()
    reason_code: list[CodeableConcept] = []
    note: list[Any] = []
    group_identifier: Identifier | None = None
    prior_prescription: Reference | None = None
    dosage_instruction: list[Dosage] = []
    dispense_request: DispenseRequest | None = None
    substitution: Substitution | None = None


class Ingredient(Element, frozen=True):
    strength: Any = None


class Medication(Resource, frozen=True, tag="Medication"):
    status: str = "active"
    code: CodeableConcept = CodeableConcept()
    form: CodeableConcept = CodeableConcept()
    amount: Any = None
    ingredient: list[Ingredient] = []


class Communication(Element, frozen=True):
    language: CodeableConcept = CodeableConcept()
    preferred: bool = False


class Patient(Resource, frozen=True, tag="Patient"):
    active: bool = True
    identifier: list[Identifier] = []
    name: list[HumanName] = []
    telecom: list[ContactPoint] = []
    gender: str = ""
    birth_date: str = ""
    deceased_boolean: bool = False
    deceased_date_time: str = ""
    address: list[Address] = []
    communication: list[Communication] = []


class Practitioner(Resource, frozen=True, tag="Practitioner"):
    active: bool = True
    identifier: list[Identifier] = []
    name: list[HumanName] = []
    telecom: list[ContactPoint] = []
    qualification: list[Qualification] = []


class Organization(Resource, frozen=True, tag="Organization"):
    identifier: list[Identifier] = []
    name: str = ""


class Coverage(Resource, frozen=True, tag="Coverage"):
    """How it is paid for. Not read."""


class Encounter(Resource, frozen=True, tag="Encounter"):
    """Where the clinic saw the patient. Not read."""


class PractitionerRole(Resource, frozen=True, tag="PractitionerRole"):
    """Where the prescriber works. Not read."""


class Unread(Resource, frozen=True):
    """Clinical content that no program here understands: a person must read it."""


class Condition(Unread, frozen=True, tag="Condition"):
    pass


class AllergyIntolerance(Unread, frozen=True, tag="AllergyIntolerance"):
    pass


class MedicationStatement(Unread, frozen=True, tag="MedicationStatement"):
    pass


class Observation(Unread, frozen=True, tag="Observation"):
    pass


AnyResource = (
    MedicationRequest
    | Medication
    | Patient
    | Practitioner
    | Organization
    | Coverage
    | Encounter
    | PractitionerRole
    | Condition
    | AllergyIntolerance
    | MedicationStatement
    | Observation
)


class Entry(Element, frozen=True, kw_only=True):
    full_url: str = ""
    resource: AnyResource


class Bundle(Resource, frozen=True, tag="Bundle"):
    identifier: Identifier = Identifier()
    type: str = ""
    timestamp: str = ""
    entry: list[Entry] = []
    signature: Any = None


def bundle_of(value: Any) -> Bundle:
    """Return parsed JSON as a Bundle. Raises msgspec.ValidationError, which names the place."""
    return msgspec.convert(value, Bundle, dec_hook=_number)


def whole_date(text: str) -> date | None:
    """Return a FHIR date that says year, month and day; None for anything else."""
    if len(text) != len("2026-03-02"):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _number(kind: type, value: Any) -> Any:
    if kind is Exact and type(value) in {int, Decimal}:
        return Exact(value)
    raise ValueError("Expected a number")
