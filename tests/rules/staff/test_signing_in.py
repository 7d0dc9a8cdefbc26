"""Passwords, pauses and roles that fit together."""

from datetime import timedelta

import pytest

from pharmacy.staff.rules import (
    Role,
    RolesClash,
    WeakPassword,
    pause_after,
    require_password,
    require_roles_fit,
    require_separate_duties,
)

NPI = "1234567893"


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 900), (99, 900)],
)
def test_failures_in_a_row_make_an_account_wait(failures: int, seconds: int) -> None:
    """5 failures, then 1, 2, 4 s ...; 10 failures: 15 minutes."""
    assert pause_after(failures) == timedelta(seconds=seconds)


def test_after_a_hundred_failures_only_an_administrator_helps() -> None:
    """NIST SP 800-63B: never more than 100 consecutive failures."""
    assert pause_after(100) > timedelta(days=10_000)


def test_four_unrelated_words_are_a_good_password() -> None:
    require_password("lamp orbit quiet fern", username="kim.lee")


@pytest.mark.parametrize(
    "password",
    [
        "",
        "fourteen chars",
        "aaaaaaaaaaaaaaaaaaaa",
        "abababababababab",
        "I am KIM.LEE indeed",
        "x" * 201,
    ],
)
def test_a_password_that_is_guessed_soon_is_refused(password: str) -> None:
    with pytest.raises(WeakPassword):
        require_password(password, username="kim.lee")


def test_a_pharmacist_may_also_be_a_technician() -> None:
    require_roles_fit({Role.PHARMACIST, Role.TECHNICIAN}, npi=None)


@pytest.mark.parametrize(
    ("roles", "npi"),
    [
        (set(), None),
        ({Role.ADMINISTRATOR, Role.PHARMACIST}, None),
        ({Role.AUDITOR, Role.TECHNICIAN}, None),
        ({Role.PHYSICIAN, Role.PHARMACIST}, NPI),
        ({Role.PHYSICIAN}, None),
        ({Role.PHARMACIST}, NPI),
        ({Role.OPERATOR}, None),
        ({Role.WORKER}, None),
        ({Role.EHR_CLIENT}, None),
    ],
)
def test_roles_that_do_not_fit_one_account_are_refused(roles: set[Role], npi: str | None) -> None:
    with pytest.raises(RolesClash):
        require_roles_fit(roles, npi=npi)


def test_the_table_of_permissions_keeps_duties_apart() -> None:
    require_separate_duties()
