"""The table of parcels."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id
from pharmacy.shipping.rules import Carrier, ParcelStatus


class Parcel(Base):
    """An order on its way. A trigger lets none go where the pharmacy has no licence."""

    __tablename__ = "parcels"
    __table_args__ = (
        one_of("carrier", Carrier),
        one_of("status", ParcelStatus),
        UniqueConstraint("carrier", "tracking_number"),
        CheckConstraint("(status = 'shipped') = (ended_at is null)", name="end_dated"),
        Index(None, "tracking_number"),
        Index("ix_parcels_open", "shipped_at", "id", postgresql_where=text("status = 'shipped'")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), unique=True)
    carrier: Mapped[Carrier]
    tracking_number: Mapped[str]
    state: Mapped[str]
    """Into which it was sent."""
    status: Mapped[ParcelStatus] = mapped_column(server_default=ParcelStatus.SHIPPED)
    shipped_by: Mapped[UUID]
    shipped_at: Mapped[datetime]
    ended_by: Mapped[UUID | None]
    ended_at: Mapped[datetime | None]
