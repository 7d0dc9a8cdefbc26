"""The steps of a draft: put in, changed, moved and left out, and never so that no batch gets on."""

from dataclasses import replace
from decimal import Decimal

import pytest

from pharmacy.formulary.rules.editing_steps import (
    MOST_STEPS,
    ActsOutOfOrder,
    StepNotFound,
    TooManySteps,
    seal_of,
    with_step,
    without_step,
)
from pharmacy.formulary.rules.formulation import Formula
from pharmacy.formulary.rules.master_record import RecordedStep, RecordIncomplete
from pharmacy.formulary.rules.usual_record import usual_record

RECORD = usual_record(
    Formula(
        strength_ug=1_500,
        size="3",
        filler="microcrystalline-cellulose",
        description="white capsule",
        overage=Decimal("0.03"),
        beyond_use_days=180,
    )
)
"""Prepare, Weigh, Blend, Fill, Test."""
SIEVE = RecordedStep(title="Sieve", instruction="Pass the powder through a 60 mesh sieve.")


def titles(record: object) -> list[str]:
    return [step.title for step in record.steps]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (1, ["Sieve", "Prepare", "Weigh", "Blend", "Fill", "Test"]),
        (3, ["Prepare", "Weigh", "Sieve", "Blend", "Fill", "Test"]),
        (6, ["Prepare", "Weigh", "Blend", "Fill", "Test", "Sieve"]),
        (99, ["Prepare", "Weigh", "Blend", "Fill", "Test", "Sieve"]),
    ],
)
def test_a_step_is_put_in_at_its_place(place: int, expected: list[str]) -> None:
    assert titles(with_step(RECORD, SIEVE, place=place)) == expected


def test_a_step_is_changed_and_moved_in_one_go() -> None:
    changed = replace(RECORD.steps[0], wait_minutes=5)

    moved = with_step(RECORD, changed, place=2, instead_of=1)

    assert titles(moved) == ["Weigh", "Prepare", "Blend", "Fill", "Test"]
    assert moved.steps[1].least_seconds == 300
    assert titles(RECORD)[0] == "Prepare"


def test_a_step_is_left_out() -> None:
    assert titles(without_step(RECORD, 1)) == ["Weigh", "Blend", "Fill", "Test"]
    for no in (0, 6):
        with pytest.raises(StepNotFound):
            without_step(RECORD, no)


def test_a_batch_is_weighed_before_it_is_blended() -> None:
    """An act waits for the steps before it: in another order no batch would ever get on."""
    with pytest.raises(ActsOutOfOrder):
        with_step(RECORD, RECORD.steps[2], place=2, instead_of=3)
    with pytest.raises(ActsOutOfOrder):
        with_step(RECORD, replace(SIEVE, act="fill"), place=1)


def test_a_record_keeps_one_step_and_grows_not_without_end() -> None:
    alone = replace(RECORD, steps=(SIEVE,))
    full = replace(RECORD, steps=(SIEVE,) * MOST_STEPS)

    with pytest.raises(RecordIncomplete):
        without_step(alone, 1)
    with pytest.raises(TooManySteps):
        with_step(full, SIEVE, place=1)


@pytest.mark.parametrize("wrong", [{"title": " "}, {"wait_minutes": 24 * 60 + 1}])
def test_a_step_without_words_or_end_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(RecordIncomplete):
        with_step(RECORD, replace(SIEVE, **wrong), place=1)


def test_a_seal_tells_two_records_apart() -> None:
    photographed = replace(RECORD.steps[0], photo=True)

    assert seal_of(RECORD) == seal_of(replace(RECORD))
    assert seal_of(with_step(RECORD, photographed, place=1, instead_of=1)) != seal_of(RECORD)
