"""Which lot a patient gets: first expired, first out, every dose on a day that the lot covers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from pharmacy.inventory.rules.lots import LotStatus


class WhyNot(StrEnum):
    """Why a lot is not offered."""

    OTHER_STRENGTH = "other-strength"
    QUARANTINED = "quarantined"
    RECALLED = "recalled"
    REJECTED = "rejected"
    PAST_BEYOND_USE = "past-beyond-use"
    BEYOND_USE_BEFORE_LAST_DOSE = "beyond-use-before-last-dose"
    ALL_TAKEN = "all-taken"


class Hidden(StrEnum):
    """Why a lot of powder or shells is not offered."""

    QUARANTINED = "quarantined"
    RECALLED = "recalled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    EMPTY = "empty"


def why_hidden(status: LotStatus, *, usable_until: date, left: int, on: date) -> Hidden | None:
    """Say why a lot of powder or shells may not be used on a day, or None when it may."""
    if status is not LotStatus.RELEASED:
        return Hidden(status.value)
    if usable_until < on:
        return Hidden.EXPIRED
    return Hidden.EMPTY if left <= 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What is free of one capsule lot."""

    lot_id: UUID
    strength_ug: int
    beyond_use_on: date
    free: int
    status: LotStatus = LotStatus.RELEASED


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Capsules of one strength for every day of a stretch of days."""

    strength_ug: int
    per_dose: int
    first_on: date
    last_on: date

    @property
    def doses(self) -> int:
        return (self.last_on - self.first_on).days + 1

    @property
    def capsules(self) -> int:
        return self.doses * self.per_dose


@dataclass(frozen=True, slots=True, kw_only=True)
class Portion:
    """One lot's part of a need: what goes into one container."""

    need_no: int
    """The need's place in the list, from 0."""
    lot_id: UUID
    first_on: date
    last_on: date
    capsules: int


@dataclass(frozen=True, slots=True)
class Sharing:
    """How needs are met, or what is missing. Portions count only when nothing is missing."""

    portions: list[Portion] = field(default_factory=list)
    missing: dict[int, int] = field(default_factory=dict)
    """Capsules by strength in micrograms."""


def why_not(supply: Supply, need: Need, *, today: date) -> WhyNot | None:
    """Say why a lot cannot meet a need alone, or None when it can give at least something."""
    if supply.strength_ug != need.strength_ug:
        return WhyNot.OTHER_STRENGTH
    if supply.status is not LotStatus.RELEASED:
        return WhyNot(supply.status.value)
    if supply.beyond_use_on < today:
        return WhyNot.PAST_BEYOND_USE
    if supply.free < need.per_dose:
        return WhyNot.ALL_TAKEN
    if supply.beyond_use_on < need.last_on:
        return WhyNot.BEYOND_USE_BEFORE_LAST_DOSE
    return None


def share(needs: Sequence[Need], supplies: Iterable[Supply], *, fewest: bool) -> Sharing:
    """
    Share out released lots over needs, the first to expire first.

    A lot that expires in the middle of a need serves the days up to its date and another lot the
    rest (domain.md E6); no container holds a dose after its lot's beyond-use date.

    Args:
        supplies: Released lots only.
        fewest: Take the first lot to expire that covers the whole need, where there is one; else
            remnants are used up first, at the price of more containers.
    """
    shelf = sorted(supplies, key=lambda lot: (lot.beyond_use_on, lot.lot_id))
    free = {lot.lot_id: lot.free for lot in shelf}
    sharing = Sharing()
    for need_no, need in enumerate(needs):
        lots = [lot for lot in shelf if lot.strength_ug == need.strength_ug]
        whole = (lot for lot in lots if _covers(lot, need, free[lot.lot_id]))
        if fewest and (one := next(whole, None)) is not None:
            lots = [one]
        _draw(need_no, need, lots, free, sharing)
    return sharing


def _covers(lot: Supply, need: Need, free: int) -> bool:
    return free >= need.capsules and lot.beyond_use_on >= need.last_on


def _draw(
    need_no: int, need: Need, lots: Sequence[Supply], free: dict[UUID, int], sharing: Sharing
) -> None:
    on = need.first_on
    for lot in lots:
        days_left = (need.last_on - on).days + 1
        days_good = (lot.beyond_use_on - on).days + 1
        doses = min(days_left, days_good, free[lot.lot_id] // need.per_dose)
        if doses <= 0:
            continue
        capsules = doses * need.per_dose
        last_on = on + timedelta(days=doses - 1)
        free[lot.lot_id] -= capsules
        sharing.portions.append(
            Portion(
                need_no=need_no, lot_id=lot.lot_id, first_on=on, last_on=last_on, capsules=capsules
            )
        )
        on = last_on + timedelta(days=1)
    if (short := (need.last_on - on).days + 1) > 0:
        missing = sharing.missing.get(need.strength_ug, 0)
        sharing.missing[need.strength_ug] = missing + short * need.per_dose
