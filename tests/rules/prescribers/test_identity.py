"""Whether an NPI is the ordering physician's. Source: domain.md 3.10, E11."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from pharmacy.prescribers.rules.identity import (
    Physicians,
    Provider,
    RecordUnreadable,
    Taxonomy,
    decide,
    provider_of_api,
)
from pharmacy.prescribers.rules.names import PersonName

DAY = date(2026, 3, 2)
PHYSICIANS = Physicians(prefixes=("202", "204", "207", "208"), held=("390200000X",))
ENROLLED = PersonName("Smith-Jones", "Ann")
INTERNIST = Taxonomy("207R00000X", is_primary=True)
NURSE = Taxonomy("363L00000X", is_primary=True)
SOUND = Provider(
    npi="1234567893",
    entity_type="1",
    names=(PersonName("SMITH JONES", "ANN M"),),
    taxonomies=(INTERNIST,),
)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "identity-verified"),
        ({"entity_type": "2"}, "identity-organisation"),
        ({"entity_type": ""}, "identity-type-unknown"),
        ({"deactivated_on": date(2026, 3, 2)}, "identity-deactivated"),
        ({"deactivated_on": date(2026, 3, 3)}, "identity-verified"),
        ({"deactivated_on": date(2025, 1, 1), "entity_type": ""}, "identity-deactivated"),
        (
            {"deactivated_on": date(2025, 1, 1), "reactivated_on": date(2025, 6, 1)},
            "identity-verified",
        ),
        (
            {"deactivated_on": date(2025, 6, 1), "reactivated_on": date(2025, 1, 1)},
            "identity-deactivated",
        ),
        (
            {"deactivated_on": date(2025, 1, 1), "reactivated_on": date(2026, 4, 1)},
            "identity-deactivated",
        ),
        ({"is_active": False}, "identity-deactivated"),
        ({"names": (PersonName("Smith", "Ann"),)}, "identity-name-close"),
        ({"names": (PersonName("Brown", "Ann"),)}, "identity-name-differs"),
        (
            {"names": (PersonName("Brown", "Ann"), PersonName("Smith-Jones", "Ann"))},
            "identity-verified",
        ),
        ({"names": ()}, "identity-name-differs"),
        ({"taxonomies": ()}, "taxonomy-missing"),
        ({"taxonomies": (NURSE,)}, "taxonomy-not-allowed"),
        ({"taxonomies": (Taxonomy("363A00000X", is_primary=True),)}, "taxonomy-not-allowed"),
        ({"taxonomies": (NURSE, Taxonomy("207Q00000X"))}, "taxonomy-mixed"),
        ({"taxonomies": (INTERNIST, Taxonomy("363L00000X"))}, "identity-verified"),
        ({"taxonomies": (Taxonomy("390200000X", is_primary=True),)}, "taxonomy-needs-person"),
        (
            {"taxonomies": (Taxonomy("207R00000X"), Taxonomy("208D00000X"))},
            "identity-verified",
        ),
        ({"taxonomies": (Taxonomy("207R00000X"), Taxonomy("333600000X"))}, "taxonomy-mixed"),
    ],
)
def test_what_the_registry_says_is_judged(changes: dict[str, Any], code: str) -> None:
    provider = replace(SOUND, **changes)

    assert decide(provider, enrolled=ENROLLED, physicians=PHYSICIANS, day=DAY).code == code


def test_an_npi_that_nobody_has_is_not_found() -> None:
    answer = decide(None, enrolled=ENROLLED, physicians=PHYSICIANS, day=DAY)

    assert answer.code == "identity-not-found"


def record(**changes: Any) -> dict[str, Any]:
    return {
        "number": "1234567893",
        "enumeration_type": "NPI-1",
        "basic": {"first_name": "ANN", "last_name": "SMITH-JONES", "status": "A"},
        "taxonomies": [{"code": "207R00000X", "primary": True, "state": "TX", "license": "T1"}],
        "other_names": [],
        "addresses": [{"address_purpose": "LOCATION", "state": "TX"}],
    } | changes


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "identity-verified"),
        ({"number": 1234567893}, "identity-verified"),
        ({"enumeration_type": "NPI-2"}, "identity-organisation"),
        (
            {"basic": {"first_name": "ANN", "last_name": "SMITH-JONES", "status": "D"}},
            "identity-deactivated",
        ),
        ({"basic": {"first_name": "ANN", "last_name": "SMITH-JONES"}}, "identity-deactivated"),
        ({"taxonomies": []}, "taxonomy-missing"),
        (
            {
                "basic": {"first_name": "ANN", "last_name": "BROWN", "status": "A"},
                "other_names": [{"first_name": "ANN", "last_name": "SMITH-JONES"}],
            },
            "identity-verified",
        ),
        (
            {
                "basic": {
                    "first_name": "ANN",
                    "middle_name": "--",
                    "last_name": "SMITH-JONES",
                    "name_suffix": "--",
                    "status": "A",
                }
            },
            "identity-verified",
        ),
    ],
)
def test_the_services_record_is_judged_like_the_files(changes: dict[str, Any], code: str) -> None:
    provider = provider_of_api(record(**changes))

    assert decide(provider, enrolled=ENROLLED, physicians=PHYSICIANS, day=DAY).code == code


@pytest.mark.parametrize(
    "changes",
    [
        {"basic": None},
        {"basic": "ANN"},
        {"enumeration_type": "NPI-3"},
        {"enumeration_type": None},
        {"taxonomies": {"code": "207R00000X"}},
        {"other_names": ["ANN"]},
    ],
)
def test_a_record_of_another_form_is_unreadable(changes: dict[str, Any]) -> None:
    with pytest.raises(RecordUnreadable):
        provider_of_api(record(**changes))
