"""Reading what lies ready for compounding."""

from collections.abc import Collection, Sequence
from datetime import date
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from pharmacy.compounding.rules.bench import Bench, PowderLot
from pharmacy.compounding.rules.weighing import Balance
from pharmacy.formulary import queries as formulary
from pharmacy.formulary.rules import NALTREXONE, AssayBasis, SaltForm
from pharmacy.formulary.rules.formulation import Formula
from pharmacy.inventory.models import IngredientLot, LotStatus, PackingStatistic
from pharmacy.kernel.quantities import Mass
from pharmacy.practice.rules import Policy


def bench(session: Session, strengths_ug: Collection[int], *, policy: Policy, on: date) -> Bench:
    """Return formulas, lots and equipment for batches of these strengths on a day."""
    formulas = {
        strength: formulation.formula
        for strength, formulation in formulary.newest(session, strengths_ug).items()
    }
    lots = _first_expiring(
        session,
        {NALTREXONE, *(formula.filler for formula in formulas.values())},
        on,
        undated=policy.undated_component_months,
    )
    return Bench(
        formulas=formulas,
        active=lots.pop(NALTREXONE, None),
        fillers=lots,
        balance=Balance(
            step=Mass(policy.balance_step_mg),
            minimum=Mass(policy.minimum_weighable_mg),
            error_percent=policy.weighing_error_percent,
        ),
        capacity=policy.machine_capacity,
        shell_maker=policy.shell_maker,
        correct=policy.correct_for_certificate,
    )


def bench_of(
    session: Session,
    formula: Formula,
    *,
    actives: Sequence[IngredientLot],
    fill_up: IngredientLot,
    policy: Policy,
) -> Bench:
    """Return the bench with these very lots on it, whichever others expire first."""
    packings = _packings(session, [*(lot.id for lot in actives), fill_up.id])
    first, *further = (_powder(lot, packings[lot.id]) for lot in actives)
    return Bench(
        formulas={formula.strength_ug: formula},
        active=first,
        further=tuple(further),
        fillers={fill_up.ingredient: _powder(fill_up, packings[fill_up.id])},
        balance=Balance(
            step=Mass(policy.balance_step_mg),
            minimum=Mass(policy.minimum_weighable_mg),
            error_percent=policy.weighing_error_percent,
        ),
        capacity=policy.machine_capacity,
        shell_maker=policy.shell_maker,
        correct=policy.correct_for_certificate,
    )


def _first_expiring(
    session: Session, ingredients: Collection[str], on: date, *, undated: int
) -> dict[str, PowderLot]:
    """
    Return, of each ingredient, the usable lot that expires first.

    Args:
        undated: Months, as `inventory.rules.lots.component_expiry` has them.
    """
    undated_expiry = IngredientLot.received_on + func.make_interval(0, undated)
    expiry = func.coalesce(IngredientLot.expires_on, undated_expiry)
    lots = session.scalars(
        select(IngredientLot)
        .ext(distinct_on(IngredientLot.ingredient))
        .where(
            IngredientLot.ingredient.in_(ingredients),
            IngredientLot.status == LotStatus.RELEASED,
            IngredientLot.on_hand_ug > 0,
            expiry >= on,
        )
        .order_by(IngredientLot.ingredient, expiry, IngredientLot.id)
    ).all()
    packings = _packings(session, [lot.id for lot in lots])
    return {lot.ingredient: _powder(lot, packings[lot.id]) for lot in lots}


def _packings(session: Session, lot_ids: Collection[UUID]) -> dict[UUID, dict[str, Decimal]]:
    packings: dict[UUID, dict[str, Decimal]] = {lot_id: {} for lot_id in lot_ids}
    for statistic in session.scalars(
        select(PackingStatistic).where(PackingStatistic.ingredient_lot_id.in_(packings))
    ):
        packings[statistic.ingredient_lot_id][statistic.capsule_size] = statistic.fill_mg
    return packings


def _powder(lot: IngredientLot, packings: dict[str, Decimal]) -> PowderLot:
    return PowderLot(
        id=lot.id,
        number=lot.lot_number,
        on_hand=Mass.of_micrograms(lot.on_hand_ug),
        packings=packings,
        salt_form=SaltForm(lot.salt_form) if lot.salt_form else None,
        assay_pct=lot.assay_pct,
        basis=AssayBasis(lot.assay_basis) if lot.assay_basis else None,
        water_pct=lot.water_pct,
        active_ug_per_g=lot.active_ug_per_g,
    )
