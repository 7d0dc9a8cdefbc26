"""Reading where batches stand: what their next step and their gates rest on, for many at once."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from pharmacy.compounding.models import (
    Batch,
    BatchTest,
    CapsuleWeight,
    Investigation,
    Need,
    Weighing,
    WeightKind,
)
from pharmacy.compounding.queries.batches import (
    Unsound,
    active_lot_ids_of,
    counting_of,
    last_tests_of,
    unsound_components_of,
)
from pharmacy.compounding.queries.preparation import step_states_of
from pharmacy.compounding.rules.preparation import StepState


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
    counting, tests = counting_of(session, batch_ids), last_tests_of(session, batches)
    active, steps = active_lot_ids_of(session, batch_ids), step_states_of(session, batch_ids)
    weighed = _weighed(session, batches)
    looked_into = select(Investigation.batch_id).where(
        Investigation.batch_id.in_(batch_ids), Investigation.closed_at.is_(None)
    )
    investigated = set(session.scalars(looked_into))
    unsound = unsound_components_of(session, batch_ids, today=today)
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


def _weighed(session: Session, batches: Sequence[Batch]) -> dict[UUID, dict[WeightKind, int]]:
    rounds = [(batch.id, batch.round_no) for batch in batches]
    found: dict[UUID, dict[WeightKind, int]] = {}
    counted = (
        select(CapsuleWeight.batch_id, CapsuleWeight.kind, func.count())
        .where(tuple_(CapsuleWeight.batch_id, CapsuleWeight.round_no).in_(rounds))
        .group_by(CapsuleWeight.batch_id, CapsuleWeight.kind)
    )
    for batch_id, kind, count in session.execute(counted):
        found.setdefault(batch_id, Counter())[kind] = count
    return found
