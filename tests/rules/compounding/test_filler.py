"""Packing statistics, displacement and capsule sizes (domain.md 2.4, 2.5; V16, E16)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.compounding.rules.correction import factor
from pharmacy.compounding.rules.filler import (
    CapsuleTooSmall,
    Packing,
    PackingImplausible,
    check_density,
    fill,
    filler_by_density,
    sizes,
)
from pharmacy.compounding.rules.working import Notebook
from pharmacy.formulary.rules import shells_of
from pharmacy.kernel.quantities import Mass, mg
from tests.rules.compounding.samples import ANHYDROUS, PACKING, shown


def test_v16_the_active_powder_takes_the_room_of_some_filler() -> None:
    active = mg("4.5") * factor(ANHYDROUS, Notebook())

    found = fill(active, PACKING, Notebook())

    assert shown(found.displaced.mg, 3) == "5.693"
    assert shown(found.filler.mg, 3) == "219.307"
    assert shown(found.net.mg, 3) == "223.861"


def test_v16_densities_lead_to_the_same_kind_of_answer() -> None:
    """0.30 mL, 0.30 and 0.45 g/mL, 4.5 mg: filler 87.0 mg, fill 91.5 mg."""
    filler = filler_by_density(
        mg("4.5"),
        volume_ml=Decimal("0.30"),
        active_density=Decimal("0.45"),
        filler_density=Decimal("0.30"),
    )

    assert filler == mg("87.0")
    assert filler + mg("4.5") == mg("91.5")


@given(active=st.decimals(min_value="0.1", max_value="100", places=3))
def test_packing_and_density_agree_where_they_describe_the_same_powders(active: Decimal) -> None:
    volume, active_density, filler_density = Decimal("0.30"), Decimal("0.60"), Decimal("0.75")
    packing = Packing("3", volume * 1000 * filler_density, volume * 1000 * active_density)

    by_packing = fill(Mass(active), packing, Notebook()).filler
    by_density = filler_by_density(
        Mass(active),
        volume_ml=volume,
        active_density=active_density,
        filler_density=filler_density,
    )

    assert shown(by_packing.mg, 20) == shown(by_density.mg, 20)


def test_e16_less_than_no_filler_is_an_error() -> None:
    assert fill(mg(180), PACKING, Notebook()).filler == Mass.ZERO
    with pytest.raises(CapsuleTooSmall):
        fill(mg("180.001"), PACKING, Notebook())
    with pytest.raises(CapsuleTooSmall):
        filler_by_density(
            mg(200),
            volume_ml=Decimal("0.30"),
            active_density=Decimal("0.45"),
            filler_density=Decimal("0.30"),
        )


@pytest.mark.parametrize(("filler_mg", "active_mg"), [("0", "180"), ("225", "0"), ("-1", "180")])
def test_a_packing_statistic_is_above_zero(filler_mg: str, active_mg: str) -> None:
    with pytest.raises(PackingImplausible):
        Packing("3", Decimal(filler_mg), Decimal(active_mg))


def test_a_packing_statistic_is_compared_with_the_shell() -> None:
    shell = shells_of("icapsulepack")["3"]

    assert check_density(PACKING, shell, Notebook()) == Decimal("0.75")
    with pytest.raises(PackingImplausible):
        check_density(Packing("3", Decimal(2250), Decimal(180)), shell, Notebook())
    with pytest.raises(PackingImplausible):
        check_density(Packing("3", Decimal(225), Decimal("0.18")), shell, Notebook())


def test_every_measured_size_is_named_smallest_first() -> None:
    found = sizes(mg("4.5"), [PACKING, Packing("4", Decimal(150), Decimal(120))])

    assert [(size.size, size.fits) for size in found] == [("4", True), ("3", True)]
    assert found[0].active_share_percent == Decimal("3.75")
    assert not sizes(mg(121), [Packing("4", Decimal(150), Decimal(120))])[0].fits
