"""What a signed set orders, read and typed; and what it says in two ways."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from pharmacy.patients.rules import PatientFacts
from pharmacy.prescriptions.rules.kinds import PrescriptionKind
from pharmacy.prescriptions.rules.regimen import Regimen


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Something that only the prescriber or a pharmacist can settle. The order waits for it."""

    code: str
    words: str
    step: int | None = None

    def to_data(self) -> dict[str, Any]:
        return {"code": self.code, "words": self.words, "step": self.step}


@dataclass(frozen=True, slots=True)
class BusinessId:
    """An identifier in a system of somebody else."""

    system: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PrescriberFacts:
    """A prescriber as the signed bytes name them."""

    npi: str
    family: str
    given: str
    phone: str

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One MedicationRequest."""

    identifier: BusinessId
    kind: PrescriptionKind
    continues: int | None
    """The place, in the set, of the request that this one continues."""
    regimen: Regimen
    authored_at: datetime
    """With the offset that the prescriber's system wrote."""
    valid_from: date
    valid_until: date
    repeats: int
    days_per_fill: int
    interval_days: int | None
    quantity: int | None
    medication_text: str
    reason: str
    unit_words: tuple[str, ...]
    """How each step's dose names its unit for people."""
    unread: tuple[str, ...] = ()
    """Codes of content that a person must read."""

    @property
    def authorised_fills(self) -> int:
        """FHIR counts repeats without the first dispense."""
        return 1 + self.repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedSet:
    """A Bundle that keeps every rule of the profile."""

    identifier: BusinessId
    signed_at: datetime
    audience_npis: frozenset[str]
    requester_npis: frozenset[str]
    patient: PatientFacts
    address_lines: tuple[str, ...]
    """As a label shows them."""
    prescriber: PrescriberFacts
    requests: tuple[Request, ...]
    """The one whose first fill becomes an order comes first."""
