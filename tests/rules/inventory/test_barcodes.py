"""What scanners read (GS1 General Specifications), and what is refused."""

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.inventory.rules.barcodes import BarcodeInvalid, Scan, day, has_check_digit, read
from pharmacy.kernel.ids import encode, new_id

TODAY = date(2026, 3, 2)
GS = "\x1d"
GTIN = "09506000134352"
"""The example of the GS1 specifications."""


def test_a_label_of_a_supplier_is_read() -> None:
    scan = read(f"]d201{GTIN}1727093010NTX-4711{GS}3103025000", today=TODAY)

    assert scan == Scan(
        lot_number="NTX-4711",
        gtin=GTIN,
        expires_on=date(2027, 9, 30),
        net_weight_mg=Decimal(25_000_000),
    )


@pytest.mark.parametrize(
    "text",
    [
        f"]C1{GS}01{GTIN}17270900" + "10AB12",
        f"{GS}01{GTIN}1727090010AB12",
        f"]Q301{GTIN}10AB12{GS}17270900",
        f"(01){GTIN}(17)270900(10)AB12",
    ],
)
def test_carriers_and_typed_brackets_say_the_same(text: str) -> None:
    """Day 00 is the last of the month."""
    assert read(text, today=TODAY) == Scan(
        lot_number="AB12", gtin=GTIN, expires_on=date(2027, 9, 30)
    )


def test_a_plain_code_is_a_lot_number() -> None:
    assert read(" N-1/B ", today=TODAY) == Scan(lot_number="N-1/B")


def test_our_own_code_is_an_identifier() -> None:
    lot_id = new_id()

    assert read(encode("ing", lot_id), today=TODAY) == Scan(own_prefix="ing", own_id=lot_id)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x" * 121,
        f"]d201{GTIN[:-1]}3",  # check digit
        f"]d201{GTIN[:-4]}",  # cut off
        "]d21727133110A",  # 13th month
        "]d21727023010A",  # 30 February
        "]d210",  # empty lot
        "]d210" + "A" * 21,  # too long
        "]d2997",  # unknown element
        f"]d210A{GS}10B",  # two lots
        "(10)A(17",
        "(10)A)17",
        "(99)A",
        "lot\x00number",
        "naïve",
        "ing_0000000000000000000000000i",
        "]d230AB",  # a count in letters
    ],
)
def test_what_is_damaged_is_refused(text: str) -> None:
    with pytest.raises(BarcodeInvalid):
        read(text, today=TODAY)


@pytest.mark.parametrize(
    ("figures", "meant"),
    [
        ("260302", date(2026, 3, 2)),
        ("760101", date(2076, 1, 1)),
        ("770101", date(1977, 1, 1)),
        ("280200", date(2028, 2, 29)),
        ("991231", date(1999, 12, 31)),
    ],
)
def test_years_lie_from_49_back_to_50_ahead(figures: str, meant: date) -> None:
    assert day(figures, today=TODAY) == meant


@given(st.text(alphabet="0123456789", min_size=7, max_size=17))
def test_of_ten_last_digits_one_is_right(digits: str) -> None:
    assert sum(has_check_digit(digits + last) for last in "0123456789") == 1


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(BarcodeInvalid):
        read(text, today=TODAY)
