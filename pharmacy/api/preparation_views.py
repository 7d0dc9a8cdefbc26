"""What the steps of a batch look like to other systems."""

from datetime import datetime
from typing import Self

import msgspec
from sqlalchemy.orm import Session

from pharmacy.api.order_views import encoded
from pharmacy.compounding import queries
from pharmacy.compounding.models import Batch, BatchCall, BatchPhoto, BatchStep, StepCheck
from pharmacy.kernel import ids


class CheckView(msgspec.Struct, frozen=True):
    """One item of a checklist, and who ticked it."""

    no: int
    words: str
    ticked_by: str | None
    ticked_at: datetime | None

    @classmethod
    def of(cls, check: StepCheck) -> Self:
        return cls(check.no, check.words, encoded("acc", check.ticked_by), check.ticked_at)


class PhotoView(msgspec.Struct, frozen=True):
    """A photograph, without its bytes."""

    id: str
    step: int
    media_type: str
    bytes: int
    sha256: str
    taken_by: str
    taken_at: datetime

    @classmethod
    def of(cls, photo: BatchPhoto) -> Self:
        return cls(
            id=ids.encode("pho", photo.id),
            step=photo.step_no,
            media_type=photo.media_type,
            bytes=photo.size,
            sha256=photo.sha256.hex(),
            taken_by=ids.encode("acc", photo.taken_by),
            taken_at=photo.taken_at,
        )


class CallView(msgspec.Struct, frozen=True):
    """What a pharmacist was asked, and the answer; None while the batch waits."""

    step: int
    question: str
    asked_by: str
    asked_at: datetime
    answer: str | None
    answered_by: str | None
    answered_at: datetime | None

    @classmethod
    def of(cls, call: BatchCall) -> Self:
        return cls(
            step=call.step_no,
            question=call.question,
            asked_by=ids.encode("acc", call.asked_by),
            asked_at=call.asked_at,
            answer=call.answer,
            answered_by=encoded("acc", call.answered_by),
            answered_at=call.answered_at,
        )


class BatchStepView(msgspec.Struct, frozen=True):
    """One step of a batch, as its formulation has it, and how far it has come."""

    no: int
    title: str
    instruction: str
    act: str
    source: str | None
    """Of a step that a State asks for: where the rule stands."""
    checklist: list[CheckView]
    wait_seconds: int | None
    timer_started_at: datetime | None
    timer_finished_at: datetime | None
    needs_photo: bool
    photos: list[PhotoView]
    done_by: str | None
    done_at: datetime | None

    @classmethod
    def of(cls, step: BatchStep, checks: list[StepCheck], photos: list[BatchPhoto]) -> Self:
        return cls(
            no=step.no,
            title=step.title,
            instruction=step.instruction,
            act=step.act,
            source=step.source,
            checklist=[CheckView.of(each) for each in checks],
            wait_seconds=step.wait_seconds,
            timer_started_at=step.timer_started_at,
            timer_finished_at=step.timer_finished_at,
            needs_photo=step.needs_photo,
            photos=[PhotoView.of(each) for each in photos],
            done_by=encoded("acc", step.done_by),
            done_at=step.done_at,
        )


class PreparationView(msgspec.Struct, frozen=True):
    """How a batch is prepared: its steps in their order, and what pharmacists were asked."""

    waits_for_pharmacist: bool
    steps: list[BatchStepView]
    calls: list[CallView]

    @classmethod
    def of(cls, session: Session, batch: Batch) -> Self:
        checks, photos = queries.checks(session, batch.id), queries.photos(session, batch.id)
        return cls(
            waits_for_pharmacist=batch.called_at is not None,
            steps=[
                BatchStepView.of(
                    step,
                    [each for each in checks if each.step_no == step.no],
                    [each for each in photos if each.step_no == step.no],
                )
                for step in queries.steps(session, batch.id)
            ],
            calls=[CallView.of(each) for each in queries.calls(session, batch.id)],
        )
