"""
Which strengths a fill is made of: three ways, side by side.

Source: domain.md 2.8. The fourth, 0.5 mg capsules by three, six and nine, is not offered: no
standard direction says six or nine capsules.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pharmacy.kernel.quantities import Mass
from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.prescriptions.rules.regimen import Regimen, Step
from pharmacy.titration.rules import directions
from pharmacy.titration.rules.holds import HoldOutcome, holds_after_each_step
from pharmacy.titration.rules.schedule import PlannedStep, capsules_by_strength, days_supply


class Strategy(StrEnum):
    """How the doses of a fill are made up."""

    ONE_CAPSULE = "A"
    """One capsule a dose, a strength for each dose."""
    UNITS = "B"
    """One strength for the whole fill; one, two or three capsules a dose."""
    MIXED = "D"
    """One strength for the titration steps; the last step has a capsule of its own."""


IN_ORDER: Final = (Strategy.ONE_CAPSULE, Strategy.MIXED, Strategy.UNITS)
"""What is proposed where the policy's strategy is not possible: fewest capsules first."""


class NoStrengthForDose(Invalid):
    """No strength with a formulation or released capsules makes a dose of this fill."""

    code = "no-strength-for-dose"
    remedy = "Add a formulation for the dose, or ask the prescriber."


class StepWithoutEnd(Invalid):
    """A fill is planned step by step, and each of its steps has a number of days."""

    code = "step-without-end"
    remedy = "Ask the prescriber for how many days; a plan never makes a number up."


class UnknownStrategy(Invalid):
    """Strategies are named A, B and D."""

    code = "unknown-strategy"
    remedy = "Name one of the strategies that the plan shows."


