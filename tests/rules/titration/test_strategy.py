"""Strategies side by side (domain.md 2.8; V17, E1, E2, E17)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.prescriptions.rules.regimen import Regimen, Step, TimeOfDay
from pharmacy.titration.rules.strategy import (
    NoStrengthForDose,
    StepWithoutEnd,
    Strategy,
    StrategyNotPossible,
    UnknownStrategy,
    chosen,
    options,
    parse,
    proposed,
)
from tests.rules.titration.samples import P84, PACKS, STOCKED, fill, option

ONE, UNITS, MIXED = Strategy.ONE_CAPSULE, Strategy.UNITS, Strategy.MIXED


@pytest.mark.parametrize(
    ("pack", "one_capsule", "units"),
    [("P84", 84, 168), ("P90", 90, 186), ("P90m", 90, 180), ("P90f", 90, 228)],
)
def test_packs_by_strategy_take_so_many_capsules(pack: str, one_capsule: int, units: int) -> None:
    assert option(PACKS[pack], ONE).capsules == one_capsule
    assert option(PACKS[pack], UNITS).capsules == units


@pytest.mark.parametrize(
    ("pack", "halves"), [("P84", 504), ("P90", 558), ("P90m", 540), ("P90f", 684)]
)
def test_half_milligram_units_would_be_three_times_as_many_again(pack: str, halves: int) -> None:
    whole = sum(step.dose_ug * (step.days or 0) for step in PACKS[pack].steps)

    assert whole // 500 == halves
    assert not option(PACKS[pack], UNITS, frozenset({500})).possible


def test_one_capsule_a_night_is_three_batches_and_three_containers() -> None:
    found = option(P84, ONE)

    assert found.batches == {1_500: 28, 3_000: 28, 4_500: 28}
    assert found.containers == 3
    assert {step.directions for step in found.steps} == {"take-1-bedtime"}


def test_unit_capsules_are_one_batch() -> None:
    found = option(P84, UNITS)

    assert found.batches == {1_500: 168}
    assert [step.directions for step in found.steps] == [
        "take-1-bedtime",
        "take-2-bedtime",
        "take-3-bedtime",
    ]


def test_mixed_takes_units_first_and_one_capsule_in_the_end() -> None:
    """28 + 56 + 28 = 112 capsules in two batches."""
    found = option(P84, MIXED)

    assert [step.capsules for step in found.steps] == [28, 56, 28]
    assert found.batches == {1_500: 84, 4_500: 28}


def test_the_greatest_unit_that_serves_is_taken() -> None:
    assert option(fill((28, 3_000), (28, 4_500)), UNITS).batches == {1_500: 140}
    assert option(fill((28, 500), (28, 1_000)), UNITS).batches == {500: 84}


def test_a_maintenance_fill_is_one_capsule_a_night_however_it_is_planned() -> None:
    found = options(fill((84, 4_500)), STOCKED)

    assert len({each.steps for each in found}) == 1
    assert found[0].batches == {4_500: 84}


def test_morning_doses_have_their_own_directions() -> None:
    found = option(fill((28, 3_000), time_of_day=TimeOfDay.MORNING), UNITS, frozenset({1_500}))

    assert found.steps[0].directions == "take-2-morning"


def test_e1_a_dose_without_a_strength_is_refused_with_its_step() -> None:
    with pytest.raises(NoStrengthForDose) as refused:
        proposed(options(fill((28, 1_500), (28, 2_250)), STOCKED), default=ONE)

    assert refused.value.code == "no-strength-for-dose"
    assert refused.value.facts["steps"] == [2]


def test_e2_four_milligrams_are_no_whole_number_of_units() -> None:
    found = option(fill((28, 1_500), (28, 4_000)), UNITS, frozenset({1_500, 4_000}))

    assert [problem.code for problem in found.problems] == ["not-whole-capsules"]
    assert found.steps == ()


def test_e17_six_and_nine_capsules_a_night_are_not_offered() -> None:
    found = option(P84, UNITS, frozenset({500}))

    assert [problem.code for problem in found.problems] == ["no-standard-direction"]
    assert "9 capsules of 0.5 mg" in found.problems[0].words
    assert not found.has_standard_directions


def test_the_policys_strategy_is_proposed() -> None:
    for default in Strategy:
        assert proposed(options(P84, STOCKED), default=default).strategy is default


def test_where_it_is_not_possible_the_next_one_is_proposed() -> None:
    without_three = options(P84, frozenset({1_500, 4_500}))

    assert proposed(without_three, default=ONE).strategy is MIXED
    assert proposed(options(P84, frozenset({1_500})), default=ONE).strategy is UNITS


def test_an_impossible_strategy_cannot_be_chosen() -> None:
    with pytest.raises(StrategyNotPossible) as refused:
        chosen(options(P84, frozenset({1_500})), ONE)

    assert refused.value.facts["codes"] == ["no-strength-for-dose", "no-strength-for-dose"]


@pytest.mark.parametrize("name", ["C", "a", "", "Z"])
def test_strategies_have_names(name: str) -> None:
    with pytest.raises(UnknownStrategy):
        parse(name)


def test_an_open_step_is_not_planned() -> None:
    with pytest.raises(StepWithoutEnd):
        options(Regimen((Step(1, 4_500, None, TimeOfDay.BEDTIME, ""),)), STOCKED)


@given(
    steps=st.lists(
        st.tuples(
            st.integers(min_value=1, max_value=90),
            st.integers(min_value=1, max_value=24).map(lambda quarters: quarters * 250),
        ),
        min_size=1,
        max_size=8,
    ),
    strengths=st.frozensets(
        st.integers(min_value=1, max_value=24).map(lambda quarters: quarters * 250), min_size=1
    ),
)
def test_nights_times_capsules_times_strength_is_what_was_ordered(
    steps: list[tuple[int, int]], strengths: frozenset[int]
) -> None:
    regimen = fill(*steps)
    ordered = sum(days * dose for days, dose in steps)

    for found in options(regimen, strengths):
        assert found.possible == bool(found.steps)
        if found.possible:
            assert sum(count * strength for strength, count in found.batches.items()) == ordered
            assert sum(step.days for step in found.steps) == sum(days for days, _ in steps)
            assert {step.strength_ug for step in found.steps} <= strengths
            assert all(1 <= step.capsules_per_dose <= 3 for step in found.steps)
            for planned, (days, dose) in zip(found.steps, steps, strict=True):
                assert planned.capsules * planned.strength_ug == days * dose


def test_an_options_data_shows_its_trade_offs() -> None:
    data = option(P84, ONE).to_data()

    assert data["strategy"] == "A"
    assert (data["capsules"], data["containers"], data["days"]) == (84, 3, 84)
    assert data["standard_directions"] is True
    wasted = [(each["step"], each["wasted_capsules"], each["wasted_ug"]) for each in data["holds"]]
    assert wasted == [(1, 56, 210_000), (2, 28, 126_000)]
