"""What a patient who stays at a dose can still take from a fill, and what is wasted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from pharmacy.kernel.refusals import Invalid
from pharmacy.titration.rules.directions import has_standard
from pharmacy.titration.rules.schedule import PlannedStep, days_supply

LONGEST_PAUSE_TO_RESUME: Final = 14
"""Days. After a longer gap the titration starts again (domain.md 1.4, E3)."""


class NotADayOfTheFill(Invalid):
    """A hold begins after one of the days that the fill lasts."""

    code = "not-a-day-of-the-fill"


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldOutcome:
    """What a hold at a step's dose leaves. Used, usable and wasted add up to the fill."""

    step: int
    """The step whose dose goes on."""
    after_day: int
    """The last day of the plan that was taken as planned; the first dose is on day 1."""
    usable: dict[int, int]
    """Capsules that whole doses at the held dose take, by strength in micrograms."""
    wasted: dict[int, int]
    covered_days: int
    short_days: int
    """Days up to the end of the plan for which nothing usable is left."""

    @property
    def covered_to_day(self) -> int:
        return self.after_day + self.covered_days

    @property
    def wasted_capsules(self) -> int:
        return sum(self.wasted.values())

    @property
    def wasted_ug(self) -> int:
        return sum(strength * count for strength, count in self.wasted.items())

    def to_data(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "after_day": self.after_day,
            "covered_days": self.covered_days,
            "covered_to_day": self.covered_to_day,
            "short_days": self.short_days,
            "wasted_capsules": self.wasted_capsules,
            "wasted_ug": self.wasted_ug,
        }


def hold(steps: Sequence[PlannedStep], *, after_day: int) -> HoldOutcome:
    """
    Work out a hold, from the day after `after_day`, at the dose taken on that day.

    Leftover capsules of a strength are usable when one, two or three of them make the held dose.

    Raises:
        NotADayOfTheFill: The fill has no such day.

    Source: domain.md 1.4, V18.
    """
    held, left = _left_after(steps, after_day)
    usable: dict[int, int] = {}
    days = 0
    for strength, count in left.items():
        each, rest = divmod(held.dose_ug, strength)
        if rest == 0 and has_standard(each):
            days += count // each
            usable[strength] = count - count % each
    wasted = {strength: count - usable.get(strength, 0) for strength, count in left.items()}
    return HoldOutcome(
        step=held.no,
        after_day=after_day,
        usable=usable,
        wasted=wasted,
        covered_days=days,
        short_days=max(0, days_supply(steps) - after_day - days),
    )


def holds_after_each_step(steps: Sequence[PlannedStep]) -> tuple[HoldOutcome, ...]:
    """Work out a hold at the end of every step but the last, after which nothing is left over."""
    day = 0
    found = []
    for step in steps[:-1]:
        day += step.days
        found.append(hold(steps, after_day=day))
    return tuple(found)


def must_titrate_again(pause_days: int) -> bool:
    """Say whether a pause was so long that the patient starts at a low dose again."""
    return pause_days > LONGEST_PAUSE_TO_RESUME


def _left_after(steps: Sequence[PlannedStep], after_day: int) -> tuple[PlannedStep, dict[int, int]]:
    """Return the step of that day, and what is left of each strength in the evening."""
    held: PlannedStep | None = None
    left: dict[int, int] = {}
    taken_before = 0
    for step in steps:
        taken = min(max(after_day - taken_before, 0), step.days)
        if taken > 0:
            held = step
        rest = step.capsules - taken * step.capsules_per_dose
        left[step.strength_ug] = left.get(step.strength_ug, 0) + rest
        taken_before += step.days
    if held is None or after_day > taken_before:
        raise NotADayOfTheFill(f"the fill has no day {after_day}", days=taken_before)
    return held, left
