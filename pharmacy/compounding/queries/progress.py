"""Reading how far a batch has come."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from pharmacy.compounding.models import Batch, BatchEvent
from pharmacy.compounding.rules.life import IN_PRODUCTION, BatchStatus


def unfinished(session: Session) -> Sequence[Batch]:
    """Return every batch that is made or looked into, the first planned first."""
    found = select(Batch).where(Batch.status.in_({*IN_PRODUCTION, BatchStatus.QUARANTINED}))
    return session.scalars(found.order_by(Batch.planned_at, Batch.id)).all()


def last_events(session: Session, batch_ids: Collection[UUID]) -> dict[UUID, BatchEvent]:
    """Return the newest step in the life of each of these batches."""
    found = session.scalars(
        select(BatchEvent)
        .ext(distinct_on(BatchEvent.batch_id))
        .where(BatchEvent.batch_id.in_(batch_ids))
        .order_by(BatchEvent.batch_id, BatchEvent.id.desc())
    )
    return {event.batch_id: event for event in found}


def of_capsules(session: Session, lot_id: UUID) -> Batch | None:
    """Return the batch that a lot of capsules was made in; None for one from elsewhere."""
    return session.scalars(select(Batch).where(Batch.capsule_lot_id == lot_id)).one_or_none()
