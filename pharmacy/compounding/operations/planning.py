"""Taking a batch into the plan, and setting the lots that it is made from beside the balance."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from pharmacy.compounding import queries
from pharmacy.compounding.models import Batch, BatchActiveLot
from pharmacy.compounding.operations.preparing import lay_out
from pharmacy.compounding.operations.steps import person, remember
from pharmacy.compounding.rules.bench import work_out
from pharmacy.compounding.rules.life import BatchAction
from pharmacy.formulary import queries as formulary
from pharmacy.formulary.rules import NALTREXONE
from pharmacy.formulary.rules.ingredients import TRITURATION
from pharmacy.inventory import queries as lots
from pharmacy.inventory.models import IngredientLot, LotStatus
from pharmacy.inventory.rules.lots import LotNotUsable
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Actor, Permission


class BatchTooLarge(Invalid):
    """More capsules than the policy allows in one batch."""

    code = "batch-too-large"
    remedy = "Make several batches."


class WrongLot(Conflict):
    """The scanned lot is not what this batch is made from."""

    code = "wrong-lot"
    remedy = "Put it back, and scan a lot of the ingredient that the facts name."


class LotsInUse(Conflict):
    """Something of the present lots was weighed already."""

    code = "lots-in-use"
    remedy = "Void those weighings first, with the reason."


class AnticipationTooLarge(Invalid):
    """More than open orders need, beyond what the past year's dispensing justifies."""

    code = "anticipation-too-large"
    remedy = "Plan no more than the facts allow, and write the justification down."


def plan(
    session: Session,
    *,
    strength_ug: int,
    capsules: int,
    beyond_orders: int,
    justification: str | None = None,
    by: Actor,
    now: datetime,
) -> Batch:
    """
    Accept a batch: a pharmacist decides that it is made, on the formulation in force.

    Args:
        beyond_orders: How many of its capsules no open order needs.

    Raises:
        AnticipationTooLarge: More of them than the policy allows, or no justification.
        BatchTooLarge: More capsules than one batch may hold.
        FormulationNotFound: No formulation makes the strength.

    Source: domain.md 3.1 (quantities in advance of orders).
    """
    by.require(Permission.ACCEPT_BATCH)
    policy = practice.policy(session)
    if not 0 < capsules <= policy.most_capsules_in_batch:
        raise BatchTooLarge(
            f"a batch holds 1 to {policy.most_capsules_in_batch} capsules",
            most=policy.most_capsules_in_batch,
        )
    formulation = formulary.get(session, strength_ug)
    if beyond_orders > 0:
        days = policy.anticipatory_days
        most = queries.most_dispensed(session, strength_ug, days=days, now=now)
        if beyond_orders > most or not (justification or "").strip():
            raise AnticipationTooLarge(
                f"{beyond_orders} capsules are for nobody yet", most=most, days=days
            )
    batch = Batch(
        id=new_id(),
        number=_next_number(session, now),
        strength_ug=strength_ug,
        formulation_id=formulation.id,
        capsules=capsules,
        is_anticipatory=beyond_orders > 0,
        justification=justification,
        planned_by=person(by),
        planned_at=now,
        version=1,
        round_no=1,
        working=[],
    )
    session.add(batch)
    session.flush()
    session.refresh(batch)
    lay_out(session, batch, formulation, state=practice.site(session).state)
    facts = {"strength_ug": strength_ug, "capsules": capsules, "beyond_orders": beyond_orders}
    remember(session, batch, BatchAction.PLAN, by=by, now=now, reason=justification, facts=facts)
    return batch


def _next_number(session: Session, now: datetime) -> str:
    """Return `B261122-01`: the pharmacy's date, and a count of that day."""
    session.execute(text("lock table batches in share row exclusive mode"))
    day = f"B{practice.site(session).today(now):%y%m%d}-"
    taken = select(func.count()).where(Batch.number.startswith(day, autoescape=True))
    return f"{day}{session.scalars(taken).one() + 1:02}"


