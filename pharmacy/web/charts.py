"""Charts as shapes for SVG: drawn by the server, styled by classes, told in words as well."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from pharmacy.kernel.quantities import Mass
from pharmacy.titration.rules import PlannedStep

WIDE = 640
HIGH = 150
FOOT = 26
HEAD = 20


@dataclass(frozen=True, slots=True)
class Stair:
    """One step of a titration, with its dates once they are settled."""

    step: PlannedStep
    first_on: date | None
    last_on: date | None


@dataclass(frozen=True, slots=True)
class Tread:
    """One step as a rectangle, in the chart's own units."""

    x: int
    y: int
    wide: int
    high: int
    dose_ug: int
    days: int
    first_on: date | None


@dataclass(frozen=True, slots=True)
class Stairs:
    """A titration as a stair: as wide as a step lasts, as high as its dose."""

    wide: int
    high: int
    treads: list[Tread]
    today_x: int | None
    words: str


def stairs(steps: Sequence[Stair], *, today: date) -> Stairs | None:
    """Return the stair of a plan; None without steps."""
    if not steps:
        return None
    days = sum(each.step.days for each in steps)
    most = max(each.step.dose_ug for each in steps)
    room = HIGH - FOOT - HEAD
    treads, past = [], 0
    for each in steps:
        x = round(past * WIDE / days)
        past += each.step.days
        high = max(14, round(each.step.dose_ug * room / most))
        treads.append(
            Tread(
                x=x,
                y=HIGH - FOOT - high,
                wide=round(past * WIDE / days) - x - 2,
                high=high,
                dose_ug=each.step.dose_ug,
                days=each.step.days,
                first_on=each.first_on,
            )
        )
    first = steps[0].first_on
    gone = (today - first).days if first else -1
    words = ", then ".join(
        f"{Mass.of_micrograms(each.step.dose_ug)} for {each.step.days} days" for each in steps
    )
    return Stairs(
        WIDE, HIGH, treads, round(gone * WIDE / days) if 0 <= gone < days else None, words
    )
