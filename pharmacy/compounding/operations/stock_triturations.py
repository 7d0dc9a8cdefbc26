"""Stock triturations: what a mixture holds follows from the certificate of the lot in it."""

from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.compounding.rules.beyond_use import Component, beyond_use
from pharmacy.compounding.rules.correction import Certificate, factor
from pharmacy.compounding.rules.working import Notebook
from pharmacy.formulary.rules.ingredients import AssayBasis, SaltForm
from pharmacy.inventory import operations as inventory
from pharmacy.inventory import queries
from pharmacy.inventory.models import IngredientLot
from pharmacy.inventory.rules.lots import TriturationFacts
from pharmacy.kernel.quantities import Mass
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Actor, Permission

MICROGRAM: Final = Mass(Decimal("0.001"))


def make_trituration(
    session: Session,
    *,
    lot_number: str,
    active_lot_id: UUID,
    diluent_lot_id: UUID,
    active: Mass,
    diluent: Mass,
    made_on: date,
    by: Actor,
    now: datetime,
) -> IngredientLot:
    """
    Write down a dilution of naltrexone in filler; its concentration is corrected once, here.

    Its beyond-use date is the earliest of the policy's limit and both components' dates.

    Raises:
        CertificateIncomplete, AssayOutOfRange, WaterOutOfRange: The lot's figures do not do.
        LotNotUsable, LotInvalid, LotKnown: As `inventory.operations.make_trituration`.
    """
    by.require(Permission.RECEIVE_LOT)
    powder = queries.get_ingredient_lot(session, active_lot_id)
    filler = queries.get_ingredient_lot(session, diluent_lot_id)
    certificate = Certificate(
        salt_form=SaltForm(powder.salt_form) if powder.salt_form else None,
        assay_pct=powder.assay_pct,
        basis=AssayBasis(powder.assay_basis) if powder.assay_basis else None,
        water_pct=powder.water_pct,
    )
    policy = practice.policy(session)
    correction = factor(certificate, Notebook(), correct=policy.correct_for_certificate)
    until = beyond_use(
        made_on,
        limit_days=policy.beyond_use_days,
        day_one=policy.compounding_day_is_day_one,
        components=[
            Component(lot.ingredient, queries.expiry_of(session, lot)) for lot in (powder, filler)
        ],
    ).on
    facts = TriturationFacts(
        lot_number=lot_number,
        active_lot_id=active_lot_id,
        diluent_lot_id=diluent_lot_id,
        active=active,
        diluent=diluent,
        labelled=(active / correction).rounded_to(MICROGRAM),
        made_on=made_on,
        beyond_use_on=until,
    )
    return inventory.make_trituration(session, facts, latest=until, by=by, now=now)
