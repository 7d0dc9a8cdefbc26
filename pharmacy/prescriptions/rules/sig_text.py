"""
Directions in a prescriber's own words, read as numbers so that they can be compared.

The reading decides nothing: a label speaks from the structure, and whatever is read here only
agrees with it or is shown to a pharmacist. What is not understood is said, never filled in.

Source: domain.md 1.6.
"""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Final

from pharmacy.prescriptions.rules.regimen import MOST_STEPS, TimeOfDay

NUMBER_WORDS: Final = {
    "one": "1",
    "two": "2",
    "three": "3",
    "four": "4",
    "five": "5",
    "six": "6",
    "seven": "7",
    "eight": "8",
    "nine": "9",
    "ten": "10",
    "eleven": "11",
    "twelve": "12",
}
WORD: Final = re.compile(rf"\b({'|'.join(NUMBER_WORDS)})\b")
LOOK_ALIKES: Final = str.maketrans(
    {"\u00b5": "mc", "\u03bc": "mc", "\u00d7": "x", "\u2013": "-", "\u2014": "-"}
)
"""Micro sign and Greek mu, multiplication sign, dashes."""
THEN: Final = re.compile(r"\bthen\b|;")
AMOUNT: Final = r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)"
UNIT: Final = r"(mg|mcg|ug|milligrams?|micrograms?)"
SPAN: Final = r"([0-9]+)\s*-?\s*(days?|d|nights?|weeks?|wks?|wk|w)\b"
DOSE: Final = re.compile(rf"(?<![0-9.,]){AMOUNT}\s*-?\s*{UNIT}\b")
DAYS: Final = re.compile(rf"(?<![0-9.])(?<!every )(?<!\bq){SPAN}")
INCREASE: Final = re.compile(
    rf"\binc(?:reas(?:e|ed|ing))?\.?\s*(?:by\s*)?{AMOUNT}\s*{UNIT}\s*"
    rf"(?:every|each|q)\s*{SPAN}\s*(?:up\s*)?(?:to\s*)?(?:a\s*)?(?:max(?:imum)?\.?\s*(?:of\s*)?)?"
    rf"{AMOUNT}(?:\s*{UNIT})?"
)
TIMES: Final = {
    TimeOfDay.BEDTIME: re.compile(
        r"\bqhs\b|\bhs\b|\bbedtime\b|\bnightly\b|\b(?:at|every|each) night"
        r"|\b(?:[7-9]|1[01])(?::[0-9]{2})?\s*p\.?m\b"
    ),
    TimeOfDay.MORNING: re.compile(
        r"\bqam\b|\bmorning\b|\bbreakfast\b|\bdaytime\b|\ba\.?m\.?(?!\w)"
    ),
}
AS_TOLERATED: Final = re.compile(r"\bas tolerated\b")
GOES_ON: Final = re.compile(r"\b(?:continue|thereafter|maintenance|ongoing)\b")

CAUTIONS: Final = {
    "text-as-needed": re.compile(r"\bprn\b|\bas (?:needed|required)\b|\bwhen needed\b"),
    "text-slow-release": re.compile(
        r"\b(?:sr|xr)\b|mg er\b|\b(?:slow|sustained|extended|timed)[- ]release\b|\bdivided\b"
    ),
    "text-not-once-daily": re.compile(
        r"\b(?:bid|tid|qid|qod|twice|weekly|q[0-9]+h)\b|\b[0-9]+ times\b|\bevery other\b"
        r"|\bevery [0-9]+ hours\b|\bonce a week\b|\balternate\b"
    ),
    "text-other-time": re.compile(
        r"\bnoon\b|\bmidday\b|\bafternoons?\b|\blunch(?:time)?\b|\bevenings?\b|\bdinner\b"
        r"|\bsupper\b|\b(?:[1-6]|12)(?::[0-9]{2})?\s*p\.?m\b"
    ),
    "text-months": re.compile(r"\b[0-9]+\s*-?\s*(?:months?|mos?)\b"),
    "text-dose-range": re.compile(
        rf"[0-9]\s*(?:-|to|or)\s*{AMOUNT}\s*(?:{UNIT}\b|caps|tabs|tablets)"
    ),
    "text-naked-decimal": re.compile(r"(?<![0-9])\.[0-9]"),
    "text-trailing-zero": re.compile(rf"[0-9]\.[0-9]*0\s*{UNIT}\b"),
    "text-decimal-comma": re.compile(rf"[0-9],[0-9]+\s*{UNIT}\b"),
    "text-counts-capsules": re.compile(r"\b[0-9]+\s*(?:caps?|capsules?|tabs?|tablets?)\b"),
    "text-dose-as-base": re.compile(r"\bas (?:the )?(?:naltrexone )?base\b"),
}
VAGUE: Final = re.compile(r"\btitrat|\bgradual|\binc(?:rease)?\b|\bas directed\b")


