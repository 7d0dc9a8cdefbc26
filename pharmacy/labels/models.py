"""Tables of rendered labels and leaflets."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id


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
    content: Mapped[dict[str, Any]]
    content_sha256: Mapped[bytes]
    pdf: Mapped[bytes]
    pdf_sha256: Mapped[bytes]
    renderer_version: Mapped[str]
    rendered_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
