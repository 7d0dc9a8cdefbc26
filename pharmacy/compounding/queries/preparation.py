"""Reading how a batch is prepared: its steps, photographs and calls."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from pharmacy.compounding.models import BatchCall, BatchPhoto, BatchStep, StepCheck
from pharmacy.compounding.rules.preparation import StepNotFound, StepState
from pharmacy.kernel.refusals import NotFound


class PhotoNotFound(NotFound):
    """There is no such photograph."""

    code = "batch-photo-not-found"


def steps(session: Session, batch_id: UUID) -> Sequence[BatchStep]:
    """Return a batch's steps, in their order."""
    found = select(BatchStep).where(BatchStep.batch_id == batch_id).order_by(BatchStep.no)
    return session.scalars(found).all()


def get_step(session: Session, batch_id: UUID, no: int) -> BatchStep:
    """Return one step. Raises StepNotFound."""
    if (step := session.get(BatchStep, (batch_id, no), populate_existing=True)) is None:
        raise StepNotFound("the batch has no such step", step=no)
    return step


def checks(session: Session, batch_id: UUID) -> Sequence[StepCheck]:
    """Return the items of every checklist of a batch, in their order."""
    found = select(StepCheck).where(StepCheck.batch_id == batch_id)
    return session.scalars(found.order_by(StepCheck.step_no, StepCheck.no)).all()


def photos(session: Session, batch_id: UUID) -> Sequence[BatchPhoto]:
    """Return a batch's photographs without their bytes, the first first."""
    found = select(BatchPhoto).where(BatchPhoto.batch_id == batch_id)
    return session.scalars(found.order_by(BatchPhoto.taken_at, BatchPhoto.id)).all()


def get_photo(session: Session, batch_id: UUID, photo_id: UUID) -> BatchPhoto:
    """Return a photograph of a batch with its bytes. Raises PhotoNotFound."""
    found = select(BatchPhoto).where(BatchPhoto.id == photo_id, BatchPhoto.batch_id == batch_id)
    photo = session.scalars(found.options(undefer(BatchPhoto.data))).one_or_none()
    if photo is None:
        raise PhotoNotFound("there is no such photograph")
    return photo


def calls(session: Session, batch_id: UUID) -> Sequence[BatchCall]:
    """Return what pharmacists were asked about a batch, the first first."""
    found = select(BatchCall).where(BatchCall.batch_id == batch_id)
    return session.scalars(found.order_by(BatchCall.asked_at, BatchCall.id)).all()


def open_call(session: Session, batch_id: UUID) -> BatchCall | None:
    """Return the question that a batch waits with, if it does."""
    found = select(BatchCall).where(BatchCall.batch_id == batch_id, BatchCall.answered_at.is_(None))
    return session.scalars(found).one_or_none()


def step_states(session: Session, batch_id: UUID) -> list[StepState]:
    """Return a batch's steps as the rules see them, in their order."""
    return step_states_of(session, [batch_id]).get(batch_id, [])


def step_states_of(session: Session, batch_ids: Collection[UUID]) -> dict[UUID, list[StepState]]:
    """Return the steps of each batch as the rules see them, in their order."""
    session.flush()
    unticked: dict[tuple[UUID, int], list[str]] = {}
    items = select(StepCheck).where(
        StepCheck.batch_id.in_(batch_ids), StepCheck.ticked_at.is_(None)
    )
    for check in session.scalars(items.order_by(StepCheck.step_no, StepCheck.no)):
        unticked.setdefault((check.batch_id, check.step_no), []).append(check.words)
    with_photo = select(BatchPhoto.batch_id, BatchPhoto.step_no).where(
        BatchPhoto.batch_id.in_(batch_ids)
    )
    shown = set(session.execute(with_photo))
    found: dict[UUID, list[StepState]] = {}
    taken = select(BatchStep).where(BatchStep.batch_id.in_(batch_ids))
    for step in session.scalars(taken.order_by(BatchStep.batch_id, BatchStep.no)):
        at = (step.batch_id, step.no)
        found.setdefault(step.batch_id, []).append(
            StepState(
                no=step.no,
                title=step.title,
                act=step.act,
                is_done=step.done_at is not None,
                unticked=tuple(unticked.get(at, ())),
                needs_photo=step.needs_photo,
                has_photo=at in shown,
                wait=timedelta(seconds=step.wait_seconds) if step.wait_seconds else None,
                timer_started_at=step.timer_started_at,
                timer_finished_at=step.timer_finished_at,
            )
        )
    return found
