"""Tables of recalls."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id
from pharmacy.recalls.rules.timers import Answer, LotKind, NoticeTo, TimerKind


class Recall(Base):
    """One recall of one lot and of everything that was made of it."""

    __tablename__ = "recalls"
    __table_args__ = (
        one_of("kind", LotKind),
        CheckConstraint("(closed_at is null) = (closing_note is null)", name="closed_with_note"),
        Index(None, "opened_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[LotKind]
    lot_id: Mapped[UUID]
    """The lot that was found to be bad."""
    reason: Mapped[str]
    """As letters say it. Nothing about a patient."""
    serious: Mapped[bool]
    """It may cause serious harm or death."""
    notice_at: Mapped[datetime]
    """When the pharmacy was told, or found out."""
    opened_by: Mapped[UUID]
    opened_at: Mapped[datetime]
    closed_by: Mapped[UUID | None]
    closed_at: Mapped[datetime | None]
    closing_note: Mapped[str | None]


class RecallLot(Base):
    """A lot that a recall blocked. Append-only."""

    __tablename__ = "recall_lots"
    __table_args__ = (one_of("kind", LotKind), Index(None, "lot_id"))

    recall_id: Mapped[UUID] = mapped_column(ForeignKey("recalls.id"), primary_key=True)
    lot_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[LotKind]
    status_before: Mapped[str]


class RecallBatch(Base):
    """A batch that a recall reached, wherever it stood. Append-only."""

    __tablename__ = "recall_batches"
    __table_args__ = (Index(None, "batch_id"),)

    recall_id: Mapped[UUID] = mapped_column(ForeignKey("recalls.id"), primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"), primary_key=True)
    status_before: Mapped[str]


class RecallTimer(Base):
    """What a recall makes due, and when it was done."""

    __tablename__ = "recall_timers"
    __table_args__ = (
        one_of("kind", TimerKind),
        CheckConstraint("(met_at is null) = (met_by is null)", name="met_by_someone"),
    )

    recall_id: Mapped[UUID] = mapped_column(ForeignKey("recalls.id"), primary_key=True)
    kind: Mapped[TimerKind] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    due_at: Mapped[datetime]
    met_at: Mapped[datetime | None]
    met_by: Mapped[UUID | None]


class RecallNotice(Base):
    """A letter to one recipient, as it was drafted, and what came back."""

    __tablename__ = "recall_notices"
    __table_args__ = (
        one_of("recipient", NoticeTo),
        one_of("answer", Answer),
        CheckConstraint("(recipient = 'patient') = (patient_id is not null)", name="patient_named"),
        CheckConstraint("(recipient = 'prescriber') = (npi is not null)", name="prescriber_named"),
        CheckConstraint("sha256(pdf) = pdf_sha256", name="digest_is_of_letter"),
        CheckConstraint(
            "(pdf is null) = (pdf_sha256 is null) and (pdf is null) = (drawn_at is null)"
            " and (pdf is not null or content is not null)",
            name="drawn_whole",
        ),
        Index(
            "ix_recall_notices_to_draw",
            "recall_id",
            "id",
            postgresql_where=text("drawn_at is null"),
        ),
        CheckConstraint("(answered_at is null) = (answer is null)", name="answer_dated"),
        UniqueConstraint(
            "recall_id",
            "recipient",
            "patient_id",
            "npi",
            postgresql_nulls_not_distinct=True,
            name="uq_recall_notices_recipient",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    recall_id: Mapped[UUID] = mapped_column(ForeignKey("recalls.id"))
    recipient: Mapped[NoticeTo]
    patient_id: Mapped[UUID | None] = mapped_column(ForeignKey("patients.id"))
    npi: Mapped[str | None]
    vials: Mapped[int]
    content: Mapped[dict[str, Any] | None] = mapped_column(deferred=True)
    """What it says, word by word, as it was drafted. Older letters have the PDF alone."""
    pdf: Mapped[bytes | None] = mapped_column(deferred=True)
    pdf_sha256: Mapped[bytes | None]
    drafted_at: Mapped[datetime]
    drawn_at: Mapped[datetime | None]
    """Then a trigger lets nobody draw it anew."""
    sent_at: Mapped[datetime | None]
    sent_by: Mapped[UUID | None]
    means: Mapped[str | None]
    """`letter`, `phone`, `visit`, …"""
    answered_at: Mapped[datetime | None]
    answer: Mapped[Answer | None]
    answer_note: Mapped[str | None]
    answer_by: Mapped[UUID | None]
    """Who wrote the answer down."""