@dataclass(frozen=True, slots=True)
class Reading:
    """What one text says, in the order in which it says it."""

    doses_ug: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    times: frozenset[TimeOfDay] = frozenset()
    schedule: tuple[tuple[int, int | None], ...] = ()
    """Dose and days of each step, where the text tells more than one; the last may be open."""
    as_tolerated: bool = False
    goes_on: bool = False
    """It says that something continues."""
    cautions: tuple[str, ...] = field(default=())
    """Codes of words that a pharmacist must look at, whatever the structure says."""


@lru_cache(maxsize=256)
def read(text: str) -> Reading:
    """Read directions. Nothing in them is an error: what is not understood is a caution."""
    plain = _normal(text)
    increase = INCREASE.search(plain)
    schedule = _stepwise(plain, increase) if increase else _listed(plain)
    return Reading(
        doses_ug=_doses(plain),
        days=_days(plain),
        times=frozenset(time for time, words in TIMES.items() if words.search(plain)),
        schedule=schedule,
        as_tolerated=bool(AS_TOLERATED.search(plain)),
        goes_on=bool(GOES_ON.search(plain)),
        cautions=_cautions(plain, told=bool(increase and schedule)),
    )


def _normal(text: str) -> str:
    plain = " ".join(text.casefold().translate(LOOK_ALIKES).split())
    return WORD.sub(lambda word: NUMBER_WORDS[word[0]], plain)


def _cautions(plain: str, *, told: bool) -> tuple[str, ...]:
    found = [code for code, words in CAUTIONS.items() if words.search(plain)]
    if VAGUE.search(plain) and not told:
        found.append("text-vague")
    return tuple(found)


def _doses(plain: str) -> tuple[int, ...]:
    return tuple(_micrograms(*found.groups()) for found in DOSE.finditer(plain))


def _days(plain: str) -> tuple[int, ...]:
    return tuple(_day_count(*found.groups()) for found in DAYS.finditer(plain))


def _micrograms(amount: str, unit: str) -> int:
    """Return whole micrograms, or 0 for what is none: no structure has that dose, so it differs."""
    value = Decimal(amount) * (1000 if unit.startswith(("mg", "milli")) else 1)
    return int(value) if value == value.to_integral_value() else 0


def _day_count(number: str, unit: str) -> int:
    return int(number) * (7 if unit.startswith("w") else 1)


def _listed(plain: str) -> tuple[tuple[int, int | None], ...]:
    """Read `1.5 mg x 28 days, then 3 mg …`: one dose a clause, all but the last bounded."""
    clauses = [(_doses(part), _days(part)) for part in THEN.split(plain)]
    told = [(set(doses), set(days)) for doses, days in clauses if doses]
    if len(told) < 2:  # noqa: PLR2004
        return ()
    if any(len(doses) > 1 or len(days) > 1 for doses, days in told):
        return ()
    if any(not days for _, days in told[:-1]):
        return ()
    return tuple((doses.pop(), days.pop() if days else None) for doses, days in told)


def _stepwise(plain: str, increase: re.Match[str]) -> tuple[tuple[int, int | None], ...]:
    """Read `1.5 mg, increase by 1.5 mg every 2 weeks to 4.5 mg` as the steps that it means."""
    amount, unit, number, span, top, top_unit = increase.groups()
    starts = set(_doses(plain[: increase.start()]))
    by, end = _micrograms(amount, unit), _micrograms(top, top_unit or unit)
    if len(starts) != 1 or by < 1:
        return ()
    start = starts.pop()
    count, rest = divmod(end - start, by)
    if rest or not 0 < count < MOST_STEPS:
        return ()
    days = _day_count(number, span)
    bounded = tuple((start + by * index, days) for index in range(count))
    return (*bounded, (end, None))
