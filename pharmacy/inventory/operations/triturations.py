"""Stock triturations: powder diluted in filler, a lot of its own that knows its parents."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.formulary.rules.ingredients import NALTREXONE, TRITURATION
from pharmacy.infra import audit
from pharmacy.inventory import queries
from pharmacy.inventory.models import IngredientLot, LotStatus, PowderReason
from pharmacy.inventory.operations.lots import LotKnown
from pharmacy.inventory.operations.materials import (
    draw_powder,
    record_components,
    write_powder_move,
)
from pharmacy.inventory.rules.lots import LotInvalid, TriturationFacts, require_beyond_use
from pharmacy.kernel.ids import new_id
from pharmacy.staff.rules import Actor, Permission

MAKER = "made here"


def make_trituration(
    session: Session, facts: TriturationFacts, *, latest: date, by: Actor, now: datetime
) -> IngredientLot:
    """
    Write down a trituration that was mixed from two lots; it stays in quarantine.

    What was weighed leaves its lots, and the mixture is all of it: the balances say so.

    Args:
        latest: The last day that the formula and the components allow.

    Raises:
        LotInvalid: The lots are not of naltrexone and of a filler.
        LotNotUsable: A component may not be used, or holds too little.
        BeyondUseTooLate: The date is later than `latest`.
        LotKnown: The number was used before.
    """
    by.require(Permission.RECEIVE_LOT)
    active = queries.get_ingredient_lot(session, facts.active_lot_id)
    diluent = queries.get_ingredient_lot(session, facts.diluent_lot_id)
    if active.ingredient != NALTREXONE or diluent.salt_form is not None:
        raise LotInvalid("a trituration is naltrexone in a filler")
    require_beyond_use(facts.beyond_use_on, latest=latest)
    if queries.has_ingredient_lot(session, TRITURATION, facts.lot_number):
        raise LotKnown("a lot of this number is known", lot_number=facts.lot_number)
    lot = _add(session, facts, active, by)
    for component, amount in sorted(
        [(active.id, facts.active), (diluent.id, facts.diluent)], key=lambda pair: pair[0]
    ):
        draw_powder(session, component, amount, cause_id=lot.id, by=by, now=now)
    write_powder_move(session, lot.id, PowderReason.RECEIVED, facts.total, lot.id, by=by, now=now)
    parents: set[UUID] = {active.id, diluent.id}
    record_components(session, made_powder_id=lot.id, ingredient_lot_ids=parents, now=now)
    audit.record(
        session,
        "trituration.made",
        by=by,
        at=now,
        subject_kind="lot",
        subject_id=lot.id,
        detail={"lot_number": lot.lot_number, "active_ug_per_g": lot.active_ug_per_g},
    )
    return lot


def _add(
    session: Session, facts: TriturationFacts, active: IngredientLot, by: Actor
) -> IngredientLot:
    lot = IngredientLot(
        id=new_id(),
        ingredient=TRITURATION,
        lot_number=facts.lot_number,
        manufacturer=MAKER,
        establishment=active.establishment,
        active_ug_per_g=facts.active_ug_per_g,
        received_on=facts.made_on,
        expires_on=facts.beyond_use_on,
        status=LotStatus.QUARANTINED,
        on_hand_ug=facts.total.micrograms,
        received_by=by.id,
    )
    session.add(lot)
    session.flush()
    return lot
