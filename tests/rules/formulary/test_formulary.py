"""Ingredients, fillers, shells and formulas (domain.md 2.1, 2.4, 2.6)."""

from dataclasses import replace
from decimal import Decimal

import pytest

from pharmacy.formulary.rules import (
    FILLERS,
    INGREDIENTS,
    NALTREXONE,
    SHELLS,
    SaltForm,
    require_filler,
    shells_of,
)
from pharmacy.formulary.rules.capsules import (
    SIZES,
    NoSizeHolds,
    UnknownShell,
    rule_of_seven,
    shell,
    smallest_that_holds,
)
from pharmacy.formulary.rules.fillers import BlockedFiller, UnknownFiller
from pharmacy.formulary.rules.formulation import Formula, FormulationImpossible, StrengthTooHigh
from pharmacy.formulary.rules.ingredients import DRY_WEIGHT, TRITURATION, WHOLE_POWDER_WEIGHT

FORMULA = Formula(
    strength_ug=1_500,
    size="3",
    filler="microcrystalline-cellulose",
    description="white capsule",
    overage=Decimal("0.03"),
    beyond_use_days=180,
)


def test_a_dihydrate_is_a_twelfth_heavier_by_its_water() -> None:
    """413.89 / 377.86 = 1.09535; two of water are 8.705 % of it."""
    whole, dry = WHOLE_POWDER_WEIGHT[SaltForm.HCL_DIHYDRATE], DRY_WEIGHT[SaltForm.HCL_DIHYDRATE]

    assert round(whole / dry, 5) == Decimal("1.09535")
    assert round(100 * (whole - dry) / whole, 3) == Decimal("8.705")


def test_a_salt_is_a_tenth_heavier_than_its_base() -> None:
    ratio = DRY_WEIGHT[SaltForm.HCL_ANHYDROUS] / DRY_WEIGHT[SaltForm.BASE]

    assert round(ratio, 5) == Decimal("1.10680")


def test_every_filler_can_be_received_as_a_lot() -> None:
    assert set(INGREDIENTS) == {NALTREXONE, TRITURATION, *FILLERS}
    actives = {key for key, each in INGREDIENTS.items() if each.is_active}
    assert actives == {NALTREXONE, TRITURATION}


@pytest.mark.parametrize("key", ["calcium-carbonate", "hypromellose"])
def test_some_fillers_are_never_used_with_ldn(key: str) -> None:
    with pytest.raises(BlockedFiller):
        require_filler(key)
    with pytest.raises(BlockedFiller):
        replace(FORMULA, filler=key)


@pytest.mark.parametrize("key", ["microcrystalline-cellulose", "lactose", "sucrose", "acidophilus"])
def test_other_fillers_may_be_used(key: str) -> None:
    assert require_filler(key).key == key


def test_an_unknown_filler_is_refused() -> None:
    with pytest.raises(UnknownFiller):
        require_filler("sawdust")


@pytest.mark.parametrize("maker", SHELLS)
def test_every_table_has_every_size_and_larger_ones_hold_more(maker: str) -> None:
    volumes = [each.volume_ml for each in shells_of(maker).values()]

    assert tuple(shells_of(maker)) == SIZES
    assert volumes == sorted(set(volumes))


@pytest.mark.parametrize(
    ("maker", "size", "volume"),
    [("unc", "4", "0.20"), ("icapsulepack", "4", "0.21"), ("capsuline", "3", "0.27"),
     ("capsuline", "00", "0.90"), ("icapsulepack", "000", "1.37")],
)  # fmt: skip
def test_tables_differ_by_maker(maker: str, size: str, volume: str) -> None:
    assert shell(maker, size).volume_ml == Decimal(volume)


def test_only_one_maker_publishes_shell_weights() -> None:
    assert shell("icapsulepack", "3").shell_mg == 48
    assert shell("icapsulepack", "3").locked_length_mm == Decimal("15.9")
    assert shell("unc", "3").shell_mg is None


def test_an_unknown_shell_is_refused() -> None:
    with pytest.raises(UnknownShell):
        shells_of("nobody")
    with pytest.raises(UnknownShell):
        shell("unc", "6")


def test_the_smallest_shell_that_holds_a_fill() -> None:
    """91.5 mg at 0.305 g/mL is 0.30 mL: exactly a size 3."""
    density = Decimal("0.305")

    assert smallest_that_holds(Decimal("91.5"), density=density, maker="icapsulepack").size == "3"
    assert smallest_that_holds(Decimal("91.6"), density=density, maker="icapsulepack").size == "2"
    with pytest.raises(NoSizeHolds):
        smallest_that_holds(Decimal(500), density=density, maker="icapsulepack")


@pytest.mark.parametrize(
    ("fill", "size"),
    [("130", "5"), ("195", "4"), ("260", "3"), ("325", "2"), ("390", "1"), ("455", "0"),
     ("520", "0"), ("585", "00"), ("650", "000"), ("20", "5")],
)  # fmt: skip
def test_the_rule_of_seven(fill: str, size: str) -> None:
    assert rule_of_seven(Decimal(fill)) == size


def test_the_rule_of_seven_ends_at_the_largest_shell() -> None:
    with pytest.raises(NoSizeHolds):
        rule_of_seven(Decimal(800))


def test_e14_a_formula_of_45_mg_is_a_slip() -> None:
    with pytest.raises(StrengthTooHigh):
        replace(FORMULA, strength_ug=45_000)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("strength_ug", 0),
        ("size", "6"),
        ("description", " "),
        ("overage", Decimal("-0.01")),
        ("overage", Decimal(3)),
        ("beyond_use_days", 0),
        ("beyond_use_days", 181),
    ],
)
def test_a_senseless_formula_is_refused_by_the_name_of_its_field(field: str, value: object) -> None:
    with pytest.raises(FormulationImpossible) as refused:
        replace(FORMULA, **{field: value})

    assert refused.value.facts["fields"] == [field]
