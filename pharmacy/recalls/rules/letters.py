"""What the letters of a recall say, in words that their readers use."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final, Self

from pharmacy.kernel.quantities import Mass

BULLET: Final = "•"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The pharmacy, as letters name it."""

    name: str
    address: tuple[str, ...]
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vial:
    """One vial of the recalled capsules."""

    number: int
    """The Rx number on its label."""
    strength_ug: int
    lot_number: str
    patient: str
    handed_over: bool

    def line(self) -> str:
        strength = Mass.of_micrograms(self.strength_ug)
        return f"Rx {self.number}: naltrexone {strength} capsules, lot {self.lot_number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A letter, paragraph by paragraph."""

    sender: Sender
    to: tuple[str, ...]
    on: date
    subject: str
    paragraphs: tuple[str, ...]

    def as_data(self) -> dict[str, Any]:
        """Return it as JSON keeps it until it is drawn."""
        return asdict(self) | {"on": self.on.isoformat()}

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Self:
        """Return a letter that was kept."""
        sender = data["sender"]
        return cls(
            sender=Sender(
                name=sender["name"], address=tuple(sender["address"]), phone=sender["phone"]
            ),
            to=tuple(data["to"]),
            on=date.fromisoformat(data["on"]),
            subject=data["subject"],
            paragraphs=tuple(data["paragraphs"]),
        )


def to_patient(
    sender: Sender, *, to: tuple[str, ...], on: date, vials: Sequence[Vial], reason: str
) -> Letter:
    """Return what a patient is told: what to stop, what to keep, whom to call."""
    return Letter(
        sender=sender,
        to=to,
        on=on,
        subject="Important: please stop taking these capsules",
        paragraphs=(
            "We are taking back capsules that we made for you:",
            *(f"{BULLET} {vial.line()}" for vial in vials),
            f"Why: {reason}",
            (
                "Please stop taking them today. Keep the vial; do not throw it away and do not"
                " give it to anybody. Call us, and we will tell you how to bring it back and what"
                " to take instead."
            ),
            "If you feel unwell, call your doctor. In an emergency call 911.",
            f"Call us: {sender.phone}. We are sorry for the trouble.",
        ),
    )


def to_prescriber(
    sender: Sender, *, to: tuple[str, ...], on: date, vials: Sequence[Vial], reason: str
) -> Letter:
    """Return what a prescriber is told: whose capsules, of which lots."""
    return Letter(
        sender=sender,
        to=to,
        on=on,
        subject="Recall of compounded naltrexone capsules",
        paragraphs=(
            "We recall capsules that we compounded on your prescriptions:",
            *(f"{BULLET} {vial.patient}: {vial.line()}" for vial in vials),
            f"Reason: {reason}",
            (
                "We have written to these patients and asked them to stop taking the capsules."
                " Please tell us of any adverse event at once, and how you want their treatment"
                " to go on."
            ),
            f"Pharmacist on duty: {sender.phone}.",
        ),
    )


def to_board(
    sender: Sender, *, to: tuple[str, ...], on: date, vials: Sequence[Vial], reason: str
) -> Letter:
    """Return what the Board of Pharmacy is told; it names no patient."""
    lots = sorted({vial.lot_number for vial in vials})
    given = sum(vial.handed_over for vial in vials)
    return Letter(
        sender=sender,
        to=to,
        on=on,
        subject="Notice of recall of a compounded nonsterile drug preparation",
        paragraphs=(
            "We recall naltrexone capsules that may cause serious harm.",
            f"Lots: {', '.join(lots) or 'none was filled'}.",
            f"Vials handed over: {given}. Vials stopped before hand-over: {len(vials) - given}.",
            f"Reason: {reason}",
            f"Contact: pharmacist in charge, {sender.phone}.",
        ),
    )
