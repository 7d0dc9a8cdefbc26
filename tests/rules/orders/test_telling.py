"""What a colleague who comes too late is told."""

from datetime import UTC, datetime

import pytest

from pharmacy.orders.rules import Action
from pharmacy.orders.rules.telling import DEEDS, told

AT = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)


def test_every_deed_has_words() -> None:
    assert set(DEEDS) == set(Action)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (datetime(2026, 3, 2, 14, 6, tzinfo=UTC), "Terry Testtech packed it at 14:05"),
        (datetime(2026, 3, 3, 9, 0, tzinfo=UTC), "Terry Testtech packed it on 2 Mar at 14:05"),
    ],
)
def test_a_deed_is_told_with_its_time_and_its_day_unless_today(now: datetime, words: str) -> None:
    assert told("Terry Testtech", Action.PACK, at=AT, now=now) == words
