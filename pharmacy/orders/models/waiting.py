"""Why an order waits: holds, and questions to the prescriber."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id
from pharmacy.orders.rules import Origin, Owner
from pharmacy.orders.rules.clarifying import AnswerKind, QuestionKind


class Hold(Base):
    """Why an order waits, in a code and in words, for whom, and until when."""

    __tablename__ = "holds"
    __table_args__ = (
        one_of("owner", Owner),
        one_of("origin", Origin),
        CheckConstraint("(lifted_at is null) = (lift_reason is null)", name="lift_reasoned"),
        Index(
            "uq_holds_open",
            "order_id",
            "code",
            "origin",
            unique=True,
            postgresql_where=text("lifted_at is null"),
        ),
        Index(None, "order_id"),
        Index(
            "ix_holds_open_owner",
            "owner",
            "code",
            "order_id",
            postgresql_where=text("lifted_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    code: Mapped[str]
    words: Mapped[str]
    owner: Mapped[Owner]
    """Who must act."""
    origin: Mapped[Origin]
    """What noticed it, and so what may lift it again."""
    facts: Mapped[dict[str, Any]]
    placed_at: Mapped[datetime]
    placed_by: Mapped[UUID | None]
    deadline_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[UUID | None]
    lift_reason: Mapped[str | None]


class Clarification(Base):
    """
    A question to the prescriber about an order, and its answer. What was asked and answered is
    never rewritten.
    """

    __tablename__ = "clarifications"
    __table_args__ = (
        one_of("kind", QuestionKind),
        one_of("answer", AnswerKind),
        CheckConstraint("length(words) > 0", name="words_given"),
        CheckConstraint("(answer is null) = (answered_at is null)", name="answer_dated"),
        CheckConstraint("answered_at is null or withdrawn_at is null", name="one_end"),
        CheckConstraint(
            "(withdrawn_at is null) = (withdraw_reason is null)", name="withdrawal_reasoned"
        ),
        CheckConstraint(
            "(answer is not distinct from 'prescription') = (replacement_id is not null)",
            name="replacement_named",
        ),
        CheckConstraint(
            "answer is distinct from 'telephone' or (read_back and length(spoke_with) > 0)",
            name="telephone_read_back",
        ),
        CheckConstraint(
            "answer is null or answer = 'prescription' or length(answer_words) > 0",
            name="answer_worded",
        ),
        Index(
            "uq_clarifications_open",
            "order_id",
            "kind",
            unique=True,
            postgresql_where=text("answered_at is null and withdrawn_at is null"),
        ),
        Index(
            "ix_clarifications_waiting",
            "remind_at",
            "id",
            postgresql_where=text("answered_at is null and withdrawn_at is null"),
        ),
        CheckConstraint(
            "said_at between asked_at - interval '1 minute' and answered_at",
            name="said_before_it_was_noted",
        ),
        Index(None, "order_id", "asked_at"),
        Index(None, "asked_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    kind: Mapped[QuestionKind]
    field: Mapped[str | None]
    """Which part of the prescription: `dosageInstruction[1]`, …"""
    finding_id: Mapped[UUID | None] = mapped_column(ForeignKey("findings.id"))
    words: Mapped[str]
    hold_id: Mapped[UUID] = mapped_column(ForeignKey("holds.id"))
    asked_by: Mapped[UUID]
    asked_at: Mapped[datetime]
    remind_at: Mapped[datetime]
    escalate_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    answer: Mapped[AnswerKind | None]
    answer_words: Mapped[str | None]
    spoke_with: Mapped[str | None]
    """Who answered on the telephone."""
    said_at: Mapped[datetime | None]
    """When they did; a pharmacist notes it afterwards."""
    read_back: Mapped[bool] = mapped_column(server_default=text("false"))
    replacement_id: Mapped[UUID | None] = mapped_column(ForeignKey("prescriptions.id"))
    """The new signed prescription that is the answer."""
    answered_by: Mapped[UUID | None]
    answered_by_kind: Mapped[str | None]
    """`client`: a clinic's system; `staff`: the prescriber, or a pharmacist who noted it."""
    answered_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
    withdraw_reason: Mapped[str | None]

    @property
    def is_open(self) -> bool:
        return self.answered_at is None and self.withdrawn_at is None

    @property
    def state(self) -> str:
        """`open`, `answered` or `withdrawn`."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        return "open" if self.answered_at is None else "answered"
