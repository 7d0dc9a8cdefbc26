"""Public identifiers: reversible, ordered by time, and silent about what does not exist."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.kernel import ids
from pharmacy.kernel.refusals import NotFound


@given(st.uuids())
def test_a_public_identifier_reads_back(value: UUID) -> None:
    assert ids.decode("ord", ids.encode("ord", value)) == value


def test_the_form_is_crockford_base_32() -> None:
    """UUID 1 is 25 zeros and a one; the greatest UUID starts with 7 (128 bits in 26 x 5)."""
    assert ids.encode("lot", UUID(int=1)) == "lot_" + "0" * 25 + "1"
    assert ids.encode("lot", UUID(int=2**128 - 1)) == "lot_7" + "z" * 25


def test_new_identifiers_are_version_7_and_sort_by_time(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1_700_000_000_000_000_000, 1_700_000_000_001_000_000])
    monkeypatch.setattr("time.time_ns", lambda: next(clock))

    earlier, later = ids.new_id(), ids.new_id()

    assert earlier.version == later.version == 7
    assert ids.encode("ord", earlier) < ids.encode("ord", later)


@pytest.mark.parametrize(
    "text",
    ["", "ord", "ord_", "rx_" + "0" * 26, "ord_" + "0" * 25, "ord_" + "u" * 26, "ord_8" + "0" * 25],
)
def test_what_cannot_be_an_identifier_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        ids.decode("ord", text)
