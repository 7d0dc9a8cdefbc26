"""Reading where batches stand: what their next step and their gates rest on, for many at once."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select, text, tuple_
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from pharmacy.compounding.models import (
    Batch,
    BatchActiveLot,
    BatchTest,
    CapsuleWeight,
    Investigation,
    Need,
    Weighing,
    WeightKind,
)
from pharmacy.compounding.queries.batches import Unsound
from pharmacy.compounding.queries.preparation import step_states_of
from pharmacy.compounding.rules.preparation import StepState
from pharmacy.compounding.rules.tolerance import WeighingVerdict


@dataclass(frozen=True, slots=True)
class Standing:
    """One batch, as far as it has come."""

    batch: Batch
    counting: dict[Need, Weighing]
    """The weighing that counts for each item and lot that has one."""
    active_lot_ids: Sequence[UUID]
    """In the order of use."""
    steps: Sequence[StepState]
    tests: dict[str, BatchTest]
    """The newest of each kind in this round."""
    weighed: dict[WeightKind, int]
    """Shells and capsules that were weighed one by one in this round."""
    is_investigated: bool
    unsound: Sequence[Unsound]

    @property
    def has_powder(self) -> bool:
        return bool(self.active_lot_ids) or self.batch.filler_lot_id is not None


def standings(session: Session, batches: Sequence[Batch], *, today: date) -> dict[UUID, Standing]:
    """Return how far each batch has come, in the same few statements however many there are."""
    batch_ids = [batch.id for batch in batches]
    rounds = [(batch.id, batch.round_no) for batch in batches]
    counting = _counting(session, batch_ids)
    active, steps = _active_lots(session, batch_ids), step_states_of(session, batch_ids)
    tests, weighed = _tests(session, rounds), _weighed(session, rounds)
    looked_into = select(Investigation.batch_id).where(
        Investigation.batch_id.in_(batch_ids), Investigation.closed_at.is_(None)
    )
    investigated = set(session.scalars(looked_into))
    unsound = _unsound(session, batch_ids, today)
    return {
        batch.id: Standing(
            batch=batch,
            counting=counting.get(batch.id, {}),
            active_lot_ids=active.get(batch.id, ()),
            steps=steps.get(batch.id, ()),
            tests=tests.get(batch.id, {}),
            weighed=weighed.get(batch.id, {}),
            is_investigated=batch.id in investigated,
            unsound=unsound.get(batch.id, ()),
        )
        for batch in batches
    }


def _counting(session: Session, batch_ids: Collection[UUID]) -> dict[UUID, dict[Need, Weighing]]:
    found: dict[UUID, dict[Need, Weighing]] = {}
    good = select(Weighing).where(
        Weighing.batch_id.in_(batch_ids),
        Weighing.voided_at.is_(None),
        Weighing.verdict == WeighingVerdict.WITHIN,
    )
    for weighing in session.scalars(good):
        found.setdefault(weighing.batch_id, {})[weighing.need] = weighing
    return found


def _active_lots(session: Session, batch_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    found: dict[UUID, list[UUID]] = {}
    lots = select(BatchActiveLot).where(BatchActiveLot.batch_id.in_(batch_ids))
    for lot in session.scalars(lots.order_by(BatchActiveLot.batch_id, BatchActiveLot.no)):
        found.setdefault(lot.batch_id, []).append(lot.ingredient_lot_id)
    return found


def _tests(
    session: Session, rounds: Sequence[tuple[UUID, int]]
) -> dict[UUID, dict[str, BatchTest]]:
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


def _weighed(
    session: Session, rounds: Sequence[tuple[UUID, int]]
) -> dict[UUID, dict[WeightKind, int]]:
    found: dict[UUID, dict[WeightKind, int]] = {}
    counted = (
        select(CapsuleWeight.batch_id, CapsuleWeight.kind, func.count())
        .where(tuple_(CapsuleWeight.batch_id, CapsuleWeight.round_no).in_(rounds))
        .group_by(CapsuleWeight.batch_id, CapsuleWeight.kind)
    )
    for batch_id, kind, count in session.execute(counted):
        found.setdefault(batch_id, Counter())[kind] = count
    return found


UNSOUND = text("""
    select b.id, u.kind, u.lot_id, u.lot_number, u.why
    from unnest(cast(:batches as uuid[])) b (id)
    cross join lateral unsound_components(b.id, :today) u
""")


def _unsound(session: Session, batch_ids: Sequence[UUID], today: date) -> dict[UUID, list[Unsound]]:
    found: dict[UUID, list[Unsound]] = {}
    for row in session.execute(UNSOUND, {"batches": list(batch_ids), "today": today}):
        found.setdefault(row.id, []).append(Unsound(*row[1:]))
    return found
