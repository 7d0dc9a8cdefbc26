"""Masses: exact, rounded once, written the way ISMP asks."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.kernel.quantities import Mass, NotWholeMicrograms, mg

micrograms = st.integers(min_value=-(10**12), max_value=10**12)


@given(micrograms)
def test_whole_micrograms_survive_the_way_to_milligrams_and_back(value: int) -> None:
    assert Mass.of_micrograms(value).micrograms == value


@given(micrograms, micrograms)
def test_addition_is_exact(first: int, second: int) -> None:
    total = Mass.of_micrograms(first) + Mass.of_micrograms(second)

    assert total.micrograms == first + second


def test_a_float_is_no_mass() -> None:
    with pytest.raises(TypeError):
        Mass(4.5)  # type: ignore[arg-type]


def test_infinity_is_no_mass() -> None:
    with pytest.raises(TypeError):
        Mass(Decimal("Infinity"))


def test_a_fraction_of_a_microgram_is_not_stored() -> None:
    with pytest.raises(NotWholeMicrograms):
        _ = mg("0.0005").micrograms


@pytest.mark.parametrize(
    ("amount", "step", "rounded"),
    [("469.105", "1", "469"), ("469.5", "1", "470"), ("1.25", "0.1", "1.3"), ("0.4", "1", "0")],
)
def test_rounding_to_a_balance_takes_halves_up(amount: str, step: str, rounded: str) -> None:
    assert mg(amount).rounded_to(mg(step)) == mg(rounded)


@pytest.mark.parametrize(
    ("written", "shown"),
    [("3.0", "3 mg"), ("0.50", "0.5 mg"), ("4.5", "4.5 mg"), ("100", "100 mg"), ("1E+2", "100 mg")],
)
def test_no_trailing_zero_and_a_leading_one(written: str, shown: str) -> None:
    assert str(mg(written)) == shown