class StrategyNotPossible(Conflict):
    """The strategy cannot make this fill; the plan says why."""

    code = "strategy-not-possible"
    remedy = "Choose a strategy that the plan shows as possible."


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a strategy cannot make a fill, or why a quantity cannot be known yet."""

    code: str
    words: str
    step: int | None = None

    def to_data(self) -> dict[str, Any]:
        return {"code": self.code, "words": self.words, "step": self.step}


@dataclass(frozen=True, slots=True)
class Option:
    """One strategy for one fill: its steps and what they cost, or why it is not possible."""

    strategy: Strategy
    steps: tuple[PlannedStep, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def possible(self) -> bool:
        return not self.problems

    @property
    def has_standard_directions(self) -> bool:
        no_phrase = directions.NoStandardDirection.code
        return all(problem.code != no_phrase for problem in self.problems)

    @property
    def capsules(self) -> int:
        return sum(step.capsules for step in self.steps)

    @property
    def batches(self) -> dict[int, int]:
        """Capsules of each strength in micrograms: one batch, one record each."""
        return capsules_by_strength(self.steps)

    @property
    def containers(self) -> int:
        """One for each step, so that every label carries one standard direction."""
        return len(self.steps)

    @property
    def holds(self) -> tuple[HoldOutcome, ...]:
        return holds_after_each_step(self.steps)

    def to_data(self) -> dict[str, Any]:
        return {
            "strategy": self.strategy.value,
            "possible": self.possible,
            "problems": [problem.to_data() for problem in self.problems],
            "steps": [step.to_data() for step in self.steps],
            "days": days_supply(self.steps),
            "capsules": self.capsules,
            "containers": self.containers,
            "standard_directions": self.has_standard_directions,
            "holds": [outcome.to_data() for outcome in self.holds],
        }


def parse(name: str) -> Strategy:
    """Return the strategy of that name. Raises UnknownStrategy."""
    if name not in {strategy.value for strategy in Strategy}:
        raise UnknownStrategy("there is no strategy of this name")
    return Strategy(name)


def options(fill: Regimen, strengths: Collection[int]) -> tuple[Option, ...]:
    """
    Return every strategy for a fill, possible or not, in the order of their names.

    Args:
        fill: What one fill delivers; every step has an end.
        strengths: In micrograms: those with a formulation, or with released capsules.

    Raises:
        StepWithoutEnd: A step is open-ended.
    """
    for step in fill.steps:
        if step.days is None:
            raise StepWithoutEnd("a step of this fill has no end", step=step.no)
    return (
        _one_capsule_each(fill.steps, strengths),
        _units(fill.steps, strengths),
        _mixed(fill.steps, strengths),
    )


def proposed(found: Sequence[Option], *, default: Strategy) -> Option:
    """
    Return the default strategy, or the next one that can make the fill.

    Raises:
        NoStrengthForDose: None can. The facts name the steps without a strength of their own.
    """
    by_name = {option.strategy: option for option in found}
    for strategy in (default, *IN_ORDER):
        if by_name[strategy].possible:
            return by_name[strategy]
    problems = by_name[Strategy.ONE_CAPSULE].problems
    raise NoStrengthForDose(
        "; ".join(problem.words for problem in problems),
        steps=[problem.step for problem in problems],
        codes=sorted({problem.code for option in found for problem in option.problems}),
    )


def chosen(found: Sequence[Option], strategy: Strategy) -> Option:
    """Return the option of that strategy. Raises StrategyNotPossible."""
    option = next(option for option in found if option.strategy is strategy)
    if not option.possible:
        raise StrategyNotPossible(
            f"strategy {strategy} cannot make this fill: {option.problems[0].words}",
            codes=[problem.code for problem in option.problems],
        )
    return option


def _one_capsule_each(steps: Sequence[Step], strengths: Collection[int]) -> Option:
    missing = tuple(_no_capsule(step) for step in steps if step.dose_ug not in strengths)
    return _option(Strategy.ONE_CAPSULE, steps, [step.dose_ug for step in steps], missing)


def _units(steps: Sequence[Step], strengths: Collection[int]) -> Option:
    unit = _greatest_unit(steps, strengths)
    problems = () if unit else (_no_unit(steps, strengths),)
    return _option(Strategy.UNITS, steps, [unit] * len(steps), problems)


def _mixed(steps: Sequence[Step], strengths: Collection[int]) -> Option:
    *titration, last = steps
    unit = _greatest_unit(titration, strengths)
    problems: tuple[Problem, ...] = ()
    if titration and not unit:
        problems += (_no_unit(titration, strengths),)
    if last.dose_ug not in strengths:
        problems += (_no_capsule(last),)
    return _option(Strategy.MIXED, steps, [unit] * len(titration) + [last.dose_ug], problems)


def _option(
    strategy: Strategy,
    steps: Sequence[Step],
    strengths: Sequence[int],
    problems: tuple[Problem, ...],
) -> Option:
    if problems:
        return Option(strategy, (), problems)
    planned = tuple(
        PlannedStep.of(
            no=step.no,
            dose_ug=step.dose_ug,
            days=step.days or 0,  # `options` refused a step without an end
            time_of_day=step.time_of_day,
            strength_ug=strength,
        )
        for step, strength in zip(steps, strengths, strict=True)
    )
    return Option(strategy, planned)


def _greatest_unit(steps: Sequence[Step], strengths: Collection[int]) -> int:
    """Return the greatest strength of which one, two or three make every dose; 0 for none."""
    return max(
        (
            unit
            for unit in _dividing_all(steps, strengths)
            if all(directions.has_standard(step.dose_ug // unit) for step in steps)
        ),
        default=0,
    )


def _dividing_all(steps: Sequence[Step], strengths: Collection[int]) -> list[int]:
    return [unit for unit in strengths if all(step.dose_ug % unit == 0 for step in steps)]


def _no_capsule(step: Step) -> Problem:
    words = f"no capsule of {Mass.of_micrograms(step.dose_ug)} is stocked or has a formulation"
    return Problem(NoStrengthForDose.code, words, step.no)


def _no_unit(steps: Sequence[Step], strengths: Collection[int]) -> Problem:
    """Say why no strength serves as the unit: too many of it at once, or not a whole number."""
    dividing = _dividing_all(steps, strengths)
    if not dividing:
        return Problem(
            "not-whole-capsules", "no strength makes every dose from a whole number of capsules"
        )
    unit = max(dividing)
    step = max(steps, key=lambda step: step.dose_ug)
    words = f"{step.dose_ug // unit} capsules of {Mass.of_micrograms(unit)} at once have no "
    return Problem(directions.NoStandardDirection.code, words + "standard direction", step.no)
