"""
A fill in parts: some nights now and the rest later, and vials that are replaced.

A fill is its nights, counted from 1. Each order of a fill is for some of them: the fill's own order
for all until a remainder is split off; a remainder for the rest; a replacement for nights of vials
that were lost. A night is moved by none of this, so that each step keeps its dates.
"""

import itertools
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.orders.rules.reasons import ReplaceReason
from pharmacy.titration.rules import PlannedStep


class OrderKind(StrEnum):
    """What an order is of its fill."""

    FILL = "fill"
    REMAINDER = "remainder"
    """The rest of a fill of which a part was handed over before. No refill is used up."""
    REPLACEMENT = "replacement"
    """For the nights that are left of vials that were lost."""


class Nights(NamedTuple):
    """A stretch of a fill's nights, both ends counted in."""

    first: int
    last: int

    @property
    def many(self) -> int:
        return self.last - self.first + 1


class Stretch(NamedTuple):
    """From when to when a vial is taken."""

    first_on: date
    last_on: date


class PartialNotAllowed(Conflict):
    """A State whose law counts here does not allow a fill in parts."""

    code = "partial-not-allowed"
    remedy = "Hand over the whole order. The rule and its source are in the facts."


class PartEmpty(Invalid):
    """Both parts of a split order hold something."""

    code = "part-empty"
    remedy = "Leave at least one vial to hand over now, and one for later."


class PartCutsVial(Invalid):
    """A vial is handed over whole or not at all."""

    code = "part-cuts-vial"
    remedy = "Choose the last day of one of the order's vials."


class VialsOutOfOrder(Invalid):
    """These vials are not the order's, or one would be left behind that is taken before another."""

    code = "vials-out-of-order"
    remedy = "Choose vials of this order; of a part that goes now, the first to be taken first."


class EarlierPartFirst(Conflict):
    """The part of this fill that is taken before is not that far yet."""

    code = "earlier-part-first"
    remedy = "See to the order in the facts first, or cancel it."


class NothingLeft(Conflict):
    """Every night of the fill has its order already."""

    code = "nothing-left-of-fill"
    remedy = "Look at the orders that belong to this fill."


class NothingToReplace(Conflict):
    """Every dose of these vials would have been taken by then."""

    code = "nothing-to-replace"
    remedy = "Cancel the replacement; the fill goes on with its next vial, or with a refill."


class VialLost(Conflict):
    """The vial was written down as lost; its code is dead."""

    code = "vial-lost"
    remedy = "Keep it apart, and ask a pharmacist. What replaces it is in the facts."


class NoFillToCount(Conflict):
    """By the policy this replacement uses up a fill, and none is left."""

    code = "replacement-no-fill-left"
    remedy = "Ask the prescriber for a new prescription."


class NotInTransit(Conflict):
    """Nothing of the order was on its way."""

    code = "not-in-transit"
    remedy = "Use another reason: the order was not sent, or its parcel was delivered."


class LossNotSo(Invalid):
    """The reason says of these vials what is not on record."""

    code = "replace-reason-not-so"
    remedy = "Write down first that they came back, or use another reason."


ONE_DAY: Final = timedelta(days=1)


def last_given(vials: Sequence[tuple[str, Stretch]], given: Collection[str]) -> date:
    """
    Return the last day of the vials that are handed over now.

    Args:
        vials: The code of every vial of the order and its days, the first to be taken first.
        given: Codes of those that go now.

    Raises:
        PartEmpty: All of them go, or none.
        VialsOutOfOrder: One that stays is taken before one that goes.
    """
    chosen = [code in given for code, _ in vials]
    if not any(chosen) or all(chosen):
        raise PartEmpty("a part of the vials goes now, and a part later", field="given")
    if chosen != sorted(chosen, reverse=True):
        raise VialsOutOfOrder("a vial that is taken earlier would be left behind", field="given")
    return vials[sum(chosen) - 1][1].last_on


def require_cut(through: date, *, first_on: date, last_on: date, vials: Sequence[Stretch]) -> None:
    """
    Raise unless an order may be split after a day.

    Raises:
        PartEmpty: Nothing would be handed over now, or nothing later.
        PartCutsVial: The day is not the last one of a vial.
    """
    if not first_on <= through < last_on:
        raise PartEmpty(
            "a part goes now, and a part later",
            first_dose_on=first_on.isoformat(),
            last_dose_on=last_on.isoformat(),
        )
    ends = [each.last_on for each in vials]
    if vials and through not in ends:
        raise PartCutsVial(
            "a vial would have to be opened", ends=[each.isoformat() for each in ends]
        )


def nights_in_stock(steps: Sequence[PlannedStep], missing: Mapping[int, int]) -> int:
    """
    Return for how many nights, from the first on, the capsules on the shelf last.

    Args:
        missing: Capsules that are missing for all of the steps, by strength in micrograms.
    """
    there = {strength: -short for strength, short in missing.items()}
    for step in steps:
        there[step.strength_ug] = there.get(step.strength_ug, 0) + step.capsules
    nights = 0
    for step in steps:
        doses = min(step.days, max(there[step.strength_ug], 0) // step.capsules_per_dose)
        there[step.strength_ug] -= doses * step.capsules_per_dose
        nights += doses
        if doses < step.days:
            break
    return nights


def first_gap(taken: Collection[Nights], days: int) -> Nights | None:
    """Return the first stretch of a fill's nights that no order is for, or None."""
    night = 1
    for first, last in sorted(taken):
        if first > night:
            return Nights(night, first - 1)
        night = max(night, last + 1)
    return Nights(night, days) if night <= days else None


def in_runs(vials: Mapping[UUID, Stretch]) -> list[list[UUID]]:
    """
    Return vials in runs in which each follows the one before it, the first to be taken first.

    An order is for one stretch of nights, so each run is replaced by an order of its own.
    """
    runs: list[list[UUID]] = []
    ends: date | None = None
    for vial, days in sorted(vials.items(), key=lambda each: each[1]):
        if ends is None or days.first_on != ends + ONE_DAY:
            runs.append([])
        runs[-1].append(vial)
        ends = days.last_on
    return runs


def to_replace(vials: Sequence[Stretch], *, start_on: date) -> Stretch:
    """
    Return the days that are left of vials, from a day on.

    Args:
        vials: Their days, as on their labels, the first to be taken first.

    Raises:
        VialsOutOfOrder: None, or they do not follow one another.
        NothingToReplace: Their days are over by then.
    """
    if not vials:
        raise VialsOutOfOrder("choose the vials that are lost", field="vials")
    for before, after in itertools.pairwise(vials):
        if after.first_on != before.last_on + ONE_DAY:
            raise VialsOutOfOrder("another vial is taken between these", field="vials")
    first_on, last_on = max(vials[0].first_on, start_on), vials[-1].last_on
    if first_on > last_on:
        raise NothingToReplace("the days of these vials are over", last_dose_on=last_on.isoformat())
    return Stretch(first_on, last_on)


def require_loss(reason: str, *, came_back: bool, recalled: bool) -> None:
    """
    Raise LossNotSo where a replacement's reason is not what happened.

    Args:
        came_back: Every one of the vials is written down as having come back.
        recalled: Every one of them was reached by a recall.
    """
    if reason == ReplaceReason.UNDELIVERABLE and not came_back:
        raise LossNotSo("these vials did not come back", field="reason")
    if reason == ReplaceReason.RECALLED and not recalled:
        raise LossNotSo("these vials were not recalled", field="reason")
