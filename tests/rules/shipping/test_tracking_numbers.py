"""Tracking numbers: those that the carriers publish fit, and no mistyped digit does."""

import pytest

from pharmacy.shipping.rules import Carrier, TrackingNumberWrong, numbers_in, tracking_number

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
    ("carrier", "barcode", "number"),
    [
        (Carrier.USPS, "420221539101026837331000039521", "9101026837331000039521"),
        (Carrier.USPS, "4201028200009261290113185417468510", "9261290113185417468510"),
        (Carrier.FEDEX, "1001921334250001000300779017972697", "779017972697"),
        (Carrier.FEDEX, "9622001900000000000000776632517510", "776632517510"),
        (Carrier.FEDEX, "9611020987654312345672", "987654312345672"),
    ],
)
def test_a_scanned_barcode_holds_routing_data_around_the_number(
    carrier: Carrier, barcode: str, number: str
) -> None:
    """420 and a ZIP code of 5 or 9 digits; FedEx's 34 digits that end with 12, its 22 with 15."""
    assert tracking_number(carrier, barcode) == number
    assert tracking_number(carrier, f"{barcode[:8]}\x1d{barcode[8:]}") == number
    assert number in numbers_in(barcode)


def test_check_digits_in_barcodes_worked_out_by_hand() -> None:
    """
    USPS 910102683733100003952: from the right every second digit, 2 9 0 0 1 3 3 6 0 0 9, makes 33,
    thrice 99; the others make 30: 129, and 1 more is 130. FedEx 98765431234567: 7 5 3 1 4 6 8 make
    34, thrice 102; the others 36: 138, and 2 more is 140. FedEx 77901797269 by 3 1 7: 21 + 7 + 63 +
    0 + 1 + 49 + 27 + 7 + 14 + 18 + 9 = 216, of which 11 leaves 7.
    """
    for carrier, barcode in (
        (Carrier.USPS, "420221539101026837331000039522"),
        (Carrier.FEDEX, "9611020987654312345673"),
        (Carrier.FEDEX, "1001921334250001000300779017972698"),
    ):
        with pytest.raises(TrackingNumberWrong):
            tracking_number(carrier, barcode)


def test_one_carriers_barcode_is_not_anothers() -> None:
    with pytest.raises(TrackingNumberWrong):
        tracking_number(Carrier.FEDEX, "420221539101026837331000039521")
    with pytest.raises(TrackingNumberWrong):
        tracking_number(Carrier.USPS, "9611020987654312345672")


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
