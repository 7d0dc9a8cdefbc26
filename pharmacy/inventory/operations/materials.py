"""Powder and shells leave their lots: locked, refused when unusable, each cause once."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as insert_or
from sqlalchemy.orm import Session

from pharmacy.inventory import queries
from pharmacy.inventory.models import (
    IngredientLot,
    LotComponent,
    LotStatus,
    PowderMove,
    PowderReason,
    ShellLot,
    ShellMove,
    ShellReason,
)
from pharmacy.inventory.rules.allocation import Hidden, why_hidden
from pharmacy.inventory.rules.lots import LotInvalid, LotNotUsable
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.quantities import Mass
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Actor

OUT_OF_POWDER: Final = frozenset({PowderReason.WEIGHED, PowderReason.WASTED, PowderReason.SAMPLED})
OUT_OF_SHELLS: Final = frozenset({ShellReason.FILLED, ShellReason.WASTED})


def draw_powder(
    session: Session,
    lot_id: UUID,
    amount: Mass,
    *,
    cause_id: UUID,
    reason: PowderReason = PowderReason.WEIGHED,
    by: Actor,
    now: datetime,
) -> IngredientLot:
    """
    Take powder out of a lot.

    Args:
        reason: What is wasted or sampled may come from a lot that is not released.

    Raises:
        LotNotUsable: Quarantined, recalled, rejected, past its date, or it holds less.
        LotInvalid: No amount, or a reason for which nothing leaves a lot.
    """
    if reason not in OUT_OF_POWDER or amount <= Mass.ZERO:
        raise LotInvalid("powder leaves a lot for a weighing, as waste or as a sample")
    lot = queries.lock_ingredient_lot(session, lot_id)
    require_usable(session, lot, now, for_use=reason is PowderReason.WEIGHED)
    if lot.on_hand_ug < amount.micrograms:
        held = Mass.of_micrograms(lot.on_hand_ug)
        raise LotNotUsable(f"the lot holds {held}", reason="too-little")
    lot.on_hand_ug -= amount.micrograms
    session.flush()
    write_powder_move(session, lot_id, reason, amount, cause_id, by=by, now=now)
    return lot


def return_powder(
    session: Session, lot_id: UUID, *, cause_id: UUID, by: Actor, now: datetime
) -> IngredientLot:
    """
    Put back what a weighing drew and did not use, as if it had never left.

    Raises:
        LotInvalid: The cause drew nothing from this lot.
    """
    lot = queries.lock_ingredient_lot(session, lot_id)
    amount = queries.weighed_for(session, lot_id, cause_id)
    if amount == 0:
        raise LotInvalid("nothing was weighed from this lot for it")
    lot.on_hand_ug += amount
    session.flush()
    mass = Mass.of_micrograms(amount)
    write_powder_move(session, lot_id, PowderReason.RETURNED, mass, cause_id, by=by, now=now)
    return lot


def draw_shells(
    session: Session,
    lot_id: UUID,
    count: int,
    *,
    cause_id: UUID,
    reason: ShellReason = ShellReason.FILLED,
    by: Actor,
    now: datetime,
) -> ShellLot:
    """Take shells out of a lot, for a batch. Raises as `draw_powder`."""
    if reason not in OUT_OF_SHELLS or count <= 0:
        raise LotInvalid("shells leave a lot to be filled, or as waste")
    lot = queries.lock_shell_lot(session, lot_id)
    require_usable(session, lot, now, for_use=reason is ShellReason.FILLED)
    if lot.on_hand < count:
        raise LotNotUsable(f"the lot holds {lot.on_hand} shells", reason="too-little")
    lot.on_hand -= count
    session.flush()
    write_shell_move(session, lot_id, reason, count, cause_id, by=by, now=now)
    return lot


def record_components(
    session: Session,
    *,
    capsule_lot_id: UUID | None = None,
    made_powder_id: UUID | None = None,
    ingredient_lot_ids: Collection[UUID],
    shell_lot_id: UUID | None = None,
    now: datetime,
) -> None:
    """Remember what a lot of capsules or of trituration was made of. Repeating it adds nothing."""
    product = {"capsule_lot_id": capsule_lot_id, "made_powder_id": made_powder_id, "at": now}
    edges: Sequence[dict[str, object]] = [
        {"id": new_id(), **product, "ingredient_lot_id": lot_id, "shell_lot_id": None}
        for lot_id in sorted(set(ingredient_lot_ids))
    ]
    if shell_lot_id is not None:
        shells = {"ingredient_lot_id": None, "shell_lot_id": shell_lot_id}
        edges = [*edges, {"id": new_id(), **product, **shells}]
    if edges:
        session.execute(insert_or(LotComponent).on_conflict_do_nothing(), edges)


def require_usable(
    session: Session, lot: IngredientLot | ShellLot, now: datetime, *, for_use: bool = True
) -> None:
    """Raise LotNotUsable, with the reason among its facts, unless a lot may be used today."""
    hidden = why_hidden(
        lot.status,
        usable_until=queries.expiry_of(session, lot),
        left=1,
        on=practice.site(session).today(now),
    )
    if hidden is not None and (for_use or lot.status is LotStatus.RECALLED):
        words = "past its date" if hidden is Hidden.EXPIRED else hidden
        raise LotNotUsable(f"the lot is {words}", reason=hidden)


def write_powder_move(
    session: Session,
    lot_id: UUID,
    kind: PowderReason,
    amount: Mass,
    cause_id: UUID,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Write a movement that was already taken from, or added to, the lot's balance."""
    session.execute(
        insert(PowderMove).values(
            id=new_id(),
            lot_id=lot_id,
            kind=kind,
            quantity_ug=amount.micrograms,
            cause_id=cause_id,
            by_id=by.id,
            at=now,
        )
    )


def write_shell_move(
    session: Session,
    lot_id: UUID,
    kind: ShellReason,
    quantity: int,
    cause_id: UUID,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Write a movement of shells, as `write_powder_move`."""
    session.execute(
        insert(ShellMove).values(
            id=new_id(),
            lot_id=lot_id,
            kind=kind,
            quantity=quantity,
            cause_id=cause_id,
            by_id=by.id,
            at=now,
        )
    )
