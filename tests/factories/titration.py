"""Formulations, powders on the bench, and strength plans."""

import itertools
from datetime import date
from decimal import Decimal
from typing import Any, Final

from sqlalchemy.orm import Session

from pharmacy.formulary.models import Formulation
from pharmacy.formulary.rules import NALTREXONE
from pharmacy.formulary.rules.usual_record import usual_record
from pharmacy.inventory.models import (
    IngredientLot,
    LotStatus,
    PackingStatistic,
    PowderMove,
    PowderReason,
)
from pharmacy.kernel.ids import new_id
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions.models import Prescription
from pharmacy.prescriptions.rules.regimen import Regimen
from pharmacy.titration import operations
from pharmacy.titration.models import StrengthPlan
from tests.conftest import NOW
from tests.factories.practice import make_site

CELLULOSE: Final = "microcrystalline-cellulose"
STRENGTHS: Final = (500, 1_500, 3_000, 4_500)
counter = itertools.count(1)


def make_formulation(session: Session, strength_ug: int, **columns: Any) -> Formulation:
    """Add version 1 of a formulation: size 3, cellulose, 3 % over, 180 days."""
    values: dict[str, Any] = {
        "strength_ug": strength_ug,
        "version": 1,
        "capsule_size": "3",
        "filler": CELLULOSE,
        "description": "white capsule",
        "overage_fraction": Decimal("0.03"),
        "beyond_use_days": 180,
        "approved_by": new_id(),
        "second_approved_by": new_id(),
        "approved_at": NOW,
    }
    formulation = Formulation(**values | columns)
    formulation.record = columns.get("record") or usual_record(formulation.formula).to_data()
    session.add(formulation)
    session.flush()
    return formulation


def make_formulations(session: Session, *strengths: int) -> None:
    """Add a formulation of each strength; of the usual four where none is named."""
    for strength in strengths or STRENGTHS:
        make_formulation(session, strength)


def make_active_lot(session: Session, **columns: Any) -> IngredientLot:
    """Release the powder of the worked sheets: 99.2 %, 0.4 % water, 180 mg in a size 3."""
    values: dict[str, Any] = {
        "ingredient": NALTREXONE,
        "salt_form": "hcl-anhydrous",
        "assay_pct": Decimal("99.2"),
        "assay_basis": "anhydrous",
        "water_pct": Decimal("0.4"),
        "on_hand_ug": 25_000_000,
    }
    return _make_lot(session, packing=Decimal(180), **values | columns)


def make_filler_lot(session: Session, **columns: Any) -> IngredientLot:
    """Release cellulose: 225 mg in a size 3."""
    values: dict[str, Any] = {"ingredient": CELLULOSE, "on_hand_ug": 500_000_000}
    return _make_lot(session, packing=Decimal(225), **values | columns)


def make_plan(
    session: Session,
    prescription: Prescription,
    *,
    fill: Regimen | None = None,
    fill_no: int = 1,
    policy: Policy | None = None,
) -> StrengthPlan:
    """Have a plan proposed for a fill; by default the whole regimen, from what there is."""
    make_site(session)
    return operations.propose(
        session,
        prescription=prescription,
        fill_no=fill_no,
        fill=fill or Regimen.of_data(prescription.regimen),
        policy=policy or Policy(),
        now=NOW,
    )


def _make_lot(session: Session, *, packing: Decimal, **columns: Any) -> IngredientLot:
    values: dict[str, Any] = {
        "lot_number": f"LOT-{next(counter)}",
        "manufacturer": "Example Chemicals",
        "received_on": date(2026, 1, 5),
        "expires_on": date(2027, 12, 31),
        "status": LotStatus.RELEASED,
        "received_by": new_id(),
        "released_by": new_id(),
        "released_at": NOW,
    }
    lot = IngredientLot(**values | columns)
    session.add(lot)
    session.flush()
    if lot.on_hand_ug:
        session.add(
            PowderMove(
                lot_id=lot.id,
                kind=PowderReason.RECEIVED,
                quantity_ug=lot.on_hand_ug,
                cause_id=lot.id,
                at=NOW,
            )
        )
    session.add(
        PackingStatistic(
            ingredient_lot_id=lot.id,
            capsule_size="3",
            fill_mg=packing,
            measured_on=date(2026, 1, 6),
            measured_by=new_id(),
        )
    )
    session.flush()
    return lot
