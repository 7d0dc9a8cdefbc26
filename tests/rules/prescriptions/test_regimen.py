"""What one fill of a regimen delivers (domain.md 1.5, rule 7)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.prescriptions.rules.kinds import PrescriptionKind
from pharmacy.prescriptions.rules.regimen import (
    FillNotDescribed,
    Regimen,
    RegimenImpossible,
    Step,
    TimeOfDay,
    fill_regimen,
)

MAINTENANCE, TITRATION = PrescriptionKind.MAINTENANCE, PrescriptionKind.TITRATION


def regimen(*steps: tuple[int, int | None]) -> Regimen:
    return Regimen(
        tuple(
            Step(number, dose, days, TimeOfDay.BEDTIME, "words")
            for number, (dose, days) in enumerate(steps, start=1)
        )
    )


def told(found: Regimen) -> list[tuple[int, int, int | None]]:
    return [(step.no, step.dose_ug, step.days) for step in found.steps]


CLINIC = regimen((1500, 28), (3000, 28), (4500, 28))


def fill(found: Regimen, number: int, days: int, *, goes_on: bool = False, kind=TITRATION):
    return told(
        fill_regimen(found, kind=kind, fill_no=number, days_per_fill=days, continue_final=goes_on)
    )


def test_the_first_fill_of_a_titration_is_the_titration():
    assert fill(CLINIC, 1, 84) == [(1, 1500, 28), (2, 3000, 28), (3, 4500, 28)]


def test_a_refill_of_a_titration_never_starts_again():
    assert fill(CLINIC, 2, 84, goes_on=True) == [(3, 4500, 84)]


def test_a_refill_that_the_policy_does_not_allow_is_not_described():
    with pytest.raises(FillNotDescribed):
        fill(CLINIC, 2, 84)


def test_an_open_last_step_fills_up_the_supply():
    """STD-7/14: 1.5 mg for 14 days, 3 mg for 14 days, then 4.5 mg: 90 - 28 = 62 nights."""
    assert fill(regimen((1500, 14), (3000, 14), (4500, None)), 1, 90) == [
        (1, 1500, 14),
        (2, 3000, 14),
        (3, 4500, 62),
    ]


def test_a_fill_that_ends_within_the_titration_is_continued_by_the_next():
    """
    0.5 mg more every 14 days reaches 4.5 mg after 112 days (domain.md 1.3).

    Day 90 is the 6th of step 7, so that the next fill has 14 - 6 = 8 days of it, 14 of step 8, and
    90 - 22 = 68 of the last.
    """
    slow = regimen(*[(500 * number, 14) for number in range(1, 9)], (4500, None))

    assert fill(slow, 1, 90) == [
        *[(number, 500 * number, 14) for number in range(1, 7)],
        (7, 3500, 6),
    ]
    assert fill(slow, 2, 90) == [(7, 3500, 8), (8, 4000, 14), (9, 4500, 68)]


def test_every_fill_of_a_maintenance_is_its_dose():
    for number in (1, 2, 12):
        assert fill(regimen((4500, None)), number, 84, kind=MAINTENANCE) == [(1, 4500, 84)]


@pytest.mark.parametrize(
    "steps", [[], [(1500, None), (3000, 28)], [(0, 28)], [(1500, 0)], [(1500, -1)]]
)
def test_a_regimen_that_cannot_be_taken_cannot_be_made(steps):
    with pytest.raises(RegimenImpossible):
        regimen(*steps)


def test_steps_are_numbered_upwards():
    step = CLINIC.steps[0]
    with pytest.raises(RegimenImpossible):
        Regimen((step, step))


doses = st.integers(min_value=1, max_value=6000)
spans = st.integers(min_value=1, max_value=120)
regimens = st.builds(
    lambda steps, last_open, tolerated, time: Regimen(
        tuple(
            Step(
                number,
                dose,
                None if last_open and number == len(steps) else days,
                time,
                f"words {number}",
            )
            for number, (dose, days) in enumerate(steps, start=1)
        ),
        tolerated,
    ),
    st.lists(st.tuples(doses, spans), min_size=1, max_size=12),
    st.booleans(),
    st.booleans(),
    st.sampled_from(TimeOfDay),
)


@given(regimens)
def test_a_regimen_comes_back_from_json_as_it_was(found: Regimen):
    assert Regimen.of_data(json.loads(json.dumps(found.to_data()))) == found


@given(regimens, st.integers(1, 400), st.integers(1, 12))
def test_fills_one_after_another_are_the_regimen(found: Regimen, days: int, fills: int):
    """Every day of the calendar is delivered once, with the dose that the prescriber wrote."""
    calendar = [
        (step.no, step.dose_ug) for step in found.steps for _ in range(step.days or days * fills)
    ]
    delivered: list[tuple[int, int]] = []
    for number in range(1, fills + 1):
        try:
            part = fill_regimen(
                found, kind=TITRATION, fill_no=number, days_per_fill=days, continue_final=False
            )
        except FillNotDescribed:
            break
        assert all(step.days is not None for step in part.steps)
        delivered += [(step.no, step.dose_ug) for step in part.steps for _ in range(step.days or 0)]

    assert delivered == calendar[: days * fills]
