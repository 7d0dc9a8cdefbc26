"""
What a signed request says in two ways, or says beyond a limit.

Nothing here is repaired or guessed: each disagreement has a code and words, and holds the order
until a pharmacist, mostly with the prescriber, has settled it (domain.md 1.6).
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from pharmacy.kernel.quantities import Mass
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions.rules.contents import Disagreement, Request
from pharmacy.prescriptions.rules.kinds import PrescriptionKind
from pharmacy.prescriptions.rules.regimen import Regimen, Step
from pharmacy.prescriptions.rules.sig_text import Reading, read

UNIT_WORDS: Final = frozenset({"", "mg", "milligram", "milligrams", "milligram(s)"})
HYDROCHLORIDE: Final = re.compile(r"\b(?:hcl|hydrochloride)\b", re.IGNORECASE)
AS_BASE: Final = re.compile(r"\bas (?:the )?(?:naltrexone )?base\b|\bfree base\b", re.IGNORECASE)

WORDS: Final = {
    "text-as-needed": "The words say as needed; the structure orders every day.",
    "text-slow-release": "The words speak of slow release or a divided dose.",
    "text-not-once-daily": "The words speak of another frequency than once a day.",
    "text-other-time": "The words name a time of day that is neither bedtime nor morning.",
    "text-months": "The words count months, which have 28 to 31 days; ask for days.",
    "text-dose-range": "The words give a range, not one dose.",
    "text-naked-decimal": "The words have a decimal without a leading zero.",
    "text-trailing-zero": "The words have a dose with a trailing zero.",
    "text-decimal-comma": "The words have a dose with a decimal comma.",
    "text-counts-capsules": "The words count capsules; the pharmacy chooses their strength.",
    "text-dose-as-base": "The words give the dose as base; doses here are hydrochloride.",
    "text-vague": "The words say to increase without saying by how much and when.",
    "note-unread": "The prescriber added a note.",
    "instruction-unread": "The prescriber added an instruction.",
    "clinical-content-unread": "The prescriber sent clinical content with the order.",
    "patient-not-active": "The sender's record of the patient is marked inactive or deceased.",
}


def disagreements(request: Request, *, policy: Policy, today: date) -> tuple[Disagreement, ...]:
    """
    Return everything about a request that holds its order, in the order in which it is read.

    Args:
        today: In the pharmacy's zone, for a window that has ended.
    """
    found = [
        *_drug(request),
        *_unread(request),
        *_words(request.regimen),
        *_units(request),
        *_doses(request, policy),
        *_supply(request, policy),
        *_window(request, today),
    ]
    return tuple(dict.fromkeys(found))


def _drug(request: Request) -> Iterator[Disagreement]:
    if AS_BASE.search(request.medication_text):
        yield Disagreement("drug-as-base", "The drug is named as base, not hydrochloride.")
    elif not HYDROCHLORIDE.search(request.medication_text):
        yield Disagreement("drug-salt-not-said", "The drug's words do not say naltrexone HCl.")


def _unread(request: Request) -> Iterator[Disagreement]:
    for code in request.unread:
        yield Disagreement(code, WORDS[code])


def _words(regimen: Regimen) -> Iterator[Disagreement]:
    for step in regimen.steps:
        reading = read(step.text)
        for code in reading.cautions:
            yield Disagreement(code, WORDS[code], step.no)
        if reading.schedule:
            yield from _whole_schedule(regimen, step, reading)
        else:
            yield from _one_step(step, reading)


def _whole_schedule(regimen: Regimen, step: Step, reading: Reading) -> Iterator[Disagreement]:
    """Words that tell several steps must tell this regimen, its end or its open end too."""
    ordered = tuple((each.dose_ug, each.days) for each in regimen.steps)
    if reading.schedule != ordered:
        yield Disagreement("text-steps-differ", "The words tell other steps than ordered.", step.no)


def _one_step(step: Step, reading: Reading) -> Iterator[Disagreement]:
    ordered = Mass.of_micrograms(step.dose_ug)
    if not reading.doses_ug:
        yield Disagreement("text-without-dose", f"The words name no dose; {ordered}.", step.no)
    for dose in dict.fromkeys(reading.doses_ug):
        if dose != step.dose_ug:
            told = Mass.of_micrograms(dose) if dose else "another dose"
            yield Disagreement(
                "text-dose-differs", f"The words say {told}, the structure {ordered}.", step.no
            )
    if step.days is not None and not reading.days:
        words = f"The words give no end, the structure {step.days} days."
        yield Disagreement("text-without-days", words, step.no)
    for days in dict.fromkeys(reading.days):
        if days != step.days:
            structure = f"{step.days} days" if step.days is not None else "no end"
            words = f"The words say {days} days, the structure {structure}."
            yield Disagreement("text-days-differ", words, step.no)
    if reading.times - {step.time_of_day}:
        words = f"The words give another time than the structure's {step.time_of_day}."
        yield Disagreement("text-time-differs", words, step.no)


def _units(request: Request) -> Iterator[Disagreement]:
    for step, unit in zip(request.regimen.steps, request.unit_words, strict=True):
        if unit.strip().casefold() not in UNIT_WORDS:
            words = "The dose's unit in words is not that of its code, mg."
            yield Disagreement("dose-unit-differs", words, step.no)


def _doses(request: Request, policy: Policy) -> Iterator[Disagreement]:
    before: Step | None = None
    for step in request.regimen.steps:
        dose = Mass.of_micrograms(step.dose_ug)
        if step.dose_ug < policy.dose_min_ug:
            least = Mass.of_micrograms(policy.dose_min_ug)
            yield Disagreement("dose-too-low", f"{dose} is less than {least}.", step.no)
        if step.dose_ug > policy.dose_block_ug:
            most = Mass.of_micrograms(policy.dose_block_ug)
            yield Disagreement("dose-too-high", f"{dose} is more than {most}.", step.no)
        if before is not None:
            yield from _change(before, step, policy)
        before = step


def _change(before: Step, step: Step, policy: Policy) -> Iterator[Disagreement]:
    change = step.dose_ug - before.dose_ug
    if change > policy.step_increase_hold_ug:
        rise = Mass.of_micrograms(change)
        yield Disagreement("dose-rises-fast", f"The dose rises by {rise} in one step.", step.no)
    if change < 0:
        yield Disagreement("dose-falls", "The dose falls within the titration.", step.no)


def _supply(request: Request, policy: Policy) -> Iterator[Disagreement]:
    if request.kind is PrescriptionKind.TITRATION:
        yield from _titration_supply(request, policy)
    else:
        yield from _maintenance_supply(request)
    if request.interval_days is not None and request.interval_days != request.days_per_fill:
        words = f"A fill is for {request.days_per_fill} days, every {request.interval_days} days."
        yield Disagreement("interval-differs", words)


def _titration_supply(request: Request, policy: Policy) -> Iterator[Disagreement]:
    """A repeat may mean "the last dose goes on" where policy and the prescriber say so."""
    regimen = request.regimen
    goes_on = regimen.is_open or any(read(step.text).goes_on for step in regimen.steps)
    continued = policy.continue_final and request.repeats > 0 and goes_on
    if request.repeats > 0 and not continued:
        repeats = "1 repeat" if request.repeats == 1 else f"{request.repeats} repeats"
        words = f"The titration has {repeats}; none may start it again."
        yield Disagreement("repeats-on-titration", words)
    if regimen.is_open and not continued:
        words = "The last step of the titration has no end."
        yield Disagreement("last-step-open", words, regimen.steps[-1].no)
    fits = regimen.days < request.days_per_fill if regimen.is_open else _is_whole(request)
    if not fits:
        words = f"The steps take {regimen.days} days, a fill is for {request.days_per_fill}."
        yield Disagreement("supply-differs-from-steps", words)
    if request.quantity is not None and request.quantity != request.days_per_fill:
        words = f"{request.quantity} capsules are ordered for {request.days_per_fill} doses."
        yield Disagreement("quantity-differs", words)


def _is_whole(request: Request) -> bool:
    return request.regimen.days == request.days_per_fill


def _maintenance_supply(request: Request) -> Iterator[Disagreement]:
    days = request.regimen.steps[-1].days
    wholes = {request.days_per_fill, request.days_per_fill * request.authorised_fills}
    if days is not None and days not in wholes:
        words = f"The dose is for {days} days, a fill for {request.days_per_fill}."
        yield Disagreement("supply-differs-from-steps", words)
    if request.quantity != request.days_per_fill:
        words = f"{request.quantity} capsules are ordered for {request.days_per_fill} days."
        yield Disagreement("quantity-differs", words)


def _window(request: Request, today: date) -> Iterator[Disagreement]:
    if request.valid_until < today:
        yield Disagreement("validity-ended", "The prescription's window has ended.")
