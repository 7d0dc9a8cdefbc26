"""Weighing, and a pharmacist's verification of it, who is never the one that weighed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.compounding import queries
from pharmacy.compounding.models import Balance, Batch, Captured, Item, Need, Protocol, Weighing
from pharmacy.compounding.operations.planning import WrongLot
from pharmacy.compounding.operations.preparing import require_steps
from pharmacy.compounding.operations.steps import person, remember
from pharmacy.compounding.rules.life import BatchAction, BatchStatus
from pharmacy.compounding.rules.preparation import Act
from pharmacy.compounding.rules.tolerance import (
    WeighingVerdict,
    judge,
    require_shown,
    tolerance,
)
from pharmacy.compounding.rules.weighing import BelowMinimumWeighable
from pharmacy.infra import audit
from pharmacy.inventory import operations as inventory
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.quantities import Mass
from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.practice import queries as practice
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Actor, Permission, require_second_person


class LotsNotScanned(Conflict):
    """No lots were scanned yet, so there is no target."""

    code = "lots-not-scanned"
    remedy = "Scan the lots of the powders first."


class ItemNotNeeded(Conflict):
    """The sheet of this batch does not weigh that."""

    code = "item-not-needed"
    remedy = "Weigh what the sheet names."


class WeighedAlready(Conflict):
    """A weighing of this item counts already."""

    code = "weighed-already"
    remedy = "Void that weighing first, with the reason."


class BalanceOverdue(Conflict):
    """The balance's verification has lapsed."""

    code = "balance-overdue"
    remedy = "Verify the balance, or use another one."


class TwoWires(Invalid):
    """A balance answers on one wire, a serial server's or this machine's."""

    code = "balance-on-two-wires"
    remedy = "Say where the balance is plugged in."


class WeighingNotVerifiable(Conflict):
    """Voided, out of tolerance, or verified before."""

    code = "weighing-not-verifiable"


class SecondReaderNeeded(Invalid):
    """A typed weight was read by two people of the pharmacy."""

    code = "second-reader-needed"
    remedy = "Have a colleague read the display too, or connect the balance."


class ReasonNeeded(Invalid):
    """What is undone is undone for a reason."""

    code = "reason-needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a balance showed, and how it came here."""

    balance_id: UUID
    shown: Mass
    captured: Captured
    raw: str | None = None
    second_by: UUID | None = None
    """Who read the display too; for a typed weight."""


FIELDS: Final = {
    Item.TRITURATION_ACTIVE: "active_mg",
    Item.TRITURATION_DILUENT: "diluent_mg",
    Item.TRITURATION_PART: "aliquot_mg",
}


def targets(session: Session, batch: Batch) -> dict[Need, Mass]:
    """Return what the sheet weighs, in the order of weighing. Raises LotsNotScanned."""
    return targets_from(batch, queries.active_lot_ids(session, batch.id))


def targets_from(batch: Batch, active_lot_ids: Sequence[UUID]) -> dict[Need, Mass]:
    """Return what the sheet weighs, of lots in the order of use. Raises LotsNotScanned."""
    if batch.sheet is None:
        raise LotsNotScanned("no lots were scanned for this batch")
    found: dict[Need, Mass] = {}
    if (diluted := batch.sheet["trituration"]) is not None:
        of = {
            Item.TRITURATION_ACTIVE: batch.active_lot_id,
            Item.TRITURATION_DILUENT: batch.filler_lot_id,
            Item.TRITURATION_PART: None,
        }
        found |= {
            Need(item, of[item]): Mass(Decimal(diluted[field])) for item, field in FIELDS.items()
        }
    elif shares := batch.sheet.get("shares"):
        found |= {
            Need(Item.ACTIVE, lot_id): Mass(Decimal(share["weigh_mg"]))
            for lot_id, share in zip(active_lot_ids, shares, strict=True)
        }
    else:
        found[Need(Item.ACTIVE, batch.active_lot_id)] = Mass(Decimal(batch.sheet["weigh_mg"]))
    filler = Mass(Decimal(batch.sheet["filler_weigh_mg"]))
    return found | {Need(Item.FILLER, batch.filler_lot_id): filler}


