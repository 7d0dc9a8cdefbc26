"""Reading lots: what is free, what is not and why."""

from collections.abc import Collection, Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from pharmacy.inventory.models import CapsuleLot, IngredientLot, LotStatus
from pharmacy.inventory.rules.allocation import Need, WhyNot, why_not
from pharmacy.kernel.refusals import NotFound


class LotNotFound(NotFound):
    """There is no such lot."""

    code = "lot-not-found"


def get_capsule_lot(session: Session, lot_id: UUID) -> CapsuleLot:
    """Return a capsule lot. Raises LotNotFound."""
    if (lot := session.get(CapsuleLot, lot_id)) is None:
        raise LotNotFound("there is no such capsule lot")
    return lot


def get_ingredient_lot(session: Session, lot_id: UUID) -> IngredientLot:
    """Return an ingredient lot. Raises LotNotFound."""
    if (lot := session.get(IngredientLot, lot_id)) is None:
        raise LotNotFound("there is no such ingredient lot")
    return lot


def lock_capsule_lots(session: Session, lot_ids: Collection[UUID]) -> dict[UUID, CapsuleLot]:
    """Return capsule lots locked, in the order of their ids, so that nobody waits in a circle."""
    found = session.scalars(
        select(CapsuleLot)
        .where(CapsuleLot.id.in_(lot_ids))
        .order_by(CapsuleLot.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return {lot.id: lot for lot in found}


def lock_free(
    session: Session, strengths_ug: Collection[int], *, usable_on: date
) -> list[CapsuleLot]:
    """Return the released lots of these strengths that have capsules to give, locked."""
    return list(
        session.scalars(
            select(CapsuleLot)
            .where(
                CapsuleLot.status == LotStatus.RELEASED,
                CapsuleLot.strength_ug.in_(strengths_ug),
                CapsuleLot.beyond_use_on >= usable_on,
                CapsuleLot.on_hand > CapsuleLot.reserved,
            )
            .order_by(CapsuleLot.id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    )


def capsule_lots(
    session: Session,
    *,
    strength_ug: int | None = None,
    status: LotStatus | None = None,
    after: tuple[date, UUID] | None = None,
    limit: int,
) -> Sequence[CapsuleLot]:
    """Return capsule lots, the first to expire first; `limit` and one more where there are more."""
    found = select(CapsuleLot).order_by(CapsuleLot.beyond_use_on, CapsuleLot.id).limit(limit + 1)
    if strength_ug is not None:
        found = found.where(CapsuleLot.strength_ug == strength_ug)
    if status is not None:
        found = found.where(CapsuleLot.status == status)
    if after is not None:
        found = found.where(tuple_(CapsuleLot.beyond_use_on, CapsuleLot.id) > after)
    return session.scalars(found).all()


def ingredient_lots(
    session: Session,
    *,
    ingredient: str | None = None,
    after: tuple[date, UUID] | None = None,
    limit: int,
) -> Sequence[IngredientLot]:
    """Return ingredient lots, the first received first; one more than `limit` where there are."""
    found = (
        select(IngredientLot).order_by(IngredientLot.received_on, IngredientLot.id).limit(limit + 1)
    )
    if ingredient is not None:
        found = found.where(IngredientLot.ingredient == ingredient)
    if after is not None:
        found = found.where(tuple_(IngredientLot.received_on, IngredientLot.id) > after)
    return session.scalars(found).all()


def explain(session: Session, need: Need, *, today: date) -> list[tuple[CapsuleLot, WhyNot | None]]:
    """Return every lot of a strength, and why it is not offered; the first to expire first."""
    found = session.scalars(
        select(CapsuleLot)
        .where(CapsuleLot.strength_ug == need.strength_ug, CapsuleLot.on_hand > 0)
        .order_by(CapsuleLot.beyond_use_on, CapsuleLot.id)
    )
    return [(lot, why_not(lot.supply, need, today=today)) for lot in found]
