"""Views of the queue that people keep for themselves."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base
from pharmacy.kernel.ids import new_id


class QueueView(Base):
    """A view that one person named. Nine at most, since there are nine places."""

    __tablename__ = "queue_views"
    __table_args__ = (
        CheckConstraint("place between 1 and 9", name="place_known"),
        CheckConstraint("length(name) between 1 and 24", name="name_given"),
        UniqueConstraint(
            "account_id",
            "place",
            name="uq_queue_views_place",
            deferrable=True,
            initially="DEFERRED",
        ),
        Index("uq_queue_views_name", "account_id", text("lower(name)"), unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    place: Mapped[int]
    name: Mapped[str]
    filters: Mapped[dict[str, Any]]
    """What the queue's address carries: `{"view": "all", "status": "planned"}`. Names nobody."""
