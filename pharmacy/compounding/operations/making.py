"""Blending and filling: from weighed powder to capsules in quarantine."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.compounding import queries
from pharmacy.compounding.models import Batch
from pharmacy.compounding.operations.deciding import investigate
from pharmacy.compounding.operations.preparing import require_steps
from pharmacy.compounding.operations.steps import person, remember
from pharmacy.compounding.operations.weighing import LotsNotScanned
from pharmacy.compounding.rules.batch import BatchImpossible, yield_percent
from pharmacy.compounding.rules.beyond_use import BeyondUse, Component, beyond_use
from pharmacy.compounding.rules.life import BatchAction, BatchStatus
from pharmacy.compounding.rules.preparation import Act
from pharmacy.compounding.rules.working import Notebook
from pharmacy.formulary import queries as formulary
from pharmacy.formulary.models import Formulation
from pharmacy.formulary.rules.formulation import MOST_OVERAGE
from pharmacy.inventory import operations as inventory
from pharmacy.inventory import queries as lots
from pharmacy.inventory.models import IngredientLot, ShellLot
from pharmacy.inventory.rules.allocation import why_hidden
from pharmacy.inventory.rules.lots import CapsuleLotFacts, LotNotUsable
from pharmacy.kernel.refusals import Conflict
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Actor, Permission


class WrongShells(Conflict):
    """The shells are not of the formulation's size."""

    code = "wrong-shells"
    remedy = "Scan a lot of shells of the size that the facts name."


def blend(session: Session, batch_id: UUID, *, by: Actor, now: datetime) -> Batch:
    """Write down that the powders were blended, geometrically. Dates the batch."""
    by.require(Permission.COMPOUND)
    batch = queries.lock(session, batch_id)
    batch.require(BatchAction.BLEND)
    require_steps(session, batch, Act.BLEND)
    batch.apply(BatchAction.BLEND, to=BatchStatus.BLENDED)
    batch.blended_by, batch.blended_at = person(by), now
    batch.compounded_on = practice.site(session).today(now)
    remember(session, batch, BatchAction.BLEND, by=by, now=now)
    return batch


def fill(
    session: Session,
    batch_id: UUID,
    *,
    shell_lot_id: UUID,
    filled: int,
    broken: int,
    by: Actor,
    now: datetime,
) -> Batch:
    """
    Write down how many capsules were filled; they become a lot in quarantine.

    A yield that is off opens an investigation (domain.md 7.4).

    Args:
        broken: Shells that broke or were left over full of nothing; they are waste.

    Raises:
        WrongShells: Of another size.
        LotNotUsable: The shells are not released, past their date, or too few.
        BatchImpossible: More capsules than the powder can be, or none.
        ComponentExpired: A component is past its date.
    """
    by.require(Permission.COMPOUND)
    batch = queries.lock(session, batch_id)
    batch.require(BatchAction.FILL)
    require_steps(session, batch, Act.FILL)
    formulation = formulary.version(session, batch.formulation_id)
    shells = _of_size(session, shell_lot_id, formulation)
    if not 0 < filled <= batch.capsules * (1 + MOST_OVERAGE) or broken < 0:
        raise BatchImpossible(f"{filled} capsules cannot be, of {batch.capsules} planned")
    book = Notebook()
    came_to = yield_percent(filled, planned=batch.capsules, book=book)
    use_by = _beyond_use(session, batch, formulation, shells)
    inventory.draw_shells(session, shells.id, filled + broken, cause_id=batch.id, by=by, now=now)
    _keep_capsules(
        session, batch, formulation, shells, filled=filled, use_by=use_by, by=by, now=now
    )
    batch.apply(BatchAction.FILL, to=BatchStatus.FILLED)
    batch.filled, batch.filled_by, batch.filled_at = filled, person(by), now
    batch.yield_percent = came_to
    lines = [line.to_data() | {"strength_ug": batch.strength_ug} for line in book.lines]
    batch.working = [*batch.working, *lines]
    facts = {"filled": filled, "broken": broken, "beyond_use_on": use_by.on.isoformat()}
    remember(session, batch, BatchAction.FILL, by=by, now=now, facts=facts)
    if abs(came_to - 100) > practice.policy(session).yield_tolerance_percent:
        investigate(
            session,
            batch,
            code="yield",
            reason=f"{filled} of {batch.capsules} planned capsules were filled",
            by=by,
            now=now,
        )
    return batch


