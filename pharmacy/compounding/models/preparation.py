"""Tables of how a batch is prepared: its steps, their checklists and photographs, and calls."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra import pictures
from pharmacy.infra.db import Base
from pharmacy.infra.pictures import PictureColumns
from pharmacy.kernel.ids import new_id

WAITED = (
    "timer_finished_at is null or wait_seconds is null"
    " or timer_finished_at >= timer_started_at + make_interval(secs => wait_seconds)"
)


class BatchStep(Base):
    """One step of a batch, copied from its formulation. Done, it never changes."""

    __tablename__ = "batch_steps"
    __table_args__ = (
        CheckConstraint("no > 0", name="numbered"),
        CheckConstraint("wait_seconds is null or wait_seconds > 0", name="wait_positive"),
        CheckConstraint("(done_at is null) = (done_by is null)", name="done_by_someone"),
        CheckConstraint(
            "(timer_started_at is null) = (timer_started_by is null)"
            " and (timer_finished_at is null) = (timer_finished_by is null)",
            name="timer_by_someone",
        ),
        CheckConstraint(
            "timer_finished_at is null or timer_started_at is not null", name="timer_in_order"
        ),
        CheckConstraint(WAITED, name="timer_waited"),
        CheckConstraint(
            "done_at is null or wait_seconds is null or timer_finished_at is not null",
            name="done_after_timer",
        ),
    )

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str]
    instruction: Mapped[str]
    act: Mapped[str]
    """Which act of the batch it describes: `weigh`, `blend`, `fill`, `test`, or none."""
    source: Mapped[str | None]
    """Of a step that a State asks for: where the rule stands."""
    wait_seconds: Mapped[int | None]
    """How long it lasts at least."""
    needs_photo: Mapped[bool]
    timer_started_by: Mapped[UUID | None]
    timer_started_at: Mapped[datetime | None]
    timer_finished_by: Mapped[UUID | None]
    timer_finished_at: Mapped[datetime | None]
    done_by: Mapped[UUID | None]
    done_at: Mapped[datetime | None]


class StepCheck(Base):
    """One item of a step's checklist. Ticked, it stays so."""

    __tablename__ = "batch_step_checks"
    __table_args__ = (
        ForeignKeyConstraint(["batch_id", "step_no"], ["batch_steps.batch_id", "batch_steps.no"]),
        CheckConstraint("(ticked_at is null) = (ticked_by is null)", name="ticked_by_someone"),
    )

    batch_id: Mapped[UUID] = mapped_column(primary_key=True)
    step_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    words: Mapped[str]
    ticked_by: Mapped[UUID | None]
    ticked_at: Mapped[datetime | None]


class BatchPhoto(PictureColumns, Base):
    """A photograph of a step, without what a camera writes beside the picture. Append-only."""

    __tablename__ = "batch_photos"
    __table_args__ = (
        ForeignKeyConstraint(["batch_id", "step_no"], ["batch_steps.batch_id", "batch_steps.no"]),
        *pictures.constraints(),
        Index(None, "batch_id", "step_no"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    batch_id: Mapped[UUID]
    step_no: Mapped[int]
    taken_by: Mapped[UUID]
    taken_at: Mapped[datetime]


class BatchCall(Base):
    """A question to a pharmacist that stops the batch, and the answer that lets it go on."""

    __tablename__ = "batch_calls"
    __table_args__ = (
        ForeignKeyConstraint(["batch_id", "step_no"], ["batch_steps.batch_id", "batch_steps.no"]),
        CheckConstraint("length(question) > 0", name="asked"),
        CheckConstraint(
            "(answered_at is null) = (answer is null)"
            " and (answered_at is null) = (answered_by is null)",
            name="answer_whole",
        ),
        CheckConstraint("answered_by <> asked_by", name="second_person"),
        Index(
            "uq_batch_calls_open",
            "batch_id",
            unique=True,
            postgresql_where=text("answered_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    batch_id: Mapped[UUID]
    step_no: Mapped[int]
    question: Mapped[str]
    asked_by: Mapped[UUID]
    asked_at: Mapped[datetime]
    answer: Mapped[str | None]
    answered_by: Mapped[UUID | None]
    answered_at: Mapped[datetime | None]
