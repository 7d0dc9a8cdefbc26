"""Reading what was sent to laboratories, and what the policy asks for."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, aliased

from pharmacy.compounding.models import Batch, BatchActiveLot, LabSample
from pharmacy.compounding.queries.batches import lock_each
from pharmacy.compounding.rules.laboratory import Due, Made, due
from pharmacy.compounding.rules.life import BatchStatus
from pharmacy.compounding.rules.weights import Verdict
from pharmacy.formulary.models import Formulation
from pharmacy.kernel.refusals import NotFound
from pharmacy.practice import queries as practice


class SampleNotFound(NotFound):
    """There is no such sample."""

    code = "laboratory-sample-not-found"


def samples(session: Session, batch_id: UUID) -> Sequence[LabSample]:
    """Return a batch's samples, the first first."""
    found = select(LabSample).where(LabSample.batch_id == batch_id)
    return session.scalars(found.order_by(LabSample.sent_at, LabSample.id)).all()


def get_sample(session: Session, batch_id: UUID, sample_id: UUID) -> LabSample:
    """Return a sample of this batch. Raises SampleNotFound."""
    sample = session.get(LabSample, sample_id)
    if sample is None or sample.batch_id != batch_id:
        raise SampleNotFound("the batch has no such sample")
    return sample


def lock_sample(session: Session, sample_id: UUID) -> tuple[Batch, LabSample]:
    """
    Return a sample and its batch, both locked, the batch first. Raises SampleNotFound.

    Batches of the same lots are locked with it, all in the order of their ids: the answer may stop
    them, and answers to samples of two of them may come at one instant.
    """
    if (sample := session.get(LabSample, sample_id)) is None:
        raise SampleNotFound("there is no such sample")
    own, other = aliased(BatchActiveLot), aliased(BatchActiveLot)
    of_same_lots = (
        select(other.batch_id)
        .join(own, own.ingredient_lot_id == other.ingredient_lot_id)
        .where(own.batch_id == sample.batch_id)
    )
    locked = lock_each(session, {sample.batch_id, *session.scalars(of_same_lots)})
    session.refresh(sample, with_for_update=True)
    return next(batch for batch in locked if batch.id == sample.batch_id), sample


def samples_due(session: Session, *, on: date) -> list[Due]:
    """
    Return the samples that the policy asks for on a day.

    A sample that is under way counts; one that failed does not.
    """
    zone = practice.site(session).time_zone
    sent = (
        select(func.max(func.timezone(zone, LabSample.sent_at)))
        .where(
            LabSample.batch_id == Batch.id,
            or_(LabSample.verdict.is_(None), LabSample.verdict == Verdict.PASSED),
        )
        .scalar_subquery()
    )
    rows = session.execute(
        select(Batch, Formulation.version, sent)
        .join(Formulation, Formulation.id == Batch.formulation_id)
        .where(
            Batch.filled_at.is_not(None),
            Batch.compounded_on.is_not(None),
            Batch.status != BatchStatus.REJECTED,
        )
    )
    return due(
        [
            Made(
                strength_ug=batch.strength_ug,
                formulation_version=version,
                operator=str(batch.filled_by),
                number=batch.number,
                filled_on=batch.compounded_on,
                sampled_on=sampled.date() if sampled else None,
            )
            for batch, version, sampled in rows
        ],
        on=on,
    )
