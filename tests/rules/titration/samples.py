"""The packs of domain.md 1.3 as fills."""

from typing import Final

from pharmacy.prescriptions.rules.regimen import Regimen, Step, TimeOfDay
from pharmacy.titration.rules import PlannedStep
from pharmacy.titration.rules.strategy import Option, Strategy, options

STOCKED: Final = frozenset({500, 1_500, 3_000, 4_500})


def fill(*steps: tuple[int, int], time_of_day: TimeOfDay = TimeOfDay.BEDTIME) -> Regimen:
    """A fill of steps, each (days, dose in micrograms)."""
    return Regimen(
        tuple(
            Step(no, dose_ug, days, time_of_day, f"step {no}")
            for no, (days, dose_ug) in enumerate(steps, 1)
        )
    )


P84: Final = fill((28, 1_500), (28, 3_000), (28, 4_500))
PACKS: Final = {
    "P84": P84,
    "P90": fill((28, 1_500), (28, 3_000), (34, 4_500)),
    "P90m": fill((30, 1_500), (30, 3_000), (30, 4_500)),
    "P90f": fill((14, 1_500), (14, 3_000), (62, 4_500)),
}


def option(regimen: Regimen, strategy: Strategy, strengths: frozenset[int] = STOCKED) -> Option:
    """One strategy for a fill."""
    return next(each for each in options(regimen, strengths) if each.strategy is strategy)


def steps(regimen: Regimen, strategy: Strategy = Strategy.ONE_CAPSULE) -> tuple[PlannedStep, ...]:
    found = option(regimen, strategy)
    assert found.possible
    return found.steps
