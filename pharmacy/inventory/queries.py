"""Reading lots: what is free, what is not and why."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from pharmacy.inventory.models import (
    CapsuleLot,
    Certificate,
    IngredientLot,
    LotComponent,
    LotStatus,
    PowderMove,
    PowderReason,
    ShellLot,
    ShellMove,
)
from pharmacy.inventory.rules.allocation import Hidden, Need, WhyNot, why_hidden, why_not
from pharmacy.inventory.rules.barcodes import Scan
from pharmacy.inventory.rules.lots import component_expiry
from pharmacy.kernel.refusals import NotFound
from pharmacy.practice import queries as practice


class LotNotFound(NotFound):
    """There is no such lot."""

    code = "lot-not-found"


class CertificateNotFound(NotFound):
    """No certificate of analysis is kept for the lot."""

    code = "certificate-not-found"
    remedy = "Send the certificate's PDF to the lot."


def get_capsule_lot(session: Session, lot_id: UUID) -> CapsuleLot:
    """Return a capsule lot. Raises LotNotFound."""
    if (lot := session.get(CapsuleLot, lot_id)) is None:
        raise LotNotFound("there is no such capsule lot")
    return lot


def capsule_lots_of(session: Session, lot_ids: Collection[UUID]) -> dict[UUID, CapsuleLot]:
    """Return capsule lots by id, in one look."""
    found = select(CapsuleLot).where(CapsuleLot.id.in_(lot_ids))
    return {lot.id: lot for lot in session.scalars(found)}


def get_ingredient_lot(session: Session, lot_id: UUID) -> IngredientLot:
    """Return an ingredient lot. Raises LotNotFound."""
    if (lot := session.get(IngredientLot, lot_id)) is None:
        raise LotNotFound("there is no such ingredient lot")
    return lot


def has_ingredient_lot(session: Session, ingredient: str, lot_number: str) -> bool:
    """Say whether a lot of this number is known."""
    same = select(IngredientLot.id).where(
        IngredientLot.ingredient == ingredient, IngredientLot.lot_number == lot_number
    )
    return session.scalars(same).first() is not None


def get_shell_lot(session: Session, lot_id: UUID) -> ShellLot:
    """Return a lot of shells. Raises LotNotFound."""
    if (lot := session.get(ShellLot, lot_id)) is None:
        raise LotNotFound("there is no such lot of shells")
    return lot


def lock_ingredient_lot(session: Session, lot_id: UUID) -> IngredientLot:
    """Return an ingredient lot, locked. Raises LotNotFound."""
    get_ingredient_lot(session, lot_id)
    return session.get_one(IngredientLot, lot_id, with_for_update=True, populate_existing=True)


def lock_ingredient_lots(session: Session, lot_ids: Collection[UUID]) -> Sequence[IngredientLot]:
    """Return ingredient lots locked, in the order of their ids."""
    found = select(IngredientLot).where(IngredientLot.id.in_(lot_ids)).order_by(IngredientLot.id)
    locked = found.with_for_update().execution_options(populate_existing=True)
    return session.scalars(locked).all()


def lock_shell_lot(session: Session, lot_id: UUID) -> ShellLot:
    """Return a lot of shells, locked. Raises LotNotFound."""
    get_shell_lot(session, lot_id)
    return session.get_one(ShellLot, lot_id, with_for_update=True, populate_existing=True)


def weighed_for(session: Session, lot_id: UUID, cause_id: UUID) -> int:
    """Return how many micrograms were weighed from a lot for one cause; 0 when none were."""
    drawn = select(PowderMove.quantity_ug).where(
        PowderMove.lot_id == lot_id,
        PowderMove.cause_id == cause_id,
        PowderMove.kind == PowderReason.WEIGHED,
    )
    return session.scalars(drawn).one_or_none() or 0


def usable_ingredient_lots(
    session: Session, ingredient: str, *, on: date
) -> list[tuple[IngredientLot, Hidden | None]]:
    """Return every lot of an ingredient and why it is hidden, the first to expire first."""
    months = practice.policy(session).undated_component_months
    found = session.scalars(select(IngredientLot).where(IngredientLot.ingredient == ingredient))
    dated = sorted(((_expiry(lot, months), lot) for lot in found), key=lambda e: (e[0], e[1].id))
    return [
        (lot, why_hidden(lot.status, usable_until=until, left=lot.on_hand_ug, on=on))
        for until, lot in dated
    ]


def ingredients_in(session: Session, lot_id: UUID) -> set[str]:
    """Return what a lot of trituration was mixed from."""
    found = (
        select(IngredientLot.ingredient)
        .join(LotComponent, LotComponent.ingredient_lot_id == IngredientLot.id)
        .where(LotComponent.made_powder_id == lot_id)
    )
    return set(session.scalars(found))


def expiry_of(session: Session, lot: IngredientLot | ShellLot) -> date:
    """Return the last day on which a component is used."""
    return _expiry(lot, practice.policy(session).undated_component_months)


def _expiry(lot: IngredientLot | ShellLot, months: int) -> date:
    return component_expiry(expires_on=lot.expires_on, received_on=lot.received_on, months=months)


def powder_moves(session: Session, lot_id: UUID) -> Sequence[PowderMove]:
    """Return a powder lot's ledger, the first movement first."""
    found = select(PowderMove).where(PowderMove.lot_id == lot_id)
    return session.scalars(found.order_by(PowderMove.at, PowderMove.id)).all()


