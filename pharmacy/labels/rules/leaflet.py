"""What stands on the leaflet of one order: its steps, their dates and the reviewed passages."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from pharmacy.labels.rules import texts, wording
from pharmacy.labels.rules.container import directions
from pharmacy.labels.rules.facts import ContainerFacts, OrderFacts, StepFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafletStep:
    """One row of the step chart."""

    title: str
    dose: str
    dose_ug: int
    take: str
    """The standard phrase; with the strength of each where several capsules make the dose."""
    dates: str
    first_on: str
    """Without its year, for the chart."""
    last_on: str
    nights: str
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """One month of the calendar."""

    title: str
    begins: int
    """The weekday of its first day; 0 is Sunday."""
    steps: tuple[int, ...]
    """For each day which step it belongs to, counted from 0; `NO_DOSE` for none."""


NO_DOSE: Final = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A title and the sentences below it."""

    key: str
    title: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaflet:
    """Every text of one order's leaflet."""

    patient: str
    rx_number: str
    drug: str
    prescriber: str
    filled_on: str
    refills: str
    discard_after: str
    steps: tuple[LeafletStep, ...]
    months: tuple[Month, ...]
    passages: tuple[Passage, ...]
    pharmacy: str
    address: tuple[str, ...]
    phone: str
    phone_hours: str
    signed_sha256: str


def leaflet(
    order: OrderFacts, containers: Sequence[ContainerFacts], steps: Sequence[StepFacts]
) -> Leaflet:
    """Put the facts of an order into the words of its leaflet."""
    morning = [step.directions.endswith("morning") for step in steps]
    how, *rest = texts.passages(
        bedtime=not all(morning), morning=any(morning), several_steps=len(steps) > 1
    )
    passages = (how, *texts.told(order.counsel), *rest)
    return Leaflet(
        patient=order.patient,
        rx_number=str(order.rx_number),
        drug=f"{texts.DRUG.text} capsules",
        prescriber=order.prescriber,
        filled_on=wording.day(order.filled_on),
        refills=wording.refills(order.refills_left, order.refill_doses_ug, order.valid_until),
        discard_after=wording.day(min(container.beyond_use_on for container in containers)),
        steps=tuple(_step(step, at_night=not any(morning)) for step in steps),
        months=_months(steps),
        passages=tuple(
            Passage(
                key=passage.key,
                title=passage.title,
                sentences=tuple(words.text for words in passage.words),
            )
            for passage in passages
        ),
        pharmacy=order.pharmacy,
        address=order.address,
        phone=wording.phone(order.phone),
        phone_hours=order.phone_hours,
        signed_sha256=order.signed_sha256,
    )


def _step(step: StepFacts, *, at_night: bool) -> LeafletStep:
    return LeafletStep(
        title=wording.step(step.no, step.steps),
        dose=wording.strength(step.dose_ug),
        dose_ug=step.dose_ug,
        take=_take(step),
        dates=wording.span(step.first_on, step.last_on),
        first_on=wording.day_and_month(step.first_on),
        last_on=wording.day_and_month(step.last_on),
        nights=wording.counted(step.days, "night" if at_night else "day"),
        days=step.days,
    )


def _take(step: StepFacts) -> str:
    phrase = directions(step.directions)
    if step.strength_ug == step.dose_ug:
        return phrase
    return f"{phrase} ({wording.strength(step.strength_ug)} each)"


def _months(steps: Sequence[StepFacts]) -> tuple[Month, ...]:
    """Return every month in which there is a dose, and its days' steps."""
    step_of: dict[date, int] = {}
    for place, step in enumerate(steps):
        for days in range(step.days):
            step_of[step.first_on + timedelta(days=days)] = place
    return tuple(
        _month(year, month, step_of)
        for year, month in sorted({(day.year, day.month) for day in step_of})
    )


def _month(year: int, month: int, step_of: dict[date, int]) -> Month:
    first_weekday, days = calendar.monthrange(year, month)
    return Month(
        title=f"{wording.MONTH_NAMES[month - 1]} {year}",
        begins=(first_weekday + 1) % 7,
        steps=tuple(step_of.get(date(year, month, day), NO_DOSE) for day in range(1, days + 1)),
    )
