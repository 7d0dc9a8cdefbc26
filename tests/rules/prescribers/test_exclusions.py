"""Who is on the list of excluded individuals. Source: domain.md 3.10."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pharmacy.prescribers.rules.exclusions import Exclusion, Person, decide
from pharmacy.prescribers.rules.names import PersonName

DAY = date(2026, 3, 2)
BORN = date(1970, 5, 6)
PERSON = Person(
    npi="1234567893",
    names=(PersonName("Smith-Jones", "Ann"), PersonName("Brown", "Ann")),
    birth_date=BORN,
    states=frozenset({"TX"}),
)
ROW = Exclusion(
    name=PersonName("SMITH JONES", "ANN"),
    npi=None,
    birth_date=None,
    state="TX",
    excluded_on=date(2020, 5, 20),
)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"npi": "1234567893", "name": PersonName("", "")}, "exclusion-listed"),
        ({"npi": "1234567893", "name": PersonName("OTHER", "NAME")}, "exclusion-listed"),
        ({"birth_date": BORN}, "exclusion-listed"),
        ({"birth_date": BORN, "state": "CA"}, "exclusion-listed"),
        ({"birth_date": BORN, "name": PersonName("BROWN", "ANN")}, "exclusion-listed"),
        ({"birth_date": BORN, "name": PersonName("SMITH", "ANN")}, "exclusion-possible"),
        ({"birth_date": BORN, "npi": "1999999984"}, "exclusion-possible"),
        ({"birth_date": date(1971, 5, 6)}, "exclusion-none"),
        ({}, "exclusion-possible"),
        ({"name": PersonName("SMITH", "A")}, "exclusion-possible"),
        ({"state": "CA"}, "exclusion-none"),
        ({"npi": "1999999984"}, "exclusion-none"),
        ({"name": PersonName("SMITH JONES", "BETH")}, "exclusion-none"),
        ({"name": PersonName("NULL", "ANN")}, "exclusion-none"),
        ({"birth_date": BORN, "reinstated_on": date(2025, 1, 1)}, "exclusion-none"),
        ({"birth_date": BORN, "reinstated_on": date(2027, 1, 1)}, "exclusion-listed"),
        (
            {"birth_date": BORN, "waiver_on": date(2024, 1, 1), "waiver_state": "TX"},
            "exclusion-waived",
        ),
    ],
)
def test_a_row_is_a_persons_or_is_not_or_is_for_a_human(changes: dict[str, Any], code: str) -> None:
    assert decide([replace(ROW, **changes)], PERSON, day=DAY).code == code


def test_nobody_listed_is_good() -> None:
    assert decide([], PERSON, day=DAY).code == "exclusion-none"


def test_a_person_named_null_can_be_excluded() -> None:
    null = replace(PERSON, names=(PersonName("Null", "Jordan"),), birth_date=None)
    row = replace(ROW, name=PersonName("NULL", "JORDAN"))

    assert decide([row], null, day=DAY).code == "exclusion-possible"


def test_without_a_birth_date_a_name_in_the_state_is_for_a_human() -> None:
    unknown = replace(PERSON, birth_date=None)

    assert decide([replace(ROW, birth_date=BORN)], unknown, day=DAY).code == "exclusion-possible"


def test_a_listed_row_outweighs_a_waived_and_a_possible_one() -> None:
    rows = [
        ROW,
        replace(ROW, birth_date=BORN, waiver_on=date(2024, 1, 1)),
        replace(ROW, npi="1234567893"),
    ]

    assert decide(rows, PERSON, day=DAY).code == "exclusion-listed"
