"""Policies: values by name, of the kind of their default."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from pharmacy.practice.rules import (
    DEFAULTS,
    NAMES,
    PolicyValueInvalid,
    SiteFacts,
    TimeZoneUnknown,
    UnknownPolicy,
    in_force,
    local_date,
    of_data,
    to_data,
)


@pytest.mark.parametrize("name", NAMES)
def test_every_default_survives_being_written_down(name: str) -> None:
    default = getattr(DEFAULTS, name)

    assert of_data(name, to_data(default)) == default


def test_changes_replace_defaults_by_name() -> None:
    policy = in_force({"refill_percent": 80, "minimum_weighable_mg": "0.05", "gone": True})

    assert (policy.refill_percent, policy.minimum_weighable_mg) == (80, Decimal("0.05"))
    assert policy.refill_lead_days == DEFAULTS.refill_lead_days


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("refill_percent", "75"),
        ("refill_percent", True),
        ("continue_final", 1),
        ("minimum_weighable_mg", 0.03),
        ("minimum_weighable_mg", "NaN"),
        ("minimum_weighable_mg", "-1"),
        ("minimum_weighable_mg", "three"),
        ("taxonomy_prefixes", "208"),
        ("working_hours", ["mon-fri 9 to 5"]),
        ("holidays", ["Christmas"]),
    ],
)
def test_a_value_of_another_kind_is_refused(name: str, data: object) -> None:
    with pytest.raises(PolicyValueInvalid):
        of_data(name, data)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownPolicy):
        of_data("no_such_policy", 1)


def test_a_date_is_the_pharmacys_own() -> None:
    just_after_midnight_utc = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)

    assert local_date(just_after_midnight_utc, "America/Chicago") == date(2026, 3, 2)


def test_the_clocks_go_forward_without_moving_a_date() -> None:
    """domain.md E5: on 8 March 2026 Houston skips from 2 to 3 am."""
    assert local_date(datetime(2026, 3, 8, 7, 59, tzinfo=UTC), "America/Chicago") == date(
        2026, 3, 8
    )


def test_a_site_has_a_time_zone_that_exists() -> None:
    with pytest.raises(TimeZoneUnknown):
        SiteFacts(
            name="P",
            npi="1999999984",
            address_line="1 Example Street",
            city="Houston",
            state="TX",
            postal_code="77002",
            phone="+1-555-010-0100",
            phone_hours="9 to 5",
            time_zone="Texas/Houston",
        )