def shell_moves(session: Session, lot_id: UUID) -> Sequence[ShellMove]:
    """Return the ledger of a lot of shells, the first movement first."""
    found = select(ShellMove).where(ShellMove.lot_id == lot_id)
    return session.scalars(found.order_by(ShellMove.at, ShellMove.id)).all()


def get_certificate(session: Session, lot_id: UUID) -> Certificate:
    """Return the certificate of analysis of a lot, as it came. Raises CertificateNotFound."""
    return get_document(session, get_ingredient_lot(session, lot_id).certificate_sha256)


def get_document(session: Session, digest: bytes | None) -> Certificate:
    """Return a document by its digest. Raises CertificateNotFound where none is kept."""
    if digest is None:
        raise CertificateNotFound("no certificate is kept")
    return session.get_one(Certificate, digest)


AnyLot = TypeVar("AnyLot", bound=IngredientLot | ShellLot | CapsuleLot)


def lots_by_id(
    session: Session, table: type[AnyLot], lot_ids: Collection[UUID]
) -> Sequence[AnyLot]:
    """Return lots of one kind, in one look."""
    return session.scalars(select(table).where(table.id.in_(lot_ids))).all()


def by_scan(session: Session, scan: Scan) -> list[IngredientLot | ShellLot | CapsuleLot]:
    """Return the lots that a scanned code may mean: one by our own code, else by lot number."""
    if scan.own_id is not None and scan.own_prefix is not None:
        kind = {"ing": IngredientLot, "shl": ShellLot, "lot": CapsuleLot}.get(scan.own_prefix)
        lot = session.get(kind, scan.own_id) if kind is not None else None
        return [lot] if isinstance(lot, IngredientLot | ShellLot | CapsuleLot) else []
    found: list[IngredientLot | ShellLot | CapsuleLot] = []
    for table in (IngredientLot, ShellLot, CapsuleLot):
        found += session.scalars(
            select(table).where(table.lot_number == scan.lot_number).order_by(table.id)
        )
    return found


def shell_lots(session: Session, *, limit: int) -> Sequence[ShellLot]:
    """Return lots of shells, the newest receipt first."""
    newest = select(ShellLot).order_by(ShellLot.received_on.desc(), ShellLot.id)
    return session.scalars(newest.limit(limit)).all()


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
