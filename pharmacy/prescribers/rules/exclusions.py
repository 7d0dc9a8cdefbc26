"""Whether a prescriber stands on the OIG's list of excluded individuals and entities."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from typing import Any

from pharmacy.prescribers.rules.answers import Answer
from pharmacy.prescribers.rules.names import Likeness, PersonName, best_likeness


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """A row of the list."""

    name: PersonName
    npi: str | None
    birth_date: date | None
    state: str
    excluded_on: date
    exclusion_type: str = ""
    reinstated_on: date | None = None
    waiver_on: date | None = None
    waiver_state: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is looked for."""

    npi: str
    names: tuple[PersonName, ...]
    birth_date: date | None
    states: frozenset[str]


class Match(IntEnum):
    """How surely a row is a person's."""

    NO = 0
    POSSIBLE = 1
    YES = 2


def match(row: Exclusion, person: Person) -> Match:
    """
    Return whether a row speaks of a person.

    Most rows have no NPI, so that an NPI alone would miss people: a name with the birth date
    counts too, and a name in the person's State is for a human. Two known birth dates or two known
    NPIs that differ tell people of one name apart.

    Source: domain.md 3.10.
    """
    if row.npi == person.npi:
        return Match.YES
    alike = best_likeness(row.name, person.names)
    if alike is Likeness.OTHER:
        return Match.NO
    if row.birth_date and person.birth_date:
        if row.birth_date != person.birth_date:
            return Match.NO
        sure = alike is Likeness.SAME and row.npi is None
        return Match.YES if sure else Match.POSSIBLE
    if row.npi is not None:
        return Match.NO
    return Match.POSSIBLE if row.state in person.states else Match.NO


def decide(rows: Sequence[Exclusion], person: Person, *, day: date) -> Answer:
    """Return what the list's rows mean for a person on a day."""
    standing = [row for row in rows if row.reinstated_on is None or row.reinstated_on > day]
    judged = [(match(row, person), row) for row in standing]
    sure = [row for how, row in judged if how is Match.YES]
    for row in sure:
        if row.waiver_on is None:
            return Answer("exclusion-listed", _facts(row))
    if sure:
        return Answer("exclusion-waived", _facts(sure[0]))
    for how, row in judged:
        if how is Match.POSSIBLE:
            return Answer("exclusion-possible", _facts(row))
    return Answer("exclusion-none")


def _facts(row: Exclusion) -> dict[str, Any]:
    return {
        "listed_name": str(row.name),
        "state": row.state,
        "exclusion_type": row.exclusion_type,
        "excluded_on": row.excluded_on.isoformat(),
        "waiver_state": row.waiver_state or None,
    }
