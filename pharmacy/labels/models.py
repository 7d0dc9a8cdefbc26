"""Tables of rendered labels and leaflets, and of the words that they speak."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id
from pharmacy.labels.rules.texts import Part


class LabelKind(StrEnum):
    """What was drawn."""

    CONTAINER = "container"
    LEAFLET = "leaflet"


class Label(Base):
    """A drawn document, its bytes and the frozen facts it was drawn from."""

    __tablename__ = "labels"
    __table_args__ = (
        one_of("kind", LabelKind),
        CheckConstraint(
            "(kind = 'container') = (container_id is not null)", name="container_whole"
        ),
        Index(
            "uq_labels_container",
            "container_id",
            unique=True,
            postgresql_where=text("container_id is not null and voided_at is null"),
        ),
        Index(
            "uq_labels_leaflet",
            "order_id",
            unique=True,
            postgresql_where=text("kind = 'leaflet' and voided_at is null"),
        ),
        Index(None, "order_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    container_id: Mapped[UUID | None] = mapped_column(ForeignKey("containers.id"))
    kind: Mapped[LabelKind]
    newest_copy_no: Mapped[int] = mapped_column(server_default=text("1"))
    """Of its newest copy, or of its first one while there is none. A container's copies are counted
    through all its labels: a code names one piece of paper, whatever dates it bears."""
    content: Mapped[dict[str, Any]]
    content_sha256: Mapped[bytes]
    pdf: Mapped[bytes]
    pdf_sha256: Mapped[bytes]
    renderer_version: Mapped[str]
    rendered_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]


class Outcome(StrEnum):
    """What was decided about a version of texts."""

    APPROVED = "approved"
    REJECTED = "rejected"


class TextEdition(Base):
    """
    One version of the words of one part in one language. Only its decision is filled in, once.

    The newest approved version is in force. What has no decision is a draft, and reaches no paper.
    """

    __tablename__ = "label_text_editions"
    __table_args__ = (
        UniqueConstraint("language", "part", "version"),
        one_of("part", Part),
        CheckConstraint("outcome in ('approved', 'rejected')", name="outcome_known"),
        CheckConstraint("language ~ '^[a-z]{2,3}$'", name="language_coded"),
        CheckConstraint("version > 0", name="version_positive"),
        CheckConstraint(
            "(outcome is null) = (decided_at is null) and (outcome is null) = (decided_by is null)",
            name="decided_by_someone",
        ),
        CheckConstraint(
            "outcome is distinct from 'approved' or drafted_by is distinct from decided_by",
            name="second_person",
        ),
        CheckConstraint(
            "(outcome is not distinct from 'rejected') = (rejected_because is not null)",
            name="rejected_for_a_reason",
        ),
        Index(
            "uq_label_text_editions_draft",
            "language",
            "part",
            unique=True,
            postgresql_where=text("outcome is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    language: Mapped[str]
    part: Mapped[Part]
    version: Mapped[int]
    texts: Mapped[dict[str, Any]]
    texts_sha256: Mapped[bytes]
    reason: Mapped[str]
    drafted_by: Mapped[UUID | None]
    """None: the words are those that this program brought along."""
    drafted_at: Mapped[datetime]
    outcome: Mapped[Outcome | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    rejected_because: Mapped[str | None]
