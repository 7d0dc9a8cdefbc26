"""Whether a State board's rows show a licence that is active on a day."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from pharmacy.prescribers.rules.answers import Answer, Meaning
from pharmacy.prescribers.rules.names import Likeness, PersonName, best_likeness

BETWEEN_WORDS: Final = re.compile(r"[^0-9a-z]+")


class StatusClass(StrEnum):
    """What a board's word means here."""

    ACTIVE = "active"
    RESTRICTED = "restricted"
    ENDED = "ended"
    """Lapsed or given back without discipline: it may stand beside an active one."""
    TAKEN = "taken"
    """Suspended, revoked or surrendered: never ignored, whatever else is active."""


def _words(cls: StatusClass, *words: str) -> dict[str, StatusClass]:
    return dict.fromkeys(words, cls)


STATUS_WORDS: Final[Mapping[str, StatusClass]] = MappingProxyType(
    _words(StatusClass.ACTIVE, "active", "current", "clear", "current active", "active clear")
    | _words(
        StatusClass.RESTRICTED,
        *("probation", "active probation", "probation restriction", "restricted"),
        *("active restricted", "active with conditions", "conditional", "limited"),
        *("consent order", "active consent order"),
    )
    | _words(
        StatusClass.ENDED,
        *("lapsed", "expired", "inactive", "delinquent", "cancelled", "canceled", "retired"),
        "not active",
    )
    | _words(
        StatusClass.TAKEN,
        *("suspended", "revoked", "surrendered", "closed", "deceased", "null and void", "denied"),
        *("suspension", "revocation", "voluntary surrender"),
    )
)
"""Words of boards, in small letters. A word that is not here is undecided. Source: domain.md 3.10
(Arizona's legend and the words of other boards)."""

PHYSICIAN_TYPES: Final = frozenset(
    {"md", "do", "physician", "medical doctor", "doctor of medicine", "osteopathic physician"}
    | {"doctor of osteopathy", "doctor of osteopathic medicine", "physician and surgeon"}
    | {"allopathic physician", "medical physician and surgeon", "osteopathic physician and surgeon"}
    | {"physician md", "physician do", "licensed physician", "medical license"}
)
OTHER_TYPES: Final = frozenset(
    {"rn", "lpn", "np", "aprn", "pa", "dds", "dmd", "dc", "dpm", "od", "rph", "dvm", "nurse"}
    | {"registered nurse", "nurse practitioner", "physician assistant", "dentist", "pharmacist"}
    | {"chiropractor", "podiatrist", "optometrist", "resident", "training permit"}
)
"""Kinds of licence, by the boards' words. *unconfirmed*: each State's own list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class License:
    """A row of a board's file."""

    state: str
    number: str
    license_type: str
    npi: str | None
    name: PersonName
    status: str
    issued_on: date | None
    expires_on: date | None
    is_disciplined: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whose licence is looked for."""

    npi: str
    names: tuple[PersonName, ...]
    numbers: Collection[str] = ()
    """Licence numbers that the provider registry lists for this State; self-reported."""


def plain(text: str) -> str:
    """Return a board's words in small letters with single spaces: `M.D.` is `md`."""
    return BETWEEN_WORDS.sub(" ", text.casefold().replace(".", "")).strip()


def plain_number(number: str) -> str:
    """Return a licence number without spaces, points and leading zeros: `T-0042` is `T42`."""
    bare = re.sub(r"[^0-9A-Z]", "", number.upper())
    return re.sub(r"(?<![0-9])0+(?=[0-9])", "", bare)


def decide(rows: Sequence[License], holder: Holder, *, day: date) -> Answer:
    """
    Return what a board's rows mean for a prescriber on a day in the pharmacy's zone.

    A row counts when it has the prescriber's NPI, or a number that the provider registry lists for
    them, and their name. A name alone never counts: two people may have it.

    Source: domain.md 3.10.
    """
    numbers = {plain_number(number) for number in holder.numbers if number}
    near = [row for row in rows if row.npi in (None, holder.npi)]
    linked = [
        row
        for row in near
        if row.npi == holder.npi or (row.npi is None and plain_number(row.number) in numbers)
    ]
    if not linked:
        alike = any(best_likeness(row.name, holder.names) is not Likeness.OTHER for row in near)
        return Answer("license-not-linked" if alike else "license-not-found")
    theirs = [row for row in linked if best_likeness(row.name, holder.names) is Likeness.SAME]
    if not theirs:
        return Answer("license-name-differs", _facts(linked[0]))
    return _best(theirs, day)


def _best(rows: Sequence[License], day: date) -> Answer:
    """One licence must be good; none may have been taken away."""
    judged = [(row, decide_one(row, day=day)) for row in rows]
    good = [answer for _, answer in judged if answer.meaning is Meaning.VERIFIED]
    if not good:
        order = (Meaning.UNDECIDED, Meaning.FAILED)
        return min((answer for _, answer in judged), key=lambda one: order.index(one.meaning))
    for row, answer in judged:
        taken = STATUS_WORDS.get(plain(row.status)) is StatusClass.TAKEN
        if taken or answer.code in {"license-restricted", "license-disciplined"}:
            return Answer("license-other-ended", _facts(row))
        if row.is_disciplined:
            return Answer("license-disciplined", _facts(row))
    return good[0]


def decide_one(row: License, *, day: date) -> Answer:
    """Return what one row means, whosoever it is."""
    judged = _code_of_type(row) or _code_of_status(row)
    judged = judged or _code_of_dates(row, day) or _code_of_limits(row)
    return Answer(judged or "license-verified", _facts(row))


def _code_of_type(row: License) -> str | None:
    kind = plain(row.license_type)
    if kind in PHYSICIAN_TYPES:
        return None
    return "license-type-not-allowed" if kind in OTHER_TYPES else "license-type-unknown"


def _code_of_status(row: License) -> str | None:
    status = STATUS_WORDS.get(plain(row.status))
    if status is None:
        return "license-status-unknown"
    return "license-not-active" if status in {StatusClass.ENDED, StatusClass.TAKEN} else None


def _code_of_dates(row: License, day: date) -> str | None:
    if row.expires_on is None:
        return "license-no-expiry"
    if row.expires_on < day:
        return "license-expired"
    return "license-not-yet" if row.issued_on is not None and row.issued_on > day else None


def _code_of_limits(row: License) -> str | None:
    if STATUS_WORDS[plain(row.status)] is StatusClass.RESTRICTED:
        return "license-restricted"
    return "license-disciplined" if row.is_disciplined else None


def _facts(row: License) -> dict[str, Any]:
    return {
        "state": row.state,
        "number": row.number,
        "status": row.status,
        "expires_on": row.expires_on.isoformat() if row.expires_on else None,
    }
