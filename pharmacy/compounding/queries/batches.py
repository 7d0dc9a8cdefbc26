"""Reading the records of batches."""

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from pharmacy.compounding.models import (
    Balance,
    Batch,
    BatchActiveLot,
    BatchEvent,
    BatchTest,
    CapsuleWeight,
    Investigation,
    Need,
    Weighing,
    WeightKind,
)
from pharmacy.compounding.rules.life import IN_PRODUCTION, BatchStatus
from pharmacy.compounding.rules.tolerance import WeighingVerdict
from pharmacy.kernel.quantities import Mass
from pharmacy.kernel.refusals import NotFound


class BatchNotFound(NotFound):
    """There is no such batch."""

    code = "batch-not-found"


class WeighingNotFound(NotFound):
    """There is no such weighing."""

    code = "weighing-not-found"


class BalanceNotFound(NotFound):
    """There is no such balance."""

    code = "balance-not-found"


def get(session: Session, batch_id: UUID) -> Batch:
    """Return a batch. Raises BatchNotFound."""
    if (batch := session.get(Batch, batch_id)) is None:
        raise BatchNotFound("there is no such batch")
    return batch


def lock(session: Session, batch_id: UUID) -> Batch:
    """Return a batch, locked. Raises BatchNotFound."""
    get(session, batch_id)
    return session.get_one(Batch, batch_id, with_for_update=True, populate_existing=True)


def lock_each(session: Session, batch_ids: Collection[UUID]) -> Sequence[Batch]:
    """Return batches as they are now, locked in the order of their ids."""
    found = select(Batch).where(Batch.id.in_(batch_ids)).order_by(Batch.id).with_for_update()
    return session.scalars(found.execution_options(populate_existing=True)).all()


def by_id(session: Session, batch_ids: Collection[UUID]) -> dict[UUID, Batch]:
    """Return those of these that are batches."""
    found = session.scalars(select(Batch).where(Batch.id.in_(batch_ids)))
    return {batch.id: batch for batch in found}


