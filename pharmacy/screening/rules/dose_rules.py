"""Rules about the ordered doses and what the capsules are filled with. Source: domain.md 4.1."""

import re
from typing import Final

from pharmacy.screening.rules.facts import DoseStep, Facts
from pharmacy.screening.rules.rule import Rule, Severity, Spoken

TENFOLD: Final = 10
OUTSIDE_LDN_UG: Final = 10_000
MICROGRAMS: Final = re.compile(r"\b(mcg|ug|\u00b5g|\u03bcg|micrograms?)\b", re.IGNORECASE)
NAKED_POINT: Final = re.compile(r"(?<![0-9])\.[0-9]")
TRAILING_ZERO: Final = re.compile(r"\b[0-9]+\.0+\b")
NOT_IMMEDIATE: Final = re.compile(
    r"\b(sr|er|xr|cr|sustained|extended|slow|controlled|delayed|divided|split|twice|bid|tid"
    r"|two times|three times|as needed|prn|when needed)\b",
    re.IGNORECASE,
)
BLOCKED_FILLER: Final = "calcium-carbonate"


def _doses(steps: list[DoseStep]) -> dict[str, int]:
    return {str(step.no): step.dose_ug for step in steps}


def _above_usual(facts: Facts) -> Spoken | None:
    limits = facts.limits
    above = [
        step for step in facts.steps if limits.dose_review_ug < step.dose_ug <= limits.dose_block_ug
    ]
    if not above:
        return None
    return Spoken({"dose_ug_by_step": _doses(above), "limit_ug": limits.dose_review_ug})


def _outside_ldn(facts: Facts) -> Spoken | None:
    above = [step for step in facts.steps if step.dose_ug > facts.limits.dose_block_ug]
    if not above:
        return None
    tenfold = [
        str(step.no)
        for step in above
        if step.dose_ug >= OUTSIDE_LDN_UG and step.dose_ug // TENFOLD <= facts.limits.dose_block_ug
    ]
    return Spoken(
        {
            "dose_ug_by_step": _doses(above),
            "limit_ug": facts.limits.dose_block_ug,
            "ten_times_a_usual_dose": tenfold,
        }
    )


def _steep(facts: Facts) -> Spoken | None:
    limits = facts.limits
    start = facts.steps[0]
    high_start = not facts.had_ldn_before and start.dose_ug > limits.start_dose_review_ug
    pairs = list(zip(facts.steps, facts.steps[1:], strict=False))
    steep = [
        after.no for one, after in pairs if after.dose_ug - one.dose_ug > limits.step_review_ug
    ]
    short = [one.no for one, _ in pairs if one.days < limits.step_days_review]
    if not (high_start or steep or short):
        return None
    return Spoken(
        {
            "start_dose_ug": start.dose_ug if high_start else None,
            "steep_steps": steep,
            "short_steps": short,
        }
    )


def _ambiguous(facts: Facts) -> Spoken | None:
    signs = {
        str(step.no): sorted(
            name
            for name, is_so in (
                ("micrograms-in-text", bool(MICROGRAMS.search(step.text))),
                ("no-zero-before-point", bool(NAKED_POINT.search(step.text))),
                ("zero-after-point", bool(TRAILING_ZERO.search(step.text))),
                ("below-usual", step.dose_ug < facts.limits.dose_min_ug),
                ("ten-times-a-usual-dose", step.dose_ug >= OUTSIDE_LDN_UG),
            )
            if is_so
        )
        for step in facts.steps
    }
    found = {no: names for no, names in signs.items() if names}
    return Spoken({"signs_by_step": found}) if found else None


def _not_immediate(facts: Facts) -> Spoken | None:
    words = {
        str(step.no): sorted({match.casefold() for match in NOT_IMMEDIATE.findall(step.text)})
        for step in facts.steps
    }
    found = {no: said for no, said in words.items() if said}
    return Spoken({"words_by_step": found}) if found else None


def _calcium(facts: Facts) -> Spoken | None:
    return Spoken({"filler": BLOCKED_FILLER}) if BLOCKED_FILLER in facts.fillers else None


RULES: Final = (
    Rule(
        id="R22",
        severity=Severity.REVIEW,
        wording="More than 4.5 mg a day: the usual maximum; trials went to 6 mg.",
        source="domain.md R22",
        speaks=_above_usual,
    ),
    Rule(
        id="R23",
        severity=Severity.BLOCK,
        wording=(
            "More than 6 mg a day is outside low-dose use: check mg against mcg, and for a ten-fold"
            " error."
        ),
        source="policy; domain.md R23, E14",
        speaks=_outside_ldn,
    ),
    Rule(
        id="R24",
        severity=Severity.REVIEW,
        wording=(
            "A start above 1.5 mg without earlier LDN, a step up by more than 1.5 mg, or a step"
            " shorter than 7 days."
        ),
        source="policy; domain.md R24",
        speaks=_steep,
    ),
    Rule(
        id="R26",
        severity=Severity.BLOCK,
        wording="The dose can be misread: milligrams and micrograms, or the decimal point.",
        source="ISMP; domain.md R26, E14",
        speaks=_ambiguous,
    ),
    Rule(
        id="R27",
        severity=Severity.BLOCK,
        wording="LDN is taken once a day and released at once, never divided or as needed.",
        source="domain.md R27, E10",
        speaks=_not_immediate,
    ),
    Rule(
        id="R28",
        severity=Severity.BLOCK,
        wording="Calcium carbonate as filler lowers how much naltrexone is taken up.",
        source="domain.md R28",
        speaks=_calcium,
    ),
)
