"""Tracking numbers: those that the carriers publish fit, and no mistyped digit does."""

import pytest

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


GS1 = [
    (carrier, number)
    for carrier, number in PUBLISHED
    if (carrier, len(number)) in {(Carrier.USPS, 22), (Carrier.FEDEX, 15), (Carrier.FEDEX, 20)}
]
"""FedEx's mod 11 mod 10, UPS's doubling and USPS's two older forms let a few errors pass."""


@pytest.mark.parametrize(("carrier", "number"), GS1)
def test_every_mistyped_digit_of_a_mod_10_number_is_noticed(carrier: Carrier, number: str) -> None:
    mistyped = [
        number[:at] + digit + number[at + 1 :]
        for at in range(len(number))
        for digit in "0123456789"
        if digit != number[at]
    ]

    assert len(mistyped) == 9 * len(number)
    for each in mistyped:
        with pytest.raises(TrackingNumberWrong):
            tracking_number(carrier, each)
