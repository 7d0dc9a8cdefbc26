"""Empty capsule shells: received, tared one by one, released."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.inventory import queries
from pharmacy.inventory.models import LotStatus, ShellLot, ShellReason, ShellTare
from pharmacy.inventory.operations.lots import (
    LotKnown,
    LotNotQuarantined,
    keep_document,
    put_papers,
)
from pharmacy.inventory.operations.materials import write_shell_move
from pharmacy.inventory.rules.allocation import why_hidden
from pharmacy.inventory.rules.lots import LotInvalid, LotNotUsable, ShellLotFacts
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.quantities import EXACT, Mass
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Actor, Permission, require_second_person

FEWEST_TARED: Final = 10
"""Empty shells for a mean. Source: domain.md 2.10."""
MICROGRAM: Final = Mass(Decimal("0.001"))


def receive_shell_lot(
    session: Session, facts: ShellLotFacts, *, by: Actor, now: datetime
) -> ShellLot:
    """Write down a lot of shells; it stays in quarantine. Raises LotKnown."""
    by.require(Permission.RECEIVE_LOT)
    columns = asdict(facts)
    columns.pop("received")
    lot = ShellLot(
        id=new_id(),
        **columns,
        on_hand=facts.received,
        status=LotStatus.QUARANTINED,
        received_by=by.id,
    )
    try:
        with session.begin_nested():
            session.add(lot)
    except IntegrityError as error:
        raise LotKnown("a lot of this number is known", lot_number=facts.lot_number) from error
    write_shell_move(session, lot.id, ShellReason.RECEIVED, facts.received, lot.id, by=by, now=now)
    _record(session, "shell-lot.received", lot, by=by, now=now)
    return lot


def store_shell_certificate(
    session: Session, lot_id: UUID, content: bytes, *, by: Actor, now: datetime
) -> ShellLot:
    """Keep the maker's certificate of a lot in quarantine. Raises as `store_certificate`."""
    by.require(Permission.RECEIVE_LOT)
    lot = queries.lock_shell_lot(session, lot_id)
    digest = keep_document(session, content, by=by, now=now)
    put_papers(session, lot, digest, "shell-lot", by=by, now=now)
    return lot


def tare_shells(
    session: Session, lot_id: UUID, weights: Sequence[Mass], *, by: Actor, now: datetime
) -> ShellTare:
    """
    Write down what empty shells of a lot weigh, one by one; their mean is the lot's tare.

    Raises:
        LotInvalid: Fewer than ten shells, or a shell that weighs nothing.
    """
    by.require(Permission.RECEIVE_LOT)
    lot = queries.lock_shell_lot(session, lot_id)
    if len(weights) < FEWEST_TARED or min(weights) <= Mass.ZERO:
        raise LotInvalid(f"at least {FEWEST_TARED} empty shells are weighed one by one")
    total = sum((weight.mg for weight in weights), Decimal(0))
    mean = Mass(EXACT.divide(total, Decimal(len(weights)))).rounded_to(MICROGRAM)
    tare = ShellTare(
        shell_lot_id=lot.id,
        weights_ug=[weight.micrograms for weight in weights],
        mean_ug=mean.micrograms,
        weighed_by=by.id,
        at=now,
    )
    session.add(tare)
    lot.mean_tare_ug = tare.mean_ug
    session.flush()
    _record(session, "shell-lot.tared", lot, by=by, now=now)
    return tare


def release_shell_lot(session: Session, lot_id: UUID, *, by: Actor, now: datetime) -> ShellLot:
    """Allow a lot of shells to be used, as a pharmacist who did not receive it."""
    by.require(Permission.RELEASE_LOT)
    lot = queries.lock_shell_lot(session, lot_id)
    if lot.status is not LotStatus.QUARANTINED:
        raise LotNotQuarantined(f"the lot is {lot.status}", status=lot.status)
    require_second_person(maker=lot.received_by, checker=by.id)
    hidden = why_hidden(
        LotStatus.RELEASED,
        usable_until=queries.expiry_of(session, lot),
        left=lot.on_hand,
        on=practice.site(session).today(now),
    )
    if hidden is not None:
        raise LotNotUsable(f"the lot is {hidden}", reason=hidden)
    lot.status, lot.released_by, lot.released_at = LotStatus.RELEASED, by.id, now
    _record(session, "shell-lot.released", lot, by=by, now=now)
    return lot


def _record(session: Session, action: str, lot: ShellLot, *, by: Actor, now: datetime) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="lot",
        subject_id=lot.id,
        detail={"lot_number": lot.lot_number},
    )