def check_shells(session: Session, batch_id: UUID, shell_lot_id: UUID, *, now: datetime) -> None:
    """
    Say in time whether a scanned lot of shells may be filled.

    Raises:
        WrongShells: Of another size.
        LotNotUsable: Quarantined, recalled, rejected, past its date, or empty.
    """
    batch = queries.get(session, batch_id)
    formulation = formulary.version(session, batch.formulation_id)
    shells = _of_size(session, shell_lot_id, formulation)
    why = why_hidden(
        shells.status,
        usable_until=lots.expiry_of(session, shells),
        left=shells.on_hand,
        on=practice.site(session).today(now),
    )
    if why is not None:
        raise LotNotUsable(f"these shells are {why}", reason=why)


def _of_size(session: Session, shell_lot_id: UUID, formulation: Formulation) -> ShellLot:
    shells = lots.get_shell_lot(session, shell_lot_id)
    if shells.capsule_size != formulation.capsule_size:
        raise WrongShells(f"these are of size {shells.capsule_size}", size=formulation.capsule_size)
    return shells


def _beyond_use(
    session: Session, batch: Batch, formulation: Formulation, shells: ShellLot
) -> BeyondUse:
    """Return the date and what set it: the limit, or the first component to expire."""
    if batch.compounded_on is None or batch.active_lot_id is None or batch.filler_lot_id is None:
        raise LotsNotScanned("the batch was never weighed and blended")
    components: list[IngredientLot | ShellLot] = [shells]
    components += [
        lots.get_ingredient_lot(session, lot_id)
        for lot_id in queries.powder_lot_ids(session, batch)
    ]
    policy = practice.policy(session)
    in_force = formulary.get(session, batch.strength_ug).beyond_use_days
    return beyond_use(
        batch.compounded_on,
        limit_days=min(formulation.beyond_use_days, in_force, policy.beyond_use_days),
        day_one=policy.compounding_day_is_day_one,
        components=[_component(session, lot) for lot in components],
    )


def _component(session: Session, lot: IngredientLot | ShellLot) -> Component:
    return Component(lot.lot_number, lots.expiry_of(session, lot))


def _keep_capsules(
    session: Session,
    batch: Batch,
    formulation: Formulation,
    shells: ShellLot,
    *,
    filled: int,
    use_by: BeyondUse,
    by: Actor,
    now: datetime,
) -> None:
    if batch.compounded_on is None or batch.active_lot_id is None or batch.filler_lot_id is None:
        raise LotsNotScanned("the batch was never weighed and blended")
    lot = inventory.receive_capsule_lot(
        session,
        CapsuleLotFacts(
            lot_number=batch.number,
            strength_ug=batch.strength_ug,
            capsule_size=formulation.capsule_size,
            description=shells.description,
            filler=formulation.filler,
            active_lot_id=batch.active_lot_id,
            compounded_on=batch.compounded_on,
            beyond_use_on=use_by.on,
            made=filled,
        ),
        by=by,
        now=now,
    )
    inventory.record_components(
        session,
        capsule_lot_id=lot.id,
        ingredient_lot_ids=queries.powder_lot_ids(session, batch),
        shell_lot_id=shells.id,
        now=now,
    )
    batch.shell_lot_id, batch.capsule_lot_id = shells.id, lot.id
    batch.beyond_use_on, batch.beyond_use_set_by = use_by.on, use_by.set_by