def add_balance(
    session: Session,
    *,
    name: str,
    protocol: Protocol,
    figures: tuple[Mass, Mass, Decimal],
    address: tuple[str, int] | None,
    device: tuple[str, int] | None = None,
    verified_on: date,
    due_on: date,
    by: Actor,
    now: datetime,
) -> Balance:
    """
    Write down a balance.

    Args:
        figures: Its step, its minimum weight and its error limit there, in per cent.
        address: Host and port at which it answers; None without such a wire.
        device: The serial port of this machine that it is on, and the port's speed, baud.

    Raises:
        TwoWires: It is said to be on both.
    """
    by.require(Permission.RELEASE_LOT)
    if address is not None and device is not None:
        raise TwoWires("a balance is on one wire")
    step, minimum, error = figures
    balance = Balance(
        id=new_id(),
        name=name,
        protocol=protocol,
        host=address[0] if address else None,
        port=address[1] if address else None,
        device=device[0] if device else None,
        baud=device[1] if device else None,
        step_ug=step.micrograms,
        minimum_ug=minimum.micrograms,
        error_percent=error,
        verified_on=verified_on,
        due_on=due_on,
    )
    balance.figures  # noqa: B018  # refuses figures that make no sense
    session.add(balance)
    session.flush()
    audit.record(
        session,
        "balance.added",
        by=by,
        at=now,
        subject_kind="balance",
        subject_id=balance.id,
        detail={"name": name, "due_on": due_on.isoformat()},
    )
    return balance


def require_verified(session: Session, balance: Balance, now: datetime) -> None:
    """Raise BalanceOverdue unless the balance's verification holds today."""
    if balance.due_on < practice.site(session).today(now):
        raise BalanceOverdue("the verification has lapsed", due_on=balance.due_on.isoformat())


def require_reader(session: Session, reading: Reading, by: Actor) -> None:
    """Raise SecondReaderNeeded unless a typed weight was read by a colleague too."""
    if reading.captured is Captured.BALANCE:
        return
    second = reading.second_by
    if second is None or second == by.id or not staff.may(session, second, Permission.COMPOUND):
        raise SecondReaderNeeded("a typed weight names a colleague who read it too")


def weigh(
    session: Session,
    batch_id: UUID,
    *,
    item: Item,
    lot_id: UUID | None,
    reading: Reading,
    by: Actor,
    now: datetime,
) -> Weighing:
    """
    Write down what the balance showed for one item, with its verdict.

    A weight out of tolerance is kept and does not count; adjust the powder and weigh again. One
    within takes its powder out of the lot.

    Args:
        lot_id: The scanned lot that the powder came from; None for part of a trituration.

    Raises:
        WrongLot: Not the lot that the sheet was worked out for.
        BelowMinimumWeighable, WeightNotShown, BalanceOverdue: Not on this balance.
        SecondReaderNeeded: Typed by one person alone.
        WeighedAlready, ItemNotNeeded, LotsNotScanned, LotNotUsable: As they say.
    """
    by.require(Permission.COMPOUND)
    batch = queries.lock(session, batch_id)
    batch.require(BatchAction.WEIGH)
    require_steps(session, batch, Act.WEIGH)
    target = _target(session, batch, Need(item, lot_id))
    balance = queries.get_balance(session, reading.balance_id)
    _require_fit(session, balance, reading, target, now)
    require_reader(session, reading, by)
    within = allowed(session, target, balance)
    judged = judge(reading.shown, target=target, within=within)
    weighing = Weighing(
        id=new_id(),
        batch_id=batch.id,
        item=item,
        ingredient_lot_id=lot_id,
        target_ug=target.micrograms,
        tolerance_ug=within.micrograms,
        shown_ug=reading.shown.micrograms,
        verdict=judged.verdict,
        captured=reading.captured,
        balance_id=balance.id,
        raw=reading.raw,
        weighed_by=person(by),
        weighed_at=now,
        second_by=reading.second_by,
    )
    session.add(weighing)
    batch.apply(BatchAction.WEIGH, to=BatchStatus.WEIGHING)
    session.flush()
    if judged.verdict is WeighingVerdict.WITHIN and lot_id is not None:
        inventory.draw_powder(session, lot_id, reading.shown, cause_id=weighing.id, by=by, now=now)
    facts = {"item": item, "shown_ug": weighing.shown_ug, "verdict": judged.verdict}
    remember(session, batch, BatchAction.WEIGH, by=by, now=now, facts=facts)
    return weighing


