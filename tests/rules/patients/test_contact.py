"""When two addresses differ, and with which nobody is reached."""

from dataclasses import replace

import pytest

from pharmacy.patients.rules.contact import (
    REASON_WORDS,
    Contact,
    ContactInvalid,
    ContactReason,
    require_contact,
)

HOME = Contact(
    phone="+1-555-010-0142",
    address_line="100 Example Street",
    city="Houston",
    state="TX",
    postal_code="77002",
)


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({}, ()),
        ({"phone": "(555) 010-0142"}, ()),
        ({"phone": "5550100142"}, ()),
        ({"phone": "+44 555 010 0142"}, ("phone",)),
        ({"phone": "555-010-0143"}, ("phone",)),
        ({"address_line": "100  EXAMPLE street."}, ()),
        ({"address_line": "100 Example St"}, ("address",)),
        ({"address_line": "100 Example Street, Apt 2"}, ("address",)),
        ({"city": "HOUSTON"}, ()),
        ({"city": "Austin"}, ("address",)),
        ({"postal_code": "77002-1234"}, ()),
        ({"postal_code": "77003"}, ("address",)),
        ({"state": "CA"}, ("state",)),
        ({"phone": "555-010-0143", "city": "Reno", "state": "NV"}, ("phone", "address", "state")),
    ],
)
def test_what_tells_two_addresses_apart(changes: dict[str, str], differs: tuple[str, ...]) -> None:
    assert HOME.differs_in(replace(HOME, **changes)) == differs
    assert replace(HOME, **changes).differs_in(HOME) == differs


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("phone", "010-0142"),
        ("phone", "call the neighbour"),
        ("phone", "1" * 17),
        ("address_line", " "),
        ("city", ""),
        ("state", "Texas"),
        ("state", "tx"),
        ("postal_code", "7700"),
        ("postal_code", "77002-12"),
    ],
)
def test_an_address_at_which_nobody_is_reached_is_refused(field: str, wrong: str) -> None:
    require_contact(HOME)

    with pytest.raises(ContactInvalid) as refused:
        require_contact(replace(HOME, **{field: wrong}))

    assert refused.value.facts == {"field": field}


def test_every_reason_has_words() -> None:
    assert set(REASON_WORDS) == set(ContactReason)