def scan_lots(
    session: Session,
    batch_id: UUID,
    *,
    active_lot_ids: Sequence[UUID],
    filler_lot_id: UUID,
    by: Actor,
    now: datetime,
) -> Batch:
    """
    Set the powders of a batch beside the balance, and work the sheet out for these very lots.

    Another lot means another correction, so the sheet is worked out again, and nothing that was
    weighed of other lots may count.

    Args:
        active_lot_ids: One lot of naltrexone, several of one salt form in the order of use, or one
            stock trituration in the formulation's filler.

    Raises:
        WrongLot: Not naltrexone, not the formulation's filler, or the same lot twice.
        SaltFormsMixed, TriturationAlone, NotEnoughPowder: See `rules.sources`.
        LotNotUsable: Quarantined, recalled, rejected or past its date.
        LotsInUse: Something of another lot counts already.
        PackingMissing, ActiveLotTooSmall, CertificateIncomplete, and others: As in `rules.bench`.
    """
    by.require(Permission.COMPOUND)
    batch = queries.lock(session, batch_id)
    batch.require(BatchAction.SCAN)
    formulation = formulary.version(session, batch.formulation_id)
    formula = formulation.formula
    actives = _scanned_actives(session, active_lot_ids, formula.filler, now)
    fill_up = _scanned(session, filler_lot_id, formula.filler, now)
    if queries.counting(session, batch.id):
        raise LotsInUse("weighings of the present lots count already")
    worked = work_out(
        queries.bench_of(
            session, formula, actives=actives, fill_up=fill_up, policy=practice.policy(session)
        ),
        strength_ug=batch.strength_ug,
        capsules_wanted=batch.capsules,
    )
    if worked.pending or worked.sheet is None:
        first = worked.pending[0]
        raise LotNotUsable(first.words, reason=first.code)
    batch.apply(BatchAction.SCAN)
    _keep_actives(session, batch, [lot.id for lot in actives][: len(worked.sheet.shares) or 1])
    batch.filler_lot_id = fill_up.id
    batch.sheet = worked.sheet.to_data()
    batch.working = worked.working()
    batch.theoretical_net_mg = worked.sheet.fill.net.mg
    facts = {
        "active": ", ".join(lot.lot_number for lot in actives),
        "filler": fill_up.lot_number,
    }
    remember(session, batch, BatchAction.SCAN, by=by, now=now, facts=facts)
    return batch


def check_lot(session: Session, batch_id: UUID, lot_id: UUID, *, now: datetime) -> bool:
    """
    Say whether a scanned lot is the batch's naltrexone, rather than its filler.

    Raises:
        WrongLot: It is neither.
        LotNotUsable: Quarantined, recalled, rejected or past its date.
    """
    batch = queries.get(session, batch_id)
    filler = formulary.version(session, batch.formulation_id).filler
    kind = lots.get_ingredient_lot(session, lot_id).ingredient
    expected = kind if kind in {NALTREXONE, TRITURATION, filler} else NALTREXONE
    return _scanned(session, lot_id, expected, now).ingredient != filler


def _scanned_actives(
    session: Session, lot_ids: Sequence[UUID], filler: str, now: datetime
) -> list[IngredientLot]:
    if not lot_ids or len(set(lot_ids)) < len(lot_ids):
        raise WrongLot("scan each lot of naltrexone once", expected=NALTREXONE)
    found = []
    for lot_id in lot_ids:
        kind = lots.get_ingredient_lot(session, lot_id).ingredient
        expected = TRITURATION if kind == TRITURATION else NALTREXONE
        found.append(_scanned(session, lot_id, expected, now))
        if kind == TRITURATION and filler not in lots.ingredients_in(session, lot_id):
            raise WrongLot("the trituration is in another filler", expected=filler)
    return found


def _keep_actives(session: Session, batch: Batch, lot_ids: Sequence[UUID]) -> None:
    session.execute(delete(BatchActiveLot).where(BatchActiveLot.batch_id == batch.id))
    session.execute(
        insert(BatchActiveLot),
        [
            {"batch_id": batch.id, "no": no, "ingredient_lot_id": lot_id}
            for no, lot_id in enumerate(lot_ids, start=1)
        ],
    )
    batch.active_lot_id = lot_ids[0]


def _scanned(session: Session, lot_id: UUID, ingredient: str, now: datetime) -> IngredientLot:
    lot = lots.get_ingredient_lot(session, lot_id)
    if lot.ingredient != ingredient:
        raise WrongLot(f"this is {lot.ingredient}", expected=ingredient)
    if lot.status is not LotStatus.RELEASED:
        raise LotNotUsable(f"the lot is {lot.status}", reason=lot.status)
    until = lots.expiry_of(session, lot)
    if until < practice.site(session).today(now):
        raise LotNotUsable("the lot is past its date", reason="expired", on=until.isoformat())
    return lot
