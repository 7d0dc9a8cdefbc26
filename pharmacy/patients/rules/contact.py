"""Where a patient lives and is called: when two differ, and how it is known which is right."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from pharmacy.kernel.refusals import Conflict, Invalid


class HasContact(Protocol):
    """What says where a patient lives and is called."""

    @property
    def phone(self) -> str: ...
    @property
    def address_line(self) -> str: ...
    @property
    def city(self) -> str: ...
    @property
    def state(self) -> str: ...
    @property
    def postal_code(self) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Where a patient lives and is called."""

    phone: str
    address_line: str
    city: str
    state: str
    postal_code: str

    @classmethod
    def of(cls, given: HasContact) -> "Contact":
        return cls(
            phone=given.phone,
            address_line=given.address_line,
            city=given.city,
            state=given.state,
            postal_code=given.postal_code,
        )

    def differs_in(self, other: "Contact") -> tuple[str, ...]:
        """
        Return in what two differ: `phone`, `address`, `state`.

        Signs and capitals tell nothing apart, nor do the four digits after a ZIP code. Words that
        are abbreviated do: a person looks.
        """
        found = {
            "phone": _digits(self.phone) != _digits(other.phone),
            "address": _street(self) != _street(other),
            "state": self.state != other.state,
        }
        return tuple(name for name, differs in found.items() if differs)


class ContactSource(StrEnum):
    """From whom another phone or address came."""

    PRESCRIPTION = "prescription"
    STAFF = "staff"
    """Somebody here was told, or saw that it was written wrongly."""


class ContactDecision(StrEnum):
    """What a person made of another phone or address."""

    TAKEN_OVER = "taken-over"
    KEPT = "kept"
    """What was on file stays."""


class ContactReason(StrEnum):
    """What shows which phone and address are right."""

    PATIENT_SAID = "patient-said"
    REPRESENTATIVE_SAID = "representative-said"
    CLINIC_SAID = "clinic-said"
    CAME_BACK = "came-back"
    SAME_PLACE = "same-place"
    WRITTEN_WRONGLY = "written-wrongly"
    ANOTHER_PERSON = "another-person"


REASON_WORDS: Final[Mapping[ContactReason, str]] = {
    ContactReason.PATIENT_SAID: "The patient said so",
    ContactReason.REPRESENTATIVE_SAID: "Somebody who acts for the patient said so",
    ContactReason.CLINIC_SAID: "The clinic said so",
    ContactReason.CAME_BACK: "Mail or a parcel came back",
    ContactReason.SAME_PLACE: "It is the same, written in another way",
    ContactReason.WRITTEN_WRONGLY: "It was written wrongly",
    ContactReason.ANOTHER_PERSON: "It is another person's",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """How it is known which phone and address are right."""

    reason: ContactReason
    words: str = ""


class ContactInvalid(Invalid):
    """A phone number or an address with which nobody is reached."""

    code = "contact-invalid"
    remedy = "Give a whole phone number, street, city, the State's two letters and the ZIP code."


class ContactUnsettled(Conflict):
    """A prescription gives another phone or address than the one on file."""

    code = "patient-address-differs"
    remedy = "Settle on the order's page which phone and address are right."


class ContactSettled(Conflict):
    """Somebody has settled already what became of this phone and address."""

    code = "contact-settled"
    remedy = "Look at what is on file now; correct that where it is wrong."


def require_contact(contact: Contact) -> None:
    """Raise ContactInvalid unless a person can be written to, and called, there."""
    wrong = {
        "phone": not SHORTEST_PHONE <= len(_digits(contact.phone)) <= LONGEST_PHONE,
        "address_line": not contact.address_line.strip(),
        "city": not contact.city.strip(),
        "state": not STATE.fullmatch(contact.state),
        "postal_code": not ZIP_CODE.fullmatch(contact.postal_code),
    }
    for field, is_wrong in wrong.items():
        if is_wrong:
            raise ContactInvalid(f"the {field.replace('_', ' ')} is not whole", field=field)


def _street(contact: Contact) -> tuple[str, ...]:
    zip_code = contact.postal_code.strip()[:SHORT_ZIP]
    return _plain(contact.address_line), _plain(contact.city), zip_code


def _plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.casefold()).split())


def _digits(phone: str) -> str:
    """Return a number's digits, without the 1 of the United States before them."""
    digits = re.sub(r"\D", "", phone)
    return digits[1:] if len(digits) == AMERICAN + 1 and digits[0] == "1" else digits


SHORT_ZIP: Final = 5
AMERICAN: Final = 10
SHORTEST_PHONE: Final = 10
LONGEST_PHONE: Final = 15
STATE: Final = re.compile(r"[A-Z]{2}")
ZIP_CODE: Final = re.compile(r"\d{5}(-\d{4})?")