def batches(
    session: Session,
    *,
    status: BatchStatus | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> Sequence[Batch]:
    """Return batches, the newest first; one more than `limit` where there are."""
    found = select(Batch).order_by(Batch.planned_at.desc(), Batch.id.desc()).limit(limit + 1)
    if status is not None:
        found = found.where(Batch.status == status)
    if after is not None:
        found = found.where(tuple_(Batch.planned_at, Batch.id) < after)
    return session.scalars(found).all()


def capsules_coming(session: Session) -> dict[int, int]:
    """Return, by strength in micrograms, the capsules of batches that are not released yet."""
    capsules = func.coalesce(Batch.filled, Batch.capsules)
    found = session.execute(
        select(Batch.strength_ug, func.sum(capsules))
        .where(Batch.status.in_(IN_PRODUCTION))
        .group_by(Batch.strength_ug)
    )
    return {strength: int(total) for strength, total in found}


MOST_DISPENSED = text("""
    with days as (
        select m.at::date as day, sum(m.quantity) as capsules
        from capsule_moves m join capsule_lots l on l.id = m.lot_id
        where l.strength_ug = :strength_ug and m.kind = 'dispensed' and m.at >= :since
        group by 1
    )
    select coalesce(max(in_all), 0) from (
        select sum(capsules) over (
            order by day range between make_interval(days => :days - 1) preceding and current row
        ) as in_all from days
    ) windows
""")


def most_dispensed(session: Session, strength_ug: int, *, days: int, now: datetime) -> int:
    """Return the most capsules of a strength dispensed in so many days on end, of a year."""
    since = now - timedelta(days=365)
    asked = {"strength_ug": strength_ug, "days": days, "since": since}
    return int(session.execute(MOST_DISPENSED, asked).scalar_one())


def get_balance(session: Session, balance_id: UUID) -> Balance:
    """Return a balance. Raises BalanceNotFound."""
    if (balance := session.get(Balance, balance_id)) is None:
        raise BalanceNotFound("there is no such balance")
    return balance


def balances(session: Session) -> Sequence[Balance]:
    """Return every balance, by name."""
    return session.scalars(select(Balance).order_by(Balance.name)).all()


def weighings(session: Session, batch_id: UUID) -> Sequence[Weighing]:
    """Return every weighing of a batch, also those that do not count, the first first."""
    found = select(Weighing).where(Weighing.batch_id == batch_id)
    return session.scalars(found.order_by(Weighing.weighed_at, Weighing.id)).all()


def active_lot_ids(session: Session, batch_id: UUID) -> list[UUID]:
    """Return the lots that a batch's naltrexone is weighed from, in the order of use."""
    return active_lot_ids_of(session, [batch_id]).get(batch_id, [])


def active_lot_ids_of(session: Session, batch_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """Return the lots that each batch's naltrexone is weighed from, in the order of use."""
    found: dict[UUID, list[UUID]] = {}
    lots = select(BatchActiveLot).where(BatchActiveLot.batch_id.in_(batch_ids))
    for lot in session.scalars(lots.order_by(BatchActiveLot.batch_id, BatchActiveLot.no)):
        found.setdefault(lot.batch_id, []).append(lot.ingredient_lot_id)
    return found


def powder_lot_ids(session: Session, batch: Batch) -> list[UUID]:
    """Return every lot of powder of a batch, naltrexone first."""
    filler = [batch.filler_lot_id] if batch.filler_lot_id is not None else []
    return active_lot_ids(session, batch.id) + filler


class Unsound(NamedTuple):
    """A lot that a batch is made of and must not be released with; in the order of the columns."""

    kind: str
    """`ingredient` or `shell`."""
    lot_id: UUID
    lot_number: str
    why: str
    """Its status, or `expired`."""


def unsound_components(session: Session, batch_id: UUID, *, today: date) -> list[Unsound]:
    """Return the lots in a batch that are not sound; the trigger on its release asks the same."""
    return unsound_components_of(session, [batch_id], today=today).get(batch_id, [])


UNSOUND: Final = text("""
    select b.id, u.kind, u.lot_id, u.lot_number, u.why
    from unnest(cast(:batches as uuid[])) b (id)
    cross join lateral unsound_components(b.id, :today) u
""")


def unsound_components_of(
    session: Session, batch_ids: Sequence[UUID], *, today: date
) -> dict[UUID, list[Unsound]]:
    """Return the lots in each batch that are not sound."""
    found: dict[UUID, list[Unsound]] = {}
    for row in session.execute(UNSOUND, {"batches": list(batch_ids), "today": today}):
        found.setdefault(row.id, []).append(Unsound(*row[1:]))
    return found


def batches_from(session: Session, ingredient_lot_id: UUID) -> Sequence[Batch]:
    """Return the batches whose naltrexone comes from a lot, locked, in the order of their ids."""
    of_lot = select(BatchActiveLot.batch_id).where(
        BatchActiveLot.ingredient_lot_id == ingredient_lot_id
    )
    found = select(Batch).where(Batch.id.in_(of_lot)).order_by(Batch.id).with_for_update()
    return session.scalars(found.execution_options(populate_existing=True)).all()


def counting(session: Session, batch_id: UUID) -> dict[Need, Weighing]:
    """Return the weighing that counts for each item and lot that has one."""
    return counting_of(session, [batch_id]).get(batch_id, {})


def counting_of(session: Session, batch_ids: Collection[UUID]) -> dict[UUID, dict[Need, Weighing]]:
    """Return the weighing that counts for each item and lot of each batch."""
    found: dict[UUID, dict[Need, Weighing]] = {}
    good = select(Weighing).where(
        Weighing.batch_id.in_(batch_ids),
        Weighing.voided_at.is_(None),
        Weighing.verdict == WeighingVerdict.WITHIN,
    )
    for weighing in session.scalars(good):
        found.setdefault(weighing.batch_id, {})[weighing.need] = weighing
    return found


def lock_weighing(session: Session, weighing_id: UUID) -> tuple[Batch, Weighing]:
    """Return a weighing and its batch, both locked, the batch first. Raises WeighingNotFound."""
    if (weighing := session.get(Weighing, weighing_id)) is None:
        raise WeighingNotFound("there is no such weighing")
    batch = lock(session, weighing.batch_id)
    session.refresh(weighing, with_for_update=True)
    return batch, weighing


def weights(session: Session, batch: Batch, kind: WeightKind) -> list[Mass]:
    """Return the weights of this round's shells or capsules, in the order of weighing."""
    found = session.scalars(
        select(CapsuleWeight.shown_ug)
        .where(
            CapsuleWeight.batch_id == batch.id,
            CapsuleWeight.round_no == batch.round_no,
            CapsuleWeight.kind == kind,
        )
        .order_by(CapsuleWeight.no)
    )
    return [Mass.of_micrograms(shown) for shown in found]


def last_tests(session: Session, batch: Batch) -> dict[str, BatchTest]:
    """Return the newest test of each kind in this round."""
    return last_tests_of(session, [batch]).get(batch.id, {})


def last_tests_of(session: Session, batches: Sequence[Batch]) -> dict[UUID, dict[str, BatchTest]]:
    """Return the newest test of each kind in each batch's round."""
    rounds = [(batch.id, batch.round_no) for batch in batches]
    found: dict[UUID, dict[str, BatchTest]] = {}
    newest = (
        select(BatchTest)
        .ext(distinct_on(BatchTest.batch_id, BatchTest.test))
        .where(tuple_(BatchTest.batch_id, BatchTest.round_no).in_(rounds))
        .order_by(BatchTest.batch_id, BatchTest.test, BatchTest.id.desc())
    )
    for test in session.scalars(newest):
        found.setdefault(test.batch_id, {})[test.test] = test
    return found


def investigations(session: Session, batch_id: UUID) -> Sequence[Investigation]:
    """Return a batch's investigations, the first first."""
    found = select(Investigation).where(Investigation.batch_id == batch_id)
    return session.scalars(found.order_by(Investigation.opened_at, Investigation.id)).all()


def open_investigation(session: Session, batch_id: UUID) -> Investigation | None:
    """Return what keeps a batch in quarantine, if anything does."""
    return session.scalars(
        select(Investigation).where(
            Investigation.batch_id == batch_id, Investigation.closed_at.is_(None)
        )
    ).one_or_none()


def events(session: Session, batch_id: UUID) -> Sequence[BatchEvent]:
    """Return a batch's life, first step first."""
    found = select(BatchEvent).where(BatchEvent.batch_id == batch_id)
    return session.scalars(found.order_by(BatchEvent.id)).all()
