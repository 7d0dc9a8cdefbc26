"""The lot, the packing and the batch of the worked sheets (domain.md 2.11)."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from pharmacy.compounding.rules.batch import Recipe
from pharmacy.compounding.rules.correction import Certificate
from pharmacy.compounding.rules.filler import Packing
from pharmacy.compounding.rules.weighing import CLASS_III
from pharmacy.formulary.rules import AssayBasis, SaltForm, shells_of

ANHYDROUS: Final = Certificate(
    salt_form=SaltForm.HCL_ANHYDROUS,
    assay_pct=Decimal("99.2"),
    basis=AssayBasis.ANHYDROUS,
    water_pct=Decimal("0.4"),
)
DIHYDRATE: Final = Certificate(
    salt_form=SaltForm.HCL_DIHYDRATE,
    assay_pct=Decimal("99.5"),
    basis=AssayBasis.ANHYDROUS,
    water_pct=Decimal("8.6"),
)
PACKING: Final = Packing("3", filler_mg=Decimal(225), active_mg=Decimal(180))
SHEET: Final = Recipe(
    strength_ug=4_500,
    capsules=100,
    overage=Decimal("0.03"),
    certificate=ANHYDROUS,
    packing=PACKING,
    shell=shells_of("icapsulepack")["3"],
    balance=CLASS_III,
    capacity=100,
)


def recipe(**changes: Any) -> Recipe:
    """The worked sheet's batch of 4.5 mg, or something else about it."""
    return replace(SHEET, **changes)


def shown(value: Decimal, decimals: int) -> str:
    """Round half up to so many decimals, as the worked sheets do."""
    return f"{value.quantize(Decimal(1).scaleb(-decimals), rounding='ROUND_HALF_UP'):f}"
