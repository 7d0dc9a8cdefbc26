"""What may be written down about a lot, and until when it is good."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pharmacy.formulary.rules.fillers import BlockedFiller
from pharmacy.formulary.rules.formulation import StrengthTooHigh
from pharmacy.inventory.rules.lots import (
    BeyondUseTooLate,
    CapsuleLotFacts,
    CertificateInvalid,
    IngredientLotFacts,
    LotInvalid,
    component_expiry,
    latest_beyond_use,
    require_beyond_use,
)
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.quantities import mg

COMPOUNDED = date(2026, 1, 15)


def powder(**changes: Any) -> IngredientLotFacts:
    values: dict[str, Any] = {
        "ingredient": "naltrexone-hydrochloride",
        "lot_number": "N-1",
        "manufacturer": "Example Chemicals",
        "amount": mg("25000"),
        "received_on": date(2026, 1, 5),
        "expires_on": date(2027, 1, 31),
        "salt_form": "hcl-anhydrous",
        "assay_pct": Decimal("99.2"),
        "assay_basis": "anhydrous",
        "water_pct": Decimal("0.4"),
    }
    return IngredientLotFacts(**values | changes)


def latest(*expiries: date, day_one: bool) -> date:
    return latest_beyond_use(
        COMPOUNDED, days=180, compounding_day_is_day_one=day_one, component_expiries=expiries
    )


def test_the_earliest_component_sets_the_beyond_use_date() -> None:
    """domain.md V20: min(14 Jul, 31 Dec, 31 May) = 31 May 2026."""
    expiries = (date(2026, 12, 31), date(2026, 5, 31))

    assert latest(*expiries, day_one=False) == date(2026, 5, 31)


@pytest.mark.parametrize(("day_one", "on"), [(False, date(2026, 7, 14)), (True, date(2026, 7, 13))])
def test_the_day_of_compounding_counts_or_not(day_one: bool, on: date) -> None:
    """domain.md V20: no component caps; 14 July, or 13 July when that day is day 1."""
    assert latest(day_one=day_one) == on


def test_an_84_day_pack_is_dispensed_until_21_april_at_the_latest() -> None:
    """domain.md V20, first dose on the evening after: 21 April + 84 days = 14 July."""
    last_dose_on = date(2026, 4, 21) + timedelta(days=84)

    assert last_dose_on == latest(day_one=False)


def test_a_later_date_than_allowed_is_refused() -> None:
    with pytest.raises(BeyondUseTooLate):
        require_beyond_use(date(2026, 7, 14), latest=latest(day_one=True))


@pytest.mark.parametrize(
    ("received_on", "months", "good_until"),
    [
        (date(2026, 1, 5), 12, date(2027, 1, 5)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 12, 5), 36, date(2029, 12, 5)),
    ],
)
def test_a_component_without_a_date_is_good_as_long_as_policy_says(
    received_on: date, months: int, good_until: date
) -> None:
    """domain.md 3.3: one year after its receipt; older text three."""
    expiry = component_expiry(expires_on=None, received_on=received_on, months=months)

    assert expiry == good_until


@pytest.mark.parametrize(
    "changes",
    [
        {"assay_pct": None, "assay_basis": None},
        {"assay_basis": None},
        {"assay_basis": "guessed"},
        {"assay_pct": Decimal(-1)},
        {"assay_pct": Decimal("0.992")},
        {"assay_pct": Decimal("NaN")},
        {"water_pct": Decimal(101)},
    ],
)
def test_a_certificate_says_only_what_a_certificate_can(changes: dict[str, Any]) -> None:
    """domain.md E18."""
    with pytest.raises(CertificateInvalid):
        powder(**changes)


def test_an_assay_a_little_above_a_hundred_is_lawful() -> None:
    """domain.md E18: 98.0 to 102.0."""
    assert powder(assay_pct=Decimal("100.4")).assay_pct == Decimal("100.4")


@pytest.mark.parametrize(
    "changes",
    [
        {"lot_number": " "},
        {"amount": mg(0)},
        {"salt_form": "sulfate"},
        {"expires_on": date(2026, 1, 4)},
    ],
)
def test_a_lot_is_described_in_full_and_in_order(changes: dict[str, Any]) -> None:
    with pytest.raises(LotInvalid):
        powder(**changes)


def capsules(**changes: Any) -> CapsuleLotFacts:
    values: dict[str, Any] = {
        "lot_number": "C-1",
        "strength_ug": 1_500,
        "capsule_size": "3",
        "description": "white capsule",
        "filler": "microcrystalline-cellulose",
        "active_lot_id": new_id(),
        "compounded_on": COMPOUNDED,
        "beyond_use_on": date(2026, 7, 13),
        "made": 100,
    }
    return CapsuleLotFacts(**values | changes)


@pytest.mark.parametrize(
    "changes", [{"made": 0}, {"strength_ug": 0}, {"beyond_use_on": date(2026, 1, 14)}]
)
def test_a_capsule_lot_has_a_strength_a_count_and_time(changes: dict[str, Any]) -> None:
    with pytest.raises(LotInvalid):
        capsules(**changes)


def test_forty_five_milligrams_are_no_capsule() -> None:
    """domain.md E14."""
    with pytest.raises(StrengthTooHigh):
        capsules(strength_ug=45_000)


@pytest.mark.parametrize("filler", ["calcium-carbonate", "hypromellose"])
def test_capsules_of_a_blocked_filler_never_reach_the_shelf(filler: str) -> None:
    """domain.md 2.6 and R28: they hinder or slow how naltrexone is taken up."""
    with pytest.raises(BlockedFiller):
        capsules(filler=filler)