def allowed(session: Session, target: Mass, balance: Balance) -> Mass:
    """Return how far a weighing on a balance may be off its target, either way."""
    percent = practice.policy(session).weighing_tolerance_percent
    found = tolerance(target, balance=balance.figures, percent=percent)
    return found.rounded_to(Mass.of_micrograms(1))


def _target(session: Session, batch: Batch, need: Need) -> Mass:
    """Return what is to be weighed of an item from a lot. Raises as `weigh` says."""
    wanted = targets(session, batch)
    items = list(dict.fromkeys(each.item for each in wanted))
    if need.item not in items:
        raise ItemNotNeeded(f"the sheet weighs no {need.item}", items=items)
    counting = queries.counting(session, batch.id)
    if need in counting:
        raise WeighedAlready(f"a weighing of {need.item} counts already")
    mixed = {each.item for each in counting} & FIELDS.keys()
    if need.item is Item.TRITURATION_PART and len(mixed) < len(FIELDS) - 1:
        raise LotsNotScanned("weigh what the trituration is made of first")
    if need not in wanted:
        raise WrongLot("this is not the lot that the sheet was worked out for", item=need.item)
    return wanted[need]


def _require_fit(
    session: Session, balance: Balance, reading: Reading, target: Mass, now: datetime
) -> None:
    require_verified(session, balance, now)
    if target < balance.figures.minimum:
        raise BelowMinimumWeighable(
            f"{target} is too little for this balance", minimum=balance.figures.minimum
        )
    require_shown(reading.shown, balance=balance.figures)


def verify(session: Session, weighing_id: UUID, *, by: Actor, now: datetime) -> Weighing:
    """
    Verify a weighing, as a pharmacist who did not weigh. The last one makes the batch weighed.

    Raises:
        SecondPersonNeeded: Whoever weighed, or read the display, does not verify.
        WeighingNotVerifiable: It does not count, or was verified before.
    """
    by.require(Permission.VERIFY_WEIGHING)
    batch, weighing = queries.lock_weighing(session, weighing_id)
    batch.require(BatchAction.VERIFY)
    require_second_person(maker=weighing.weighed_by, checker=by.id)
    if weighing.second_by is not None:
        require_second_person(maker=weighing.second_by, checker=by.id)
    counts = weighing.voided_at is None and weighing.verdict is WeighingVerdict.WITHIN
    if not counts or weighing.verified_by is not None:
        raise WeighingNotVerifiable("only what counts is verified, once", verdict=weighing.verdict)
    weighing.verified_by, weighing.verified_at = person(by), now
    batch.apply(BatchAction.VERIFY)
    session.flush()
    batch.status = at_the_balance(session, batch)
    remember(session, batch, BatchAction.VERIFY, by=by, now=now, facts={"item": weighing.item})
    return weighing


def at_the_balance(session: Session, batch: Batch) -> BatchStatus:
    """Return how far the weighing of a batch that is not blended yet has come."""
    counting = queries.counting(session, batch.id)
    if not queries.weighings(session, batch.id):
        return BatchStatus.PLANNED
    whole = counting.keys() == targets(session, batch).keys()
    is_verified = all(each.verified_by is not None for each in counting.values())
    return BatchStatus.WEIGHED if whole and is_verified else BatchStatus.WEIGHING


def void(session: Session, weighing_id: UUID, *, reason: str, by: Actor, now: datetime) -> Weighing:
    """
    Make a weighing count no longer, for a reason. Its powder is waste; it never goes back.

    Raises:
        ReasonNeeded: None was given.
        WeighingNotVerifiable: It was voided before.
    """
    by.require(Permission.COMPOUND)
    batch, weighing = queries.lock_weighing(session, weighing_id)
    if weighing.verified_by is not None:
        by.require(Permission.VERIFY_WEIGHING)
    if not reason.strip():
        raise ReasonNeeded("a weighing is voided for a reason")
    if weighing.voided_at is not None:
        raise WeighingNotVerifiable("the weighing was voided before")
    batch.apply(BatchAction.VOID, to=BatchStatus.WEIGHING)
    weighing.voided_by, weighing.voided_at = person(by), now
    weighing.void_reason = reason.strip()
    facts = {"item": weighing.item}
    remember(session, batch, BatchAction.VOID, by=by, now=now, reason=reason, facts=facts)
    return weighing
