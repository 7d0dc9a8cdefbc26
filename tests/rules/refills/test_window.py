"""When the next fill may be made."""

from datetime import date
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.practice.rules import Policy
from pharmacy.refills.rules import (
    EarlyReason,
    EarlyReasonUnknown,
    RefillExpired,
    RefillNotYetValid,
    RefillTooSoon,
    Supply,
    require_in_window,
    require_valid,
    used_from,
    window,
)

FILLED: Final = date(2026, 1, 15)
EARLIEST: Final = date(2026, 3, 18)
HARD_STOP: Final = date(2026, 3, 6)


def supply(days: int) -> Supply:
    return Supply(filled_on=FILLED, first_dose_on=FILLED, days=days)


@pytest.mark.parametrize(
    ("days", "percent", "inclusive", "exclusive"),
    [
        (84, 75, date(2026, 3, 18), date(2026, 3, 19)),
        (90, 75, date(2026, 3, 23), date(2026, 3, 24)),
        (90, 80, date(2026, 3, 27), date(2026, 3, 28)),
        (90, 85, date(2026, 4, 1), date(2026, 4, 2)),
        (90, 90, date(2026, 4, 5), date(2026, 4, 6)),
    ],
)
def test_the_share_that_is_used(days: int, percent: int, inclusive: date, exclusive: date) -> None:
    """domain.md V19, both countings."""
    assert used_from(supply(days), percent, counts_both_days=True) == inclusive
    assert used_from(supply(days), percent, counts_both_days=False) == exclusive


def test_ninety_days_from_15_january_run_out_on_15_april() -> None:
    """domain.md V19."""
    assert supply(90).run_out_on == date(2026, 4, 15)


def test_a_fill_is_due_a_week_before_the_patient_runs_out() -> None:
    found = window(supply(84), Policy())

    assert found.earliest_on == EARLIEST
    assert found.hard_stop_on == HARD_STOP  # 60 % of 84 are 50.4: the 51st day, 6 March
    assert found.run_out_on == date(2026, 4, 9)
    assert found.due_on == date(2026, 4, 2)
    assert [line["name"] for line in found.working][-1] == "due_on"


@given(days=st.integers(1, 365), percent=st.integers(1, 100), both=st.booleans())
def test_at_least_the_share_is_used_and_a_day_before_it_is_not(
    days: int, percent: int, both: bool
) -> None:
    on = used_from(supply(days), percent, counts_both_days=both)
    used = (on - FILLED).days + (1 if both else 0)

    assert used * 100 >= days * percent
    assert (used - 1) * 100 < days * percent


def opened(today: date, early: str | None = None, *, may_open: bool = False) -> EarlyReason | None:
    return require_in_window(
        today, earliest_on=EARLIEST, hard_stop_on=HARD_STOP, early=early, may_open=may_open
    )


def test_nobody_needs_a_reason_once_the_window_is_open() -> None:
    assert opened(EARLIEST) is None


@pytest.mark.parametrize(
    ("today", "early", "may_open"),
    [
        (date(2026, 3, 17), None, True),
        (date(2026, 3, 17), "vacation", False),
        (date(2026, 3, 5), "patient-request", True),
        (date(2026, 3, 5), None, True),
    ],
)
def test_it_is_too_soon(today: date, early: str | None, may_open: bool) -> None:
    with pytest.raises(RefillTooSoon) as refused:
        opened(today, early, may_open=may_open)

    assert refused.value.facts["earliest_on"] == "2026-03-18"


def test_a_pharmacist_fills_early_for_a_coded_reason() -> None:
    assert opened(HARD_STOP, "patient-request", may_open=True) is EarlyReason.PATIENT_REQUEST
    assert opened(date(2026, 1, 16), "lost-or-damaged", may_open=True)


def test_an_early_reason_is_coded() -> None:
    with pytest.raises(EarlyReasonUnknown):
        opened(date(2026, 3, 17), "because", may_open=True)


def test_a_prescription_is_filled_from_its_first_day_until_its_last() -> None:
    """By validityPeriod: the sample's maintenance begins on day 77."""
    window = {"valid_from": date(2026, 5, 18), "valid_until": date(2026, 9, 1)}

    require_valid(date(2026, 5, 18), **window)
    require_valid(date(2026, 9, 1), **window)
    with pytest.raises(RefillNotYetValid):
        require_valid(date(2026, 5, 17), **window)
    with pytest.raises(RefillExpired):
        require_valid(date(2026, 9, 2), **window)
