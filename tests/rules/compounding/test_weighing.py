"""What a balance weighs, and triturations below it (domain.md 2.7; V15)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.compounding.rules import trituration
from pharmacy.compounding.rules.trituration import TriturationNotNeeded, TriturationTooLarge
from pharmacy.compounding.rules.weighing import (
    CLASS_III,
    Balance,
    BalanceImpossible,
    BelowMinimumWeighable,
    mass_to_weigh,
    minimum_accurate_weight,
    minimum_weighable,
)
from pharmacy.compounding.rules.working import Notebook
from pharmacy.kernel.quantities import Mass, mg
from tests.rules.compounding.samples import shown

needs = st.decimals(min_value="0.5", max_value="119.9", places=3).map(Mass)


def test_a_class_iii_balance_weighs_120_mg() -> None:
    assert minimum_weighable(mg(6)) == mg(120)
    assert CLASS_III.minimum == mg(120)
    assert CLASS_III.uncertainty == mg(6)


@pytest.mark.parametrize(("step", "minimum"), [("1", "820"), ("0.1", "82"), ("0.01", "8.2")])
def test_accurate_weighing_takes_820_divisions(step: str, minimum: str) -> None:
    assert minimum_accurate_weight(mg(step)) == mg(minimum)


def test_what_is_weighed_is_a_whole_number_of_steps() -> None:
    assert mass_to_weigh(mg("469.114"), balance=CLASS_III, book=Notebook()) == mg(469)
    assert mass_to_weigh(mg("469.5"), balance=CLASS_III, book=Notebook()) == mg(470)


def test_v15_a_low_batch_is_below_the_balance() -> None:
    """30 capsules of 1.5 mg and 5 % more: 47.25 mg."""
    with pytest.raises(BelowMinimumWeighable) as refused:
        mass_to_weigh(mg("47.25"), balance=CLASS_III, book=Notebook())

    assert refused.value.facts["minimum"] == mg(120)


@pytest.mark.parametrize(("step", "minimum"), [("0", "120"), ("-1", "120"), ("10", "5")])
def test_an_impossible_balance_cannot_be_made(step: str, minimum: str) -> None:
    with pytest.raises(BalanceImpossible):
        Balance(step=mg(step), minimum=mg(minimum))


def test_v15_a_trituration_for_45_mg() -> None:
    found = trituration.propose(mg(45), balance=CLASS_III, book=Notebook())

    assert found.multiple == 3
    assert (found.active, found.aliquot) == (mg(135), mg(120))
    assert (found.total, found.diluent) == (mg(360), mg(225))
    assert found.delivered_percent == 100


def test_v15_a_trituration_for_10_mg() -> None:
    found = trituration.propose(mg(10), balance=CLASS_III, book=Notebook())

    assert found.multiple == 12
    assert (found.active, found.diluent) == (mg(120), mg(1320))
    assert (found.total, found.aliquot) == (mg(1440), mg(120))


def test_the_error_bound_is_the_worst_of_the_weighings() -> None:
    """141 x 126 / 360 = 49.35 mg instead of 45 mg, 9.67 % too much; 129 x 114 / 360 = 40.85 mg."""
    found = trituration.propose(mg(45), balance=CLASS_III, book=Notebook())

    assert found.to_data()["error_bound_percent"] == "9.667"
    assert shown(found.error_low_percent, 2) == "-9.22"


def test_a_diluent_below_the_balance_makes_the_part_larger() -> None:
    """100 mg twice is 200 mg; 120 mg parts would leave 40 mg of diluent to weigh."""
    found = trituration.propose(mg(100), balance=CLASS_III, book=Notebook())

    assert (found.active, found.aliquot, found.diluent) == (mg(200), mg(160), mg(120))


def test_what_the_balance_weighs_needs_no_trituration() -> None:
    for need in (mg(120), mg(500), Mass.ZERO):
        with pytest.raises(TriturationNotNeeded):
            trituration.propose(need, balance=CLASS_III, book=Notebook())


def test_the_part_must_fit_into_the_batch() -> None:
    with pytest.raises(TriturationTooLarge):
        trituration.propose(mg(10), balance=CLASS_III, book=Notebook(), room=mg(100))


@given(need=needs)
def test_all_three_weighings_are_within_the_balance(need: Mass) -> None:
    found = trituration.propose(need, balance=CLASS_III, book=Notebook())

    for weighed in (found.active, found.diluent, found.aliquot):
        assert weighed >= CLASS_III.minimum
        assert weighed == weighed.rounded_to(CLASS_III.step)


@given(need=needs)
def test_the_part_holds_the_need_to_within_the_rounding(need: Mass) -> None:
    found = trituration.propose(need, balance=CLASS_III, book=Notebook())

    held = found.aliquot.mg * found.active.mg / found.total.mg
    assert abs(held - need.mg) <= CLASS_III.step.mg / 2 / found.multiple + Decimal("1e-20")
    assert found.error_bound_percent >= abs(found.delivered_percent - 100)
    assert found.total == found.aliquot * found.multiple
