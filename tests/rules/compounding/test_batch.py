"""The worked batch sheets (domain.md 2.11), loads (V28, E15) and what a batch always keeps."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.compounding.rules.batch import (
    BatchImpossible,
    BatchSheet,
    loads,
    overage_fraction,
    sheet,
    yield_percent,
)
from pharmacy.compounding.rules.filler import CapsuleTooSmall, Packing, PackingImplausible
from pharmacy.compounding.rules.working import Notebook, Working
from pharmacy.formulary.rules import Shell
from pharmacy.formulary.rules.formulation import StrengthTooHigh
from pharmacy.kernel.quantities import Mass, mg
from tests.rules.compounding.samples import ANHYDROUS, DIHYDRATE, PACKING, recipe, shown

DOLL = Shell("5", Decimal("0.001"))
"""Smaller than any real one: no real size is too small for a low dose."""
WORKED = """
strength  active    displaced  filler      net         lowest  highest  percent  batch   fillers   blend
500       0.506056  0.632571   224.367429  224.873486  202.39  247.36   0.225    52.12   23.10985  23.16197
1500      1.518169  1.897712   223.102288  224.620458  202.16  247.08   0.676    156.37  22.97954  23.13591
3000      3.036339  3.795424   221.204576  224.240915  201.82  246.67   1.354    312.74  22.78407  23.09681
4500      4.554508  5.693135   219.306865  223.861373  201.48  246.25   2.035    469.11  22.58861  23.05772
"""  # noqa: E501 - the table as the reference prints it
HEADINGS, *ROWS = [line.split() for line in WORKED.strip().splitlines()]


@pytest.mark.parametrize("row", [dict(zip(HEADINGS, row, strict=True)) for row in ROWS])
def test_the_worked_sheets_come_out_to_the_last_digit(row: dict[str, str]) -> None:
    found = sheet(recipe(strength_ug=int(row["strength"])))

    assert shown(found.correction, 9) == "1.012112968"
    assert shown(found.fill.active.mg, 6) == row["active"]
    assert shown(found.fill.displaced.mg, 6) == row["displaced"]
    assert shown(found.fill.filler.mg, 6) == row["filler"]
    assert shown(found.fill.net.mg, 6) == row["net"]
    assert shown(found.fill.lowest_net.mg, 2) == row["lowest"]
    assert shown(found.fill.highest_net.mg, 2) == row["highest"]
    assert shown(found.fill.active_percent, 3) == row["percent"]
    assert shown(found.active.mg, 2) == row["batch"]
    assert shown(found.filler.mg / 1000, 5) == row["fillers"]
    assert shown(found.blend.mg / 1000, 5) == row["blend"]


def test_only_the_half_milligram_batch_needs_a_trituration() -> None:
    """52.12 mg is below 120 mg: 3 x 52.12 = 156 mg; part (120 + 156) / 3 = 92, so 120 mg."""
    weak = sheet(recipe(strength_ug=500))
    strong = sheet(recipe(strength_ug=4_500))

    assert weak.weigh is None
    assert weak.trituration is not None
    assert weak.trituration.active == mg(156)
    assert strong.weigh == mg(469)
    assert strong.trituration is None


def test_unit_capsules_for_a_whole_first_fill() -> None:
    """168 x 1.5 mg and 3 % more: 262.70 mg of powder, 38.606 g of filler, two loads of 84."""
    found = sheet(recipe(strength_ug=1_500, capsules=168))

    assert shown(found.active.mg, 2) == "262.70"
    assert shown(found.filler.mg / 1000, 3) == "38.606"
    assert found.loads == (84, 84)


def test_a_trituration_brings_filler_with_it() -> None:
    """What is added besides the part and the part together weigh the whole blend."""
    found = sheet(recipe(strength_ug=1_500, capsules=28))

    assert found.trituration is not None
    rest = found.blend - found.trituration.aliquot
    assert found.filler_weigh == rest.rounded_to(mg(1))


def test_a_small_batch_has_at_least_one_capsule_over() -> None:
    """Eleven for ten (domain.md 2.3), where 3 % would be a third of a capsule."""
    assert overage_fraction(10, Decimal("0.03"), Notebook()) == Decimal("0.1")
    assert overage_fraction(100, Decimal("0.03"), Notebook()) == Decimal("0.03")


@pytest.mark.parametrize(
    ("capsules", "capacity", "expected"),
    [
        (84, 100, (84,)),
        (186, 100, (93, 93)),
        (504, 100, (84,) * 6),
        (1, 300, (1,)),
        (99, 300, (99,)),
        (101, 100, (51, 50)),
    ],
)
def test_v28_e15_loads_are_even(capsules: int, capacity: int, expected: tuple[int, ...]) -> None:
    assert loads(capsules, capacity=capacity) == expected


@given(
    capsules=st.integers(min_value=1, max_value=5_000),
    capacity=st.sampled_from([50, 100, 300]),
)
def test_loads_differ_by_at_most_one_and_none_is_too_many(capsules: int, capacity: int) -> None:
    found = loads(capsules, capacity=capacity)

    assert sum(found) == capsules
    assert max(found) - min(found) <= 1
    assert max(found) <= capacity
    assert len(found) == -(-capsules // capacity)


@pytest.mark.parametrize(("capsules", "capacity"), [(0, 100), (-1, 100), (84, 0)])
def test_no_capsules_make_no_load(capsules: int, capacity: int) -> None:
    with pytest.raises(BatchImpossible):
        loads(capsules, capacity=capacity)


@pytest.mark.parametrize(
    "changes",
    [{"capsules": 0}, {"strength_ug": 0}, {"overage": Decimal("-0.01")}, {"overage": Decimal(3)}],
)
def test_a_senseless_batch_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(BatchImpossible):
        recipe(**changes)


def test_a_slipped_decimal_point_is_refused() -> None:
    with pytest.raises(StrengthTooHigh):
        recipe(strength_ug=45_000)


def test_e16_a_capsule_that_is_too_small_is_an_error() -> None:
    with pytest.raises(CapsuleTooSmall):
        sheet(recipe(packing=Packing("5", Decimal(1), Decimal("0.4")), shell=DOLL))


def test_a_packing_statistic_with_a_slipped_digit_is_an_error() -> None:
    with pytest.raises(PackingImplausible):
        sheet(recipe(packing=Packing("3", Decimal(2_250), Decimal(180))))


def test_the_yield_is_what_was_filled_of_what_was_planned() -> None:
    assert yield_percent(98, planned=100, book=Notebook()) == 98
    with pytest.raises(BatchImpossible):
        yield_percent(98, planned=0, book=Notebook())


recipes = st.builds(
    recipe,
    strength_ug=st.integers(min_value=100, max_value=6_000),
    capsules=st.integers(min_value=20, max_value=1_000),
    overage=st.decimals(min_value="0", max_value="0.05", places=3),
    certificate=st.sampled_from([ANHYDROUS, DIHYDRATE]),
    packing=st.builds(
        Packing,
        st.just("3"),
        filler_mg=st.decimals(min_value="60", max_value="300", places=1),
        active_mg=st.decimals(min_value="60", max_value="300", places=1),
    ),
)


@given(recipe=recipes)
def test_the_blend_is_its_active_powder_and_its_filler(recipe: Any) -> None:
    found = sheet(recipe)

    assert shown((found.active + found.filler - found.blend).mg, 20) == f"{Decimal(0):.20f}"
    planned = found.blend / found.fill.net.mg
    expected = recipe.capsules * (1 + max(recipe.overage, 1 / Decimal(recipe.capsules)))
    assert shown(planned.mg, 15) == shown(expected, 15)


@given(recipe=recipes)
def test_overage_leaves_the_potency_of_a_capsule_alone(recipe: Any) -> None:
    found = sheet(recipe)

    share = found.active.mg / found.blend.mg * found.fill.net.mg
    assert shown(share, 15) == shown(found.fill.active.mg, 15)


@given(recipe=recipes)
def test_every_line_of_working_is_right_and_none_holds_a_float(recipe: Any) -> None:
    found = sheet(recipe)

    assert found.workings
    for line in found.workings:
        again = Working.of_data(line.to_data())
        assert again == line
        assert again.is_right()
        assert isinstance(line.value, Decimal)
        assert all(isinstance(each.value, Decimal) for each in line.inputs.values())
    assert not has_float(found.to_data())


def has_float(data: object) -> bool:
    if isinstance(data, dict):
        return any(has_float(value) for value in data.values())
    if isinstance(data, list):
        return any(has_float(value) for value in data)
    return isinstance(data, float)


def test_the_figures_of_the_sheet_stand_in_its_working() -> None:
    found: BatchSheet = sheet(recipe())

    values = {line.name: line.value for line in found.workings}
    assert Mass(values["active powder of the batch"]) == found.active
    assert Mass(values["mass to weigh"]) == found.weigh
    assert Mass(values["filler in a capsule"]) == found.fill.filler
    assert values["correction factor"] == found.correction
    assert PACKING.filler_mg in {
        each.value for line in found.workings for each in line.inputs.values()
    }
