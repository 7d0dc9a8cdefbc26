"""What a hand-over must tell, and when a pharmacist offers advice unasked."""

from typing import Any
from uuid import UUID

import pytest

from pharmacy.kernel.refusals import Invalid
from pharmacy.orders.rules.gates import IdentityNotChecked
from pharmacy.orders.rules.handing_over import (
    CollectorUnnamed,
    CounsellingContradicted,
    CounsellorNeeded,
    HandingOver,
    Taken,
    counselling_needed_for,
)
from pharmacy.orders.rules.reasons import ReasonUnknown

WHOLE: dict[str, Any] = {"identifiers": ["name", "birth-date"], "counselling": "declined"}
EVENING = Taken(1_500, 1, "take-1-bedtime")


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"counselling": "accepted", "counselled_by": UUID(int=1)},
        {"collector": "representative", "collector_name": "A neighbour"},
        {"collector": "carrier", "counselling": "written-notice", "identifiers": []},
    ],
)
def test_a_whole_record_is_taken(more: dict[str, Any]) -> None:
    HandingOver(**WHOLE | more).require_whole()


@pytest.mark.parametrize(
    ("more", "refusal"),
    [
        ({"identifiers": ["name"]}, IdentityNotChecked),
        ({"identifiers": ["name", "name"]}, IdentityNotChecked),
        ({"identifiers": ["name", "shoe-size"]}, ReasonUnknown),
        ({"counselling": "nodded"}, ReasonUnknown),
        ({"counselling": "accepted"}, CounsellorNeeded),
        ({"collector": "representative", "collector_name": " "}, CollectorUnnamed),
        ({"collector": "carrier"}, CounsellingContradicted),
        ({"counselling": "written-notice"}, CounsellingContradicted),
    ],
)
def test_a_record_with_a_gap_is_not(more: dict[str, Any], refusal: type[Invalid]) -> None:
    with pytest.raises(refusal):
        HandingOver(**WHOLE | more).require_whole()


@pytest.mark.parametrize(
    ("now", "before", "reasons"),
    [
        ({EVENING}, None, ["first-fill"]),
        ({EVENING}, {EVENING}, []),
        ({EVENING}, {EVENING, Taken(3_000, 1, "take-1-bedtime")}, []),
        ({Taken(3_000, 1, "take-1-bedtime")}, {EVENING}, ["new-strength"]),
        ({Taken(1_500, 1, "take-1-morning")}, {EVENING}, ["new-directions"]),
        ({Taken(1_500, 3, "take-3-bedtime")}, {EVENING}, ["new-directions"]),
        ({Taken(4_500, 1, "take-1-morning")}, {EVENING}, ["new-strength", "new-directions"]),
    ],
)
def test_advice_is_offered_with_what_is_new_to_the_patient(
    now: set[Taken], before: set[Taken] | None, reasons: list[str]
) -> None:
    assert counselling_needed_for(now, before) == reasons
