"""What a plan says of a batch: its figures, or with a code why there are none."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import pytest

from pharmacy.compounding.rules.bench import Bench, PlannedBatch, PowderLot, plan_batch
from pharmacy.compounding.rules.weighing import CLASS_III
from pharmacy.compounding.rules.working import Working
from pharmacy.formulary.rules import AssayBasis, SaltForm
from pharmacy.formulary.rules.formulation import Formula
from pharmacy.kernel.quantities import mg

CELLULOSE: Final = "microcrystalline-cellulose"
FORMULA: Final = Formula(
    strength_ug=4_500,
    size="3",
    filler=CELLULOSE,
    description="white capsule",
    overage=Decimal("0.03"),
    beyond_use_days=180,
)
ACTIVE: Final = PowderLot(
    id=UUID(int=1),
    number="NTX-1",
    on_hand=mg(5_000),
    packings={"3": Decimal(180), "4": Decimal(120)},
    salt_form=SaltForm.HCL_ANHYDROUS,
    assay_pct=Decimal("99.2"),
    basis=AssayBasis.ANHYDROUS,
    water_pct=Decimal("0.4"),
)
FILLER: Final = PowderLot(
    id=UUID(int=2),
    number="MCC-1",
    on_hand=mg(500_000),
    packings={"3": Decimal(225), "4": Decimal(150)},
)
BENCH: Final = Bench(
    formulas={4_500: FORMULA},
    active=ACTIVE,
    fillers={CELLULOSE: FILLER},
    balance=CLASS_III,
    capacity=100,
    shell_maker="icapsulepack",
    correct=True,
)


def plan(capsules: int = 100, **changes: Any) -> PlannedBatch:
    return plan_batch(replace(BENCH, **changes), strength_ug=4_500, capsules_wanted=capsules)


def codes(batch: PlannedBatch) -> list[str]:
    return [pending.code for pending in batch.pending]


def test_a_batch_is_worked_out_from_the_lots_at_hand() -> None:
    found = plan()

    assert found.pending == ()
    data = found.to_data()
    assert data["sheet"]["active_mg"] == "469.114"
    assert data["sheet"]["weigh_mg"] == "469"
    assert data["capsule_size"] == "3"
    assert [size["size"] for size in data["sizes"]] == ["4", "3"]


def test_every_line_of_its_working_names_the_strength_and_can_be_worked_out_again() -> None:
    lines = plan().working()

    assert {line["strength_ug"] for line in lines} == {4_500}
    assert all(Working.of_data(line).is_right() for line in lines)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"formulas": {}}, "no-formulation"),
        ({"active": None}, "no-active-lot"),
        ({"fillers": {}}, "no-filler-lot"),
        ({"active": replace(ACTIVE, packings={"4": Decimal(120)})}, "no-packing-statistic"),
        ({"active": replace(ACTIVE, water_pct=None)}, "certificate-incomplete"),
        ({"active": replace(ACTIVE, basis=None)}, "certificate-incomplete"),
        ({"active": replace(ACTIVE, assay_pct=Decimal("89.2"))}, "assay-out-of-range"),
        ({"active": replace(ACTIVE, packings={"3": Decimal(18)})}, "packing-statistic-implausible"),
        ({"shell_maker": "nobody"}, "unknown-shell"),
    ],
)
def test_what_is_missing_is_said_and_no_quantity_is_made_up(
    changes: dict[str, Any], code: str
) -> None:
    found = plan(**changes)

    assert codes(found) == [code]
    assert found.pending[0].remedy
    assert found.sheet is None
    assert found.working() == []


def test_a_lot_that_is_too_small_is_said_beside_the_figures() -> None:
    found = plan(active=replace(ACTIVE, on_hand=mg(468)))

    assert codes(found) == ["active-lot-too-small"]
    assert found.sheet is not None


def test_a_small_fill_comes_with_a_trituration_and_its_error_bound() -> None:
    """20 capsules of 4.5 mg and one over: 95.65 mg of powder on a balance for 120 mg."""
    data = plan(20).to_data()["sheet"]

    assert data["weigh_mg"] is None
    assert data["trituration"]["active_mg"] == "191"
    assert Decimal(data["trituration"]["error_bound_percent"]) < 10
