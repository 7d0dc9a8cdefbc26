"""The check digit of an NPI. Source: domain.md 3.10."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.prescribers.rules.npi import NpiInvalid, is_npi, require_npi

prefixes = st.integers(min_value=100_000_000, max_value=299_999_999).map(str)


def luhn(digits: str) -> int:
    """Return the Luhn sum, worked out as ISO 7812 describes it."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total


@given(prefix=prefixes)
def test_exactly_one_check_digit_fits_and_it_is_luhns_over_80840(prefix: str) -> None:
    fitting = [digit for digit in "0123456789" if is_npi(prefix + digit)]

    assert fitting == [digit for digit in "0123456789" if luhn(f"80840{prefix}{digit}") % 10 == 0]
    assert len(fitting) == 1


@pytest.mark.parametrize("npi", ["1234567893", "1999999984", "1245319599"])
def test_well_known_numbers_fit(npi: str) -> None:
    assert require_npi(npi) == npi


@pytest.mark.parametrize(
    "text",
    [
        "1234567890",
        "123456789",
        "12345678930",
        "3234567891",
        "123456789a",
        "".join(chr(0xFF10 + int(digit)) for digit in "1234567893"),
        " 1234567893",
        "1234567893\n",
        "",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(NpiInvalid):
        require_npi(text)


def test_the_check_digit_is_blind_to_09_for_90_which_the_registry_must_catch() -> None:
    swapped = [
        (one, one[:at] + "90" + one[at + 2 :])
        for one in (f"10{n:03d}0923{d}" for n in range(100) for d in range(10))
        if is_npi(one)
        for at in [one.index("09")]
    ]

    assert swapped
    assert all(is_npi(other) for _, other in swapped)
