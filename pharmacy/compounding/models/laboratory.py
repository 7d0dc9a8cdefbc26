"""Capsules that were sent to an outside laboratory, and what it found."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.compounding.rules.laboratory import SampleCause as SampleCause  # noqa: PLC0414
from pharmacy.compounding.rules.laboratory import SampleKind as SampleKind  # noqa: PLC0414
from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id


class LabSample(Base):
    """Capsules of one batch at one laboratory. The result is written once."""

    __tablename__ = "lab_samples"
    __table_args__ = (
        one_of("kind", SampleKind),
        one_of("cause", SampleCause),
        CheckConstraint("capsules > 0", name="capsules_positive"),
        CheckConstraint("length(laboratory) > 0", name="laboratory_named"),
        CheckConstraint(
            "num_nulls(verdict, contents, result, document_sha256, recorded_by, recorded_at)"
            " in (0, 6)",
            name="result_whole",
        ),
        Index(None, "batch_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    kind: Mapped[SampleKind]
    cause: Mapped[SampleCause]
    capsules: Mapped[int]
    laboratory: Mapped[str]
    sent_by: Mapped[UUID]
    sent_at: Mapped[datetime]
    contents: Mapped[list[Any] | None]
    """In per cent of the label, as the laboratory's certificate has them; decimals as text."""
    verdict: Mapped[str | None]
    result: Mapped[dict[str, Any] | None]
    document_sha256: Mapped[bytes | None] = mapped_column(ForeignKey("certificates.sha256"))
    recorded_by: Mapped[UUID | None]
    recorded_at: Mapped[datetime | None]
