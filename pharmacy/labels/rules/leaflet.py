"""What stands on the leaflet of one order: its steps, their dates and the reviewed passages."""

import calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, Self

from pharmacy.labels.rules import texts, wording
from pharmacy.labels.rules.container import directions
from pharmacy.labels.rules.facts import ContainerFacts, OrderFacts, StepFacts
from pharmacy.labels.rules.texts import Texts


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
class Frame:
    """The words around the facts: titles, headings and what stands at the foot."""

    title: str
    columns: tuple[str, ...]
    """Over the steps: label, dose, dates, what to take."""
    calendar: str
    calendar_hint: str
    weekdays: tuple[str, ...]
    """Their initials, Sunday first."""
    questions: str
    page: str
    """With holes for `no` and `pages`."""
    signed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaflet:
    """Every text of one order's leaflet."""

    language: str
    large_print: bool = False
    versions: str
    """Which reviewed words it speaks: for the record, not printed."""
    frame: Frame
    patient: str
    rx_number: str
    ordered: str
    filled: str
    refills: str
    steps: tuple[LeafletStep, ...]
    months: tuple[Month, ...]
    passages: tuple[Passage, ...]
    pharmacy: str
    address: tuple[str, ...]
    phone: str
    phone_hours: str
    signed_sha256: str
    faces: str = ""
    """Which font files stand in for what ours lack, with their digests: no others may draw it."""

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Self:
        """Return the content that was stored beside a drawn leaflet."""
        frame = data["frame"]
        lists = {name: tuple(frame[name]) for name in ("columns", "weekdays")}
        return cls(
            **dict(data)
            | {
                "frame": Frame(**dict(frame) | lists),
                "steps": tuple(LeafletStep(**step) for step in data["steps"]),
                "months": tuple(
                    Month(**dict(month) | {"steps": tuple(month["steps"])})
                    for month in data["months"]
                ),
                "passages": tuple(
                    Passage(**dict(passage) | {"sentences": tuple(passage["sentences"])})
                    for passage in data["passages"]
                ),
                "address": tuple(data["address"]),
            }
        )


def leaflet(
    order: OrderFacts,
    containers: Sequence[ContainerFacts],
    steps: Sequence[StepFacts],
    words: Texts,
    *,
    large_print: bool = False,
) -> Leaflet:
    """Put the facts of an order into the words of its leaflet, in the patient's language."""
    morning = [step.directions.endswith("morning") for step in steps]
    how, *rest = texts.passages(
        bedtime=not all(morning), morning=any(morning), several_steps=len(steps) > 1
    )
    outlines = (how, *texts.told(order.counsel), *rest)
    phone = wording.phone(order.phone)
    return Leaflet(
        language=words.language,
        large_print=large_print,
        versions=words.versions,
        frame=_frame(order, phone, words),
        patient=order.patient,
        rx_number=str(order.rx_number),
        ordered=words.filled(
            "ordered",
            drug=words.filled("capsules", drug=words["drug"]),
            prescriber=order.prescriber,
        ),
        filled=_filled(order, containers, words),
        refills=_refills(order, words),
        steps=tuple(_step(step, words, at_night=not any(morning)) for step in steps),
        months=_months(steps, words),
        passages=tuple(
            Passage(
                key=outline.key,
                title=words[outline.key],
                sentences=tuple(words[key] for key in outline.sentences),
            )
            for outline in outlines
        ),
        pharmacy=order.pharmacy,
        address=order.address,
        phone=phone,
        phone_hours=order.phone_hours,
        signed_sha256=order.signed_sha256,
    )


def _frame(order: OrderFacts, phone: str, words: Texts) -> Frame:
    return Frame(
        title=words["title"],
        columns=tuple(words[f"steps.{name}"] for name in ("label", "dose", "dates", "take")),
        calendar=words["calendar"],
        calendar_hint=words["calendar.hint"],
        weekdays=tuple(words.listed("date.initials")),
        questions=words.filled("questions", phone=phone),
        page=words["page"],
        signed=words.filled("signed", digest=order.signed_sha256),
    )


def _refills(order: OrderFacts, words: Texts) -> str:
    return wording.refills(order.refills_left, order.refill_doses_ug, order.valid_until, words)


def _filled(order: OrderFacts, containers: Sequence[ContainerFacts], words: Texts) -> str:
    refills = _refills(order, words)
    first = min(container.beyond_use_on for container in containers)
    filled = words.filled("filled", date=wording.day(order.filled_on, words), refills=refills)
    return f"{filled} {words.filled('discard', date=wording.day(first, words))}"


def _step(step: StepFacts, words: Texts, *, at_night: bool) -> LeafletStep:
    return LeafletStep(
        title=wording.step(step.no, step.steps, words),
        dose=wording.strength(step.dose_ug),
        dose_ug=step.dose_ug,
        take=_take(step, words),
        dates=wording.span(step.first_on, step.last_on, words),
        first_on=wording.day_and_month(step.first_on, words),
        last_on=wording.day_and_month(step.last_on, words),
        nights=wording.counted(step.days, "night" if at_night else "day", words),
        days=step.days,
    )


def _take(step: StepFacts, words: Texts) -> str:
    phrase = directions(step.directions, words)
    if step.strength_ug == step.dose_ug:
        return phrase
    return words.filled("each", directions=phrase, strength=wording.strength(step.strength_ug))


def _months(steps: Sequence[StepFacts], words: Texts) -> tuple[Month, ...]:
    """Return every month in which there is a dose, and its days' steps."""
    step_of: dict[date, int] = {}
    for place, step in enumerate(steps):
        for days in range(step.days):
            step_of[step.first_on + timedelta(days=days)] = place
    return tuple(
        _month(year, month, step_of, words.listed("date.month-names")[month - 1])
        for year, month in sorted({(day.year, day.month) for day in step_of})
    )


def _month(year: int, month: int, step_of: dict[date, int], name: str) -> Month:
    first_weekday, days = calendar.monthrange(year, month)
    return Month(
        title=f"{name} {year}",
        begins=(first_weekday + 1) % 7,
        steps=tuple(step_of.get(date(year, month, day), NO_DOSE) for day in range(1, days + 1)),
    )
