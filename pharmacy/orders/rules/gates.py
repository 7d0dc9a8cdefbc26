"""What must be true at the instant at which a packed order leaves the bench."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple

from pharmacy.inventory.rules import LotStatus
from pharmacy.kernel.refusals import Conflict, Invalid

LATEST: Final = timedelta(days=366)
"""No first dose is planned further ahead, however long a prescription is said to be valid."""


class GateClosed(Conflict):
    """Something that was in order when it was checked is not any more."""

    code = "order-gate-closed"
    remedy = (
        "The order is being checked again, by the registry's service too where the pharmacy uses"
        " it. Try again when that is done; what still stands then is a hold that says who must act."
    )


class LotsOut(GateClosed):
    """Capsules of the order may not be given out as things stand; no check changes that."""

    remedy = (
        "A pharmacist allocates the order anew, from other lots, or cancels it; a lot that is only"
        " quarantined may be released again."
    )


class PrescriptionOver(Conflict):
    """The prescription was cancelled, or is not valid on this day."""

    code = "prescription-over"
    remedy = "Ask the prescriber for a new prescription."


class FindingsUndecided(Conflict):
    """A pharmacist has not decided every finding, or has decided one against the order."""

    code = "findings-undecided"
    remedy = (
        "Decide each finding; where the patient must be asked again, ask and record the answers."
        " Else reject or cancel the order."
    )


class PackMismatch(Conflict):
    """What was scanned is not exactly what the order holds."""

    code = "pack-mismatch"
    remedy = "Put aside what the facts name, and scan every container of this order once."


class PictureMissing(Conflict):
    """The pharmacy's policy asks for a picture of the finished product, and there is none."""

    code = "picture-missing"
    remedy = "Take a picture of the filled and labelled vials, then go on."


class LabelsMissing(Conflict):
    """The labels of the present containers are not drawn yet."""

    code = "labels-missing"
    remedy = "Wait for the labels, or look for a hold that says why they are not drawn."


class DatesImpossible(Invalid):
    """The first dose cannot be on this day."""

    code = "dates-impossible"
    remedy = "Choose a day from today on, while the prescription is valid."


class LabelsOutOfDate(Conflict):
    """The dates on the labels begin before the patient can take the first dose."""

    code = "labels-out-of-date"
    remedy = (
        "Date the order anew: its vials then get labels for days that are still to come, and go"
        " through scan and second check again."
    )


class ReplacementNotRedated(Conflict):
    """What replaces vials is for nights that the rest of the fill does not wait for."""

    code = "replacement-not-dated-anew"
    remedy = (
        "Cancel it and replace the vials again, or allocate it anew: it is then for the nights"
        " that are left."
    )


class IdentityNotChecked(Invalid):
    """An order is handed over after two identifiers were compared."""

    code = "identity-not-checked"
    remedy = "Ask for name and birth date, compare, and say so."


class PackedLot(NamedTuple):
    """What a container holds, as its lot stands now."""

    lot_number: str
    status: LotStatus
    beyond_use_on: date
    last_dose_on: date


def lots_out(lots: Sequence[PackedLot]) -> list[str]:
    """Return the numbers of lots that may not be given to a patient for these days."""
    return [
        lot.lot_number
        for lot in lots
        if lot.status is not LotStatus.RELEASED or lot.beyond_use_on < lot.last_dose_on
    ]


def require_exactly(scanned: Sequence[str], expected: Collection[str]) -> None:
    """Raise PackMismatch unless each expected code was scanned once, and nothing else."""
    codes = [code.strip().lower() for code in scanned]
    missing = sorted(set(expected) - set(codes))
    foreign = sorted(set(codes) - set(expected))
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if missing or foreign or twice:
        raise PackMismatch(
            "the scanned containers are not exactly this order's",
            missing=missing,
            foreign=foreign,
            twice=twice,
        )


def require_first_dose(first_dose_on: date, *, today: date, valid_until: date) -> None:
    """Raise DatesImpossible unless the doses begin from today on, while the order stands."""
    if first_dose_on < today:
        raise DatesImpossible("the first dose would be in the past", today=today.isoformat())
    latest = min(valid_until, today + LATEST)
    if first_dose_on > latest:
        raise DatesImpossible("the first dose would be too late", latest=latest.isoformat())


def dates_over(first_dose_on: date | None, today: date) -> bool:
    """Say whether the day of the first dose has passed."""
    return first_dose_on is not None and first_dose_on < today


def require_dates_ahead(first_dose_on: date, *, today: date, transit_days: int = 0) -> None:
    """
    Raise LabelsOutOfDate unless the patient has the order when its first dose is to be taken.

    Collected, the first dose may be tonight's; sent, it may be that of the day of arrival.

    Args:
        transit_days: How long a carrier has it.

    Source: domain.md 3.6 (a patient takes each container on the dates that its label shows).
    """
    earliest = today + timedelta(days=transit_days)
    if first_dose_on < earliest:
        raise LabelsOutOfDate(
            "the labels begin before the patient can",
            first_dose_on=first_dose_on.isoformat(),
            earliest=earliest.isoformat(),
        )


def require_in_force(*, valid_from: date, valid_until: date, cancelled: bool, today: date) -> None:
    """Raise PrescriptionOver unless the prescription may be filled on this day."""
    if cancelled:
        raise PrescriptionOver("the prescription was cancelled")
    if not valid_from <= today <= valid_until:
        raise PrescriptionOver(
            "the prescription is not valid today",
            valid_from=valid_from.isoformat(),
            valid_until=valid_until.isoformat(),
        )
