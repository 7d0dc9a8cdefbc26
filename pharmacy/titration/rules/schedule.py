"""What is taken when: the steps of one fill, and the local dates that they fall on."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any, Final, Self

from pharmacy.kernel.refusals import Invalid
from pharmacy.prescriptions.rules.regimen import TimeOfDay
from pharmacy.titration.rules import directions

ONE_DAY: Final = timedelta(days=1)


class StepDoesNotAddUp(Invalid):
    """Capsules times strength times nights must equal what was ordered, to the microgram."""

    code = "step-does-not-add-up"
    remedy = "Plan the order again; do not dispense from this plan."


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedStep:
    """One step of one fill in capsules. One that does not equal its dose cannot be made."""

    no: int
    dose_ug: int
    days: int
    """Nights, or mornings: LDN is taken once a day."""
    time_of_day: TimeOfDay
    strength_ug: int
    capsules_per_dose: int
    capsules: int
    directions: str
    """A key of `directions.KEYS`."""

    def __post_init__(self) -> None:
        if self.days <= 0 or self.dose_ug <= 0 or self.strength_ug <= 0:
            raise StepDoesNotAddUp("days, dose and strength are above zero", step=self.no)
        if self.strength_ug * self.capsules_per_dose != self.dose_ug:
            raise StepDoesNotAddUp("capsules a dose times strength is not the dose", step=self.no)
        if self.capsules_per_dose * self.days != self.capsules:
            raise StepDoesNotAddUp("capsules a dose times days is not the count", step=self.no)
        if self.directions != directions.key(self.capsules_per_dose, self.time_of_day):
            raise StepDoesNotAddUp("the directions say something else", step=self.no)

    @classmethod
    def of(
        cls, *, no: int, dose_ug: int, days: int, time_of_day: TimeOfDay, strength_ug: int
    ) -> Self:
        """Make a step of one dose from capsules of one strength, a divisor of the dose."""
        each = dose_ug // strength_ug
        return cls(
            no=no,
            dose_ug=dose_ug,
            days=days,
            time_of_day=time_of_day,
            strength_ug=strength_ug,
            capsules_per_dose=each,
            capsules=each * days,
            directions=directions.key(each, time_of_day),
        )

    def to_data(self) -> dict[str, Any]:
        return asdict(self) | {"time_of_day": self.time_of_day.value}

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Self:
        return cls(**(dict(data) | {"time_of_day": TimeOfDay(data["time_of_day"])}))


@dataclass(frozen=True, slots=True)
class DatedStep:
    """A step with the first and the last local date on which it is taken."""

    first_on: date
    last_on: date
    step: PlannedStep


def dated(steps: Sequence[PlannedStep], first_dose_on: date) -> tuple[DatedStep, ...]:
    """Return the steps one after another from the first dose on. Source: domain.md 1.3."""
    found = []
    first_on = first_dose_on
    for step in steps:
        last_on = first_on + timedelta(days=step.days - 1)
        found.append(DatedStep(first_on, last_on, step))
        first_on = last_on + ONE_DAY
    return tuple(found)


def between(
    steps: Sequence[PlannedStep], first_night: int, last_night: int
) -> tuple[PlannedStep, ...]:
    """
    Return what of the steps falls on some nights of the fill, both counted in, the first being 1.

    A step that is cut keeps its number, its dose and its directions; no night is moved.
    """
    found, before = [], 0
    for step in steps:
        first, last = max(first_night - before, 1), min(last_night - before, step.days)
        if (days := last - first + 1) > 0:
            found.append(replace(step, days=days, capsules=days * step.capsules_per_dose))
        before += step.days
    return tuple(found)


def days_supply(steps: Sequence[PlannedStep]) -> int:
    """Return the days that the whole fill lasts: one number for one fill."""
    return sum(step.days for step in steps)


def run_out_on(steps: Sequence[PlannedStep], first_dose_on: date) -> date:
    """Return the first day without a dose."""
    return first_dose_on + timedelta(days=days_supply(steps))


def capsules_by_strength(steps: Sequence[PlannedStep]) -> dict[int, int]:
    """Return how many capsules of each strength, in micrograms, the fill takes."""
    counts: dict[int, int] = {}
    for step in steps:
        counts[step.strength_ug] = counts.get(step.strength_ug, 0) + step.capsules
    return dict(sorted(counts.items()))
