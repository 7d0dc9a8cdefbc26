"""A regimen as data: ordered steps of one dose a day, and what one fill of it delivers."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self

from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.prescriptions.rules.kinds import PrescriptionKind

MOST_STEPS: Final = 12


class TimeOfDay(StrEnum):
    """When the daily dose is taken."""

    BEDTIME = "bedtime"
    MORNING = "morning"


class RegimenImpossible(Invalid):
    """Steps that cannot be taken one after another."""

    code = "regimen-impossible"


class FillNotDescribed(Conflict):
    """The signed regimen does not say what this fill is."""

    code = "fill-not-described"
    remedy = "Ask the prescriber for a new signed prescription."


@dataclass(frozen=True, slots=True)
class Step:
    """One dose, once a day, for a number of days."""

    no: int
    """Counts from 1, as the prescriber numbered them; a fill keeps the number."""
    dose_ug: int
    days: int | None
    """None: until something else is ordered."""
    time_of_day: TimeOfDay
    text: str
    """The prescriber's own words for this step."""

    def __post_init__(self) -> None:
        if self.no < 1 or self.dose_ug < 1 or (self.days is not None and self.days < 1):
            raise RegimenImpossible("a step has a number, a dose and at least one day")

    def to_data(self) -> dict[str, Any]:
        return {
            "no": self.no,
            "dose_ug": self.dose_ug,
            "days": self.days,
            "time_of_day": self.time_of_day.value,
            "text": self.text,
        }

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> Self:
        return cls(
            no=data["no"],
            dose_ug=data["dose_ug"],
            days=data["days"],
            time_of_day=TimeOfDay(data["time_of_day"]),
            text=data["text"],
        )


@dataclass(frozen=True, slots=True)
class Regimen:
    """Steps in the order in which they are taken. Only the last may have no end."""

    steps: tuple[Step, ...]
    as_tolerated: bool = False
    """The prescriber lets the patient stay at a dose without a new order."""

    def __post_init__(self) -> None:
        numbers = [step.no for step in self.steps]
        if not numbers or numbers != sorted(set(numbers)):
            raise RegimenImpossible("steps are numbered upwards, and there is at least one")
        if any(step.days is None for step in self.steps[:-1]):
            raise RegimenImpossible("a step without an end has nothing after it")

    @property
    def is_open(self) -> bool:
        """Say whether the last step has no end."""
        return self.steps[-1].days is None

    @property
    def days(self) -> int:
        """How many days the steps with an end take together; one dose a day, so doses too."""
        return sum(step.days or 0 for step in self.steps)

    def to_data(self) -> dict[str, Any]:
        return {
            "steps": [step.to_data() for step in self.steps],
            "as_tolerated": self.as_tolerated,
        }

    @classmethod
    def of_data(cls, data: dict[str, Any]) -> Self:
        return cls(
            steps=tuple(Step.of_data(step) for step in data["steps"]),
            as_tolerated=data["as_tolerated"],
        )


def fill_regimen(
    regimen: Regimen,
    *,
    kind: PrescriptionKind,
    fill_no: int,
    days_per_fill: int,
    continue_final: bool,
) -> Regimen:
    """
    Return what one fill delivers: steps with an end, numbered as the prescriber numbered them.

    A titration is one calendar from its first day. Fill n delivers the nth `days_per_fill` days of
    it, so that no fill starts again at step 1; after the last step that has an end, the last dose
    goes on where `continue_final` allows it. A fill of a maintenance is its one dose, each time.

    Args:
        days_per_fill: As the prescriber wrote it; the first fill of a closed regimen that is
            shorter delivers the shorter regimen.
        continue_final: The pharmacy's policy: after a titration's end its last dose goes on.

    Raises:
        FillNotDescribed: The calendar ended before this fill.

    Source: domain.md 1.5 and rule 7.
    """
    if fill_no < 1 or days_per_fill < 1:
        raise RegimenImpossible("fills and days count from 1")
    if kind is PrescriptionKind.MAINTENANCE:
        return replace(regimen, steps=(replace(regimen.steps[-1], days=days_per_fill),))
    goes_on = regimen.is_open or (continue_final and fill_no > 1)
    steps = _window(
        regimen, first_day=(fill_no - 1) * days_per_fill, days=days_per_fill, goes_on=goes_on
    )
    if not steps:
        raise FillNotDescribed(
            "the regimen ended before this fill", fill_no=fill_no, regimen_days=regimen.days
        )
    return replace(regimen, steps=steps)


def _window(regimen: Regimen, *, first_day: int, days: int, goes_on: bool) -> tuple[Step, ...]:
    """Cut days out of the regimen's calendar; `goes_on` lets its last step have no end."""
    last_day = first_day + days
    taken: list[Step] = []
    start = 0
    for step in regimen.steps:
        endless = step is regimen.steps[-1] and goes_on
        end = last_day if endless else start + (step.days or 0)
        inside = min(end, last_day) - max(start, first_day)
        if inside > 0:
            taken.append(replace(step, days=inside))
        start = end
    return tuple(taken)
