"""What one line means, that somebody typed or scanned to find an order."""

from datetime import date

import pytest

from pharmacy.orders.rules.searching import Sought, readings


@pytest.mark.parametrize(
    ("line", "likeliest"),
    [
        ("100001", Sought(number=100001)),
        (" rx # 100001 ", Sought(number=100001)),
        ("Haddad", Sought(family="Haddad")),
        ("o'brien, se", Sought(family="o'brien", given="se")),
        ("Nguyễn Thị", Sought(family="Nguyễn Thị")),
        ("1981-07-14", Sought(birth_date=date(1981, 7, 14))),
        ("7/14/1981", Sought(birth_date=date(1981, 7, 14))),
        ("Haddad, Sa 7/14/1981", Sought(family="Haddad", given="Sa", birth_date=date(1981, 7, 14))),
        ("1981-07-14 Haddad", Sought(family="Haddad", birth_date=date(1981, 7, 14))),
        ("LDN-2026-014", Sought(lot="LDN-2026-014")),
    ],
)
def test_a_line_is_read_as_what_it_most_likely_is(line: str, likeliest: Sought) -> None:
    assert readings(line)[0] == likeliest


def test_digits_may_number_an_order_a_lot_or_a_parcel() -> None:
    assert readings("986578788855") == [
        Sought(number=986578788855),
        Sought(lot="986578788855"),
        Sought(tracking="986578788855"),
    ]


@pytest.mark.parametrize("line", ["", "  ", "?", "%", "<script>", "0" * 60])
def test_what_means_nothing_is_looked_for_nowhere(line: str) -> None:
    assert readings(line) == []


def test_a_day_that_no_calendar_has_is_no_birth_date() -> None:
    assert all(each.birth_date is None for each in readings("2/30/1981"))
