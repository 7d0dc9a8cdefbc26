"""Whose licence is active. The words are domain.md 3.10's."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pharmacy.prescribers.rules.licenses import (
    STATUS_WORDS,
    Holder,
    License,
    decide,
    decide_one,
    plain_number,
)
from pharmacy.prescribers.rules.names import PersonName

DAY = date(2026, 3, 2)
ANN = PersonName("Smith-Jones", "Ann")
HOLDER = Holder(npi="1234567893", names=(ANN,), numbers=("T-0042",))
ACTIVE = License(
    state="TX",
    number="T0042",
    license_type="MD",
    npi=None,
    name=ANN,
    status="Active",
    issued_on=date(2010, 1, 1),
    expires_on=date(2027, 1, 31),
    is_disciplined=False,
)
NAMESAKE = replace(ACTIVE, number="T9999")


@pytest.mark.parametrize(
    ("word", "code"),
    [
        ("Active", "license-verified"),
        ("ACTIVE", "license-verified"),
        (" active ", "license-verified"),
        ("Current", "license-verified"),
        ("Clear", "license-verified"),
        ("ACTIVE-PROBATION", "license-restricted"),
        ("Probation/Restriction", "license-restricted"),
        ("Active - Restricted", "license-restricted"),
        ("Consent Order", "license-restricted"),
        ("Delinquent", "license-not-active"),
        ("Inactive", "license-not-active"),
        ("Not Active", "license-not-active"),
        ("Lapsed", "license-not-active"),
        ("Expired", "license-not-active"),
        ("Retired", "license-not-active"),
        ("Cancelled", "license-not-active"),
        ("Closed", "license-not-active"),
        ("Deceased", "license-not-active"),
        ("Suspended", "license-not-active"),
        ("Revoked", "license-not-active"),
        ("Surrendered", "license-not-active"),
        ("Null and void", "license-not-active"),
        ("Activ", "license-status-unknown"),
        ("Pending review", "license-status-unknown"),
        ("Active in name only", "license-status-unknown"),
        ("", "license-status-unknown"),
    ],
)
def test_each_boards_word_has_one_meaning_and_an_unknown_one_none(word: str, code: str) -> None:
    assert decide([replace(ACTIVE, status=word)], HOLDER, day=DAY).code == code


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"expires_on": date(2026, 3, 2)}, "license-verified"),
        ({"expires_on": date(2026, 3, 1)}, "license-expired"),
        ({"expires_on": date(2026, 3, 3)}, "license-verified"),
        ({"expires_on": None}, "license-no-expiry"),
        ({"issued_on": date(2026, 3, 3)}, "license-not-yet"),
        ({"issued_on": date(2026, 3, 2)}, "license-verified"),
        ({"issued_on": None}, "license-verified"),
        ({"is_disciplined": True}, "license-disciplined"),
        ({"license_type": "Registered Nurse"}, "license-type-not-allowed"),
        ({"license_type": "Physician Assistant"}, "license-type-not-allowed"),
        ({"license_type": "Doctor of Osteopathy"}, "license-verified"),
        ({"license_type": "D.O."}, "license-verified"),
        ({"license_type": "Temporary"}, "license-type-unknown"),
        ({"expires_on": date(2026, 3, 1), "status": "Suspended"}, "license-not-active"),
    ],
)
def test_one_licence_is_judged_on_the_day(changes: dict[str, Any], code: str) -> None:
    assert decide_one(replace(ACTIVE, **changes), day=DAY).code == code


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([], "license-not-found"),
        ([replace(ACTIVE, npi="1234567893", number="X1")], "license-verified"),
        ([replace(ACTIVE, number="T 42")], "license-verified"),
        ([replace(ACTIVE, npi="1999999984")], "license-not-found"),
        ([NAMESAKE], "license-not-linked"),
        ([NAMESAKE, ACTIVE], "license-verified"),
        ([replace(NAMESAKE, status="Revoked"), ACTIVE], "license-verified"),
        ([replace(ACTIVE, name=PersonName("Brown", "Ann"))], "license-name-differs"),
        ([replace(ACTIVE, name=PersonName("Smith", "Ann"))], "license-name-differs"),
        ([replace(ACTIVE, name=PersonName("SMITH JONES", "ANN MARIE"))], "license-verified"),
        ([replace(ACTIVE, name=PersonName("Brown", "Beth"), number="T1")], "license-not-found"),
        (
            [replace(ACTIVE, expires_on=date(2020, 1, 1), status="Expired"), ACTIVE],
            "license-verified",
        ),
        (
            [
                replace(ACTIVE, npi="1234567893", number="T1", status="Revoked"),
                replace(ACTIVE, npi="1234567893", number="T2"),
            ],
            "license-other-ended",
        ),
        (
            [
                replace(ACTIVE, npi="1234567893", number="T1", status="Closed"),
                replace(ACTIVE, npi="1234567893", number="T2"),
            ],
            "license-other-ended",
        ),
        (
            [
                replace(ACTIVE, npi="1234567893", number="T1", status="Probation"),
                replace(ACTIVE, npi="1234567893", number="T2"),
            ],
            "license-other-ended",
        ),
        (
            [
                replace(ACTIVE, npi="1234567893", number="T1", license_type="RN"),
                replace(ACTIVE, npi="1234567893", number="T2"),
            ],
            "license-verified",
        ),
    ],
)
def test_a_licence_counts_when_it_is_shown_to_be_theirs(rows: list[License], code: str) -> None:
    assert decide(rows, HOLDER, day=DAY).code == code


def test_every_status_word_is_written_as_it_is_looked_up() -> None:
    assert all(word == " ".join(word.lower().split()) for word in STATUS_WORDS)


@pytest.mark.parametrize(
    ("one", "other"),
    [("T-0042", "T42"), ("md 00123", "MD123"), ("036.012345", "36012345"), ("0", "0")],
)
def test_a_number_is_one_number_however_it_is_written(one: str, other: str) -> None:
    assert plain_number(one) == plain_number(other)


def test_numbers_that_differ_stay_different() -> None:
    assert plain_number("T100") != plain_number("T10")
