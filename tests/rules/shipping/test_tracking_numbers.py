"""Tracking numbers: those that the carriers publish fit, and no mistyped digit does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.shipping.rules import Carrier, TrackingNumberWrong, tracking_number

PUBLISHED = [
    (Carrier.UPS, "1Z5R89390357567127"),
    (Carrier.UPS, "1Z879E930346834440"),
    (Carrier.UPS, "1Z410E7W0392751591"),
    (Carrier.UPS, "1Z8V92A70367203024"),
    (Carrier.USPS, "03071790000523483741"),
    (Carrier.USPS, "71123456789123456787"),
    (Carrier.USPS, "71969010756003077385"),
    (Carrier.USPS, "9505511069605048600624"),
    (Carrier.USPS, "9101123456789000000013"),
    (Carrier.USPS, "9400111201080805483016"),
    (Carrier.USPS, "9361289878700317633795"),
    (Carrier.FEDEX, "986578788855"),
    (Carrier.FEDEX, "477179081230"),
    (Carrier.FEDEX, "799531274483"),
    (Carrier.FEDEX, "974367662710"),
    (Carrier.FEDEX, "041441760228964"),
    (Carrier.FEDEX, "568283610012734"),
    (Carrier.FEDEX, "61299998820821171811"),
]
"""From the carriers' own guides, as https://github.com/jkeen/tracking_number_data gathers them."""


@pytest.mark.parametrize(("carrier", "number"), PUBLISHED)
def test_published_numbers_fit_however_they_are_spaced(carrier: Carrier, number: str) -> None:
    spaced = " ".join(number[place : place + 4] for place in range(0, len(number), 4))

    assert tracking_number(carrier, number) == number
    assert tracking_number(carrier, f" {spaced.lower()} ") == number


def test_a_ups_number_worked_out_by_hand() -> None:
    """5R8939035756712: R is (82 - 3) mod 10 = 9. Odd places 5 8 3 0 5 5 7 2 make 35; even ones
    9 9 9 3 7 6 1 make 44, twice 88: 123, and 7 more is 130."""
    assert tracking_number(Carrier.UPS, "1Z5R89390357567127")
    with pytest.raises(TrackingNumberWrong):
        tracking_number(Carrier.UPS, "1Z5R89390357567128")


@pytest.mark.parametrize(
    ("carrier", "number"),
    [
        (Carrier.UPS, "2Z5R89390357567127"),
        (Carrier.UPS, "1Z1111111111111111"),
        (Carrier.USPS, "03071790000523483742"),
        (Carrier.USPS, "9200000000000000000000"),
        (Carrier.FEDEX, "996578788855"),
        (Carrier.FEDEX, "568283610012732"),
        (Carrier.UPS, "986578788855"),
        (Carrier.FEDEX, "1Z5R89390357567127"),
        (Carrier.FEDEX, ""),
        (Carrier.FEDEX, "٩٨٦٥٧٨٧٨٨٨٥٥"),
    ],
)
def test_other_numbers_do_not(carrier: Carrier, number: str) -> None:
    with pytest.raises(TrackingNumberWrong):
        tracking_number(carrier, number)


@given(published=st.sampled_from(PUBLISHED), place=st.integers(2, 21), by=st.integers(1, 9))
def test_a_mistyped_digit_of_a_mod_10_number_is_noticed(
    published: tuple[Carrier, str], place: int, by: int
) -> None:
    """FedEx's mod 11 mod 10 and UPS's doubling let a few pass; GS1's sum lets none."""
    carrier, number = published
    at = place % len(number)
    if carrier is not Carrier.USPS or len(number) == 20 or at < 2:
        return
    digit = str((int(number[at]) + by) % 10)

    with pytest.raises(TrackingNumberWrong):
        tracking_number(carrier, number[:at] + digit + number[at + 1 :])
