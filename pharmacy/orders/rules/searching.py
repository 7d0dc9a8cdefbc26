"""What somebody means who types or scans one line: a number, a name, a birth date, a lot."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final

RX_NUMBER: Final = re.compile(r"(?:rx)?\s*#?\s*([1-9][0-9]{0,17})", re.IGNORECASE)
ISO_DATE: Final = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
US_DATE: Final = re.compile(r"([0-9]{1,2})[/.]([0-9]{1,2})[/.]([0-9]{4})")
NAME: Final = re.compile(r"[^\W\d_][^\d_/#]{0,99}")
"""Begins with a letter of any alphabet; names hold spaces, hyphens and apostrophes, no digits."""
CODE: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z ._/-]{1,49}")
"""What a lot or a parcel may be numbered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """What an order is looked for by. Every given value narrows it."""

    number: int | None = None
    """The Rx number, exactly."""
    family: str | None = None
    """The beginning of the patient's family name."""
    given: str | None = None
    birth_date: date | None = None
    lot: str | None = None
    """The number of a lot of capsules in one of its vials, exactly."""
    tracking: str | None = None
    """The carrier's number, as it was scanned or typed."""

    @property
    def is_nothing(self) -> bool:
        return self == NOTHING


NOTHING: Final = Sought()


def readings(line: str) -> list[Sought]:
    """
    Return what a line may mean, the likeliest first; nothing for a line that means nothing.

    `Haddad, Sa 1961-05-04` names a patient; `5/4/1961` is a birth date, the month first;
    `Rx 100001` is a number, and so are digits alone, which may also number a lot or a parcel.
    """
    text = " ".join(line.split())
    found: list[Sought] = []
    if match := RX_NUMBER.fullmatch(text):
        found.append(Sought(number=int(match[1])))
    if (patient := _patient(text)) is not None:
        found.append(patient)
    if CODE.fullmatch(text):
        found += [Sought(lot=text), Sought(tracking=text)]
    return found


def _patient(text: str) -> Sought | None:
    born, rest = _cut_birth_date(text)
    if not rest:
        return Sought(birth_date=born) if born else None
    if NAME.fullmatch(rest) is None:
        return None
    family, _, given = (part.strip() for part in rest.partition(","))
    return Sought(family=family, given=given or None, birth_date=born)


def _cut_birth_date(text: str) -> tuple[date | None, str]:
    """Return the date in a line, and the line without it."""
    for form, of_parts in FORMS:
        if match := form.search(text):
            rest = f"{text[: match.start()]} {text[match.end() :]}"
            return _day(*of_parts(match)), " ".join(rest.split()).strip(",; ")
    return None, text


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


FORMS: Final[
    tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], tuple[str, str, str]]], ...]
] = (
    (ISO_DATE, lambda match: (match[1], match[2], match[3])),
    (US_DATE, lambda match: (match[3], match[1], match[2])),
)
