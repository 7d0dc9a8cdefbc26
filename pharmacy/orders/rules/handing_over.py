"""Handing an order over: who takes it, how they were known, and a pharmacist's advice."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from pharmacy.kernel.refusals import Invalid
from pharmacy.orders.rules.gates import IdentityNotChecked
from pharmacy.orders.rules.reasons import Counselling, coded

FEWEST_IDENTIFIERS: Final = 2


class Identifier(StrEnum):
    """What was compared with the order, by kind; what it said is not kept."""

    NAME = "name"
    BIRTH_DATE = "birth-date"
    ADDRESS = "address"
    PHONE = "phone"
    PHOTO_ID = "photo-id"
    RX_NUMBER = "rx-number"


class Collector(StrEnum):
    """Who takes the order along."""

    PATIENT = "patient"
    REPRESENTATIVE = "representative"
    CARRIER = "carrier"


class CounsellorNeeded(Invalid):
    """Advice is a pharmacist's; the record names which one gave it."""

    code = "counsellor-needed"
    remedy = "Name the pharmacist who spoke with the patient."


class CollectorUnnamed(Invalid):
    """Somebody else than the patient takes the order, and is not named."""

    code = "collector-unnamed"
    remedy = "Write down the name of whoever takes the order along."


class CounsellingContradicted(Invalid):
    """A parcel goes with a written notice; whoever stands at the counter is spoken to."""

    code = "counselling-contradicted"
    remedy = "At the counter advice is accepted or declined; a parcel has the written notice."


class Taken(NamedTuple):
    """How a patient takes one kind of capsule; another one of them is new to the patient."""

    strength_ug: int
    capsules_per_dose: int
    directions: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandingOver:
    """What was done before an order left."""

    identifiers: Collection[str]
    """Codes of `Identifier`."""
    counselling: str
    """What came of the offer of advice: a code of `Counselling`."""
    counselled_by: UUID | None = None
    """The pharmacist who gave it."""
    collector: str = Collector.PATIENT
    collector_name: str = ""

    def require_whole(self) -> None:
        """
        Raise unless all is told that the record needs.

        Raises:
            ReasonUnknown: A code is none of the known ones.
            IdentityNotChecked: Fewer than two kinds of identifier were compared.
            CollectorUnnamed, CounsellorNeeded, CounsellingContradicted: As they say.
        """
        kinds = {coded(Identifier, each) for each in self.identifiers}
        collector, counselling = (
            coded(Collector, self.collector),
            coded(Counselling, self.counselling),
        )
        if collector != Collector.CARRIER and len(kinds) < FEWEST_IDENTIFIERS:
            raise IdentityNotChecked("two identifiers are compared before an order is handed over")
        if collector == Collector.REPRESENTATIVE and not self.collector_name.strip():
            raise CollectorUnnamed("say who takes the order along")
        if (collector == Collector.CARRIER) != (counselling == Counselling.WRITTEN_NOTICE):
            raise CounsellingContradicted("this is not how advice is offered here")
        if counselling == Counselling.ACCEPTED and self.counselled_by is None:
            raise CounsellorNeeded("say which pharmacist gave the advice")


def counselling_needed_for(now: Collection[Taken], before: Collection[Taken] | None) -> list[str]:
    """
    Return why a pharmacist offers advice unasked: `first-fill`, `new-strength`, `new-directions`.

    Args:
        now: How the capsules of this order are taken.
        before: How those of the fill before it were; None: there was none.

    Source: 16 CCR 1707.2 (b): first dispensing, and a new strength or new directions.
    """
    if before is None:
        return ["first-fill"]
    reasons = []
    if {each.strength_ug for each in now} - {each.strength_ug for each in before}:
        reasons.append("new-strength")
    if {each[1:] for each in now} - {each[1:] for each in before}:
        reasons.append("new-directions")
    return reasons
