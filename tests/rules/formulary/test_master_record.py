"""What a master formulation record must say (domain.md 3.4), and what none may."""

from dataclasses import replace
from decimal import Decimal

import pytest

from pharmacy.formulary.rules import NALTREXONE
from pharmacy.formulary.rules.fillers import BlockedFiller
from pharmacy.formulary.rules.formulation import Formula
from pharmacy.formulary.rules.master_record import (
    MANDATORY_TEXTS,
    MasterRecord,
    RecordedIngredient,
    RecordedStep,
    RecordIncomplete,
    StatePart,
)
from pharmacy.formulary.rules.usual_record import usual_record

FORMULA = Formula(
    strength_ug=4_500,
    size="3",
    filler="microcrystalline-cellulose",
    description="white capsule",
    overage=Decimal("0.03"),
    beyond_use_days=180,
)
RECORD = usual_record(FORMULA)


def test_the_usual_record_is_whole_and_fits_its_formula() -> None:
    RECORD.require_fits(FORMULA)

    assert RECORD.active().amount_ug == 4_500
    assert [step.title for step in RECORD.steps] == ["Prepare", "Weigh", "Blend", "Fill", "Test"]


@pytest.mark.parametrize("name", MANDATORY_TEXTS)
def test_no_mandatory_text_is_empty(name: str) -> None:
    with pytest.raises(RecordIncomplete) as refused:
        replace(RECORD, **{name: "  "})

    assert refused.value.facts["fields"] == [name]


@pytest.mark.parametrize(
    "name", ["ingredients", "equipment", "supplies", "steps", "quality_checks"]
)
def test_no_mandatory_list_is_empty(name: str) -> None:
    with pytest.raises(RecordIncomplete):
        replace(RECORD, **{name: ()})


@pytest.mark.parametrize(
    "changes",
    [
        {"salt_forms": ()},
        {"salt_forms": ("hcl-trihydrate",)},
        {"amount_ug": 0},
        {"amount_ug": None},
        {"grade": ""},
        {"ingredient": "sugar"},
    ],
)
def test_an_active_ingredient_has_an_amount_a_grade_and_known_forms(
    changes: dict[str, object],
) -> None:
    active, *others = RECORD.ingredients

    with pytest.raises(RecordIncomplete):
        replace(RECORD, ingredients=(replace(active, **changes), *others))


def test_a_filler_that_slows_ldn_is_in_no_record() -> None:
    slow = RecordedIngredient(ingredient="hypromellose", amount_ug=None, grade="NF")

    with pytest.raises(BlockedFiller):
        replace(RECORD, ingredients=(RECORD.ingredients[0], slow))


@pytest.mark.parametrize("wait", [0, -5, 24 * 60 + 1])
def test_a_timer_runs_for_a_minute_to_a_day(wait: int) -> None:
    with pytest.raises(RecordIncomplete):
        replace(RECORD, steps=(RecordedStep(title="t", instruction="i", wait_minutes=wait),))


def test_what_a_state_asks_for_is_data() -> None:
    part = StatePart(state="SD", field="labelling", text="A toll-free number.", source="[SD]")
    record = replace(RECORD, state_parts=(part,))

    assert record.for_state("SD") == (part,)
    assert record.for_state("TX") == ()
    assert MasterRecord.of_data(record.to_data()) == record


@pytest.mark.parametrize("data", [{}, {"steps": 3}, RECORD.to_data() | {"colour": "red"}])
def test_data_of_another_form_is_refused(data: dict[str, object]) -> None:
    with pytest.raises(RecordIncomplete):
        MasterRecord.of_data(data)


def test_a_record_has_one_active_ingredient() -> None:
    twice = replace(RECORD, ingredients=(RECORD.ingredients[0], *RECORD.ingredients))

    assert twice.active is not None
    with pytest.raises(RecordIncomplete):
        twice.active()
    assert RECORD.ingredients[0].ingredient == NALTREXONE
