"""What fills an order: its vials, their pictures, and capsules that it waits for."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra import pictures
from pharmacy.infra.db import Base
from pharmacy.infra.pictures import PictureColumns
from pharmacy.kernel.ids import new_id


class Container(Base):
    """One vial of one strength for one dated part of the plan."""

    __tablename__ = "containers"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("first_dose_on <= last_dose_on", name="dates"),
        CheckConstraint("capsules_per_dose > 0", name="capsules_positive"),
        CheckConstraint("returned_at is null or voided_at is null", name="returned_stands"),
        CheckConstraint(
            "destroyed_at is null or (returned_at is not null and destroyed_at >= returned_at)",
            name="destroyed_after_it_came_back",
        ),
        CheckConstraint(
            "(destroyed_by is null) = (witnessed_by is null)"
            " and (destroyed_by is null or destroyed_at is not null)",
            name="destruction_whole",
        ),
        CheckConstraint("destroyed_by <> witnessed_by", name="witness_is_another"),
        Index(
            "uq_containers_part",
            "order_id",
            "part_no",
            unique=True,
            postgresql_where=text("voided_at is null"),
        ),
        CheckConstraint(
            "(lost_at is null) = (lost_reason is null)"
            " and (lost_at is null) = (replaced_by is null)",
            name="loss_whole",
        ),
        Index(None, "lot_id"),
        Index(
            "ix_containers_to_destroy",
            "returned_at",
            "order_id",
            postgresql_where=text("returned_at is not null and destroyed_at is null"),
        ),
        Index(
            "ix_containers_traced",
            "lot_id",
            postgresql_include=["id", "order_id", "quantity", "returned_at"],
            postgresql_where=text("voided_at is null"),
        ),  # a recall's trace reads thousands of vials, and then none of their pages
        Index(
            "ix_containers_replaced_by",
            "replaced_by",
            postgresql_where=text("replaced_by is not null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    part_no: Mapped[int]
    parts: Mapped[int]
    step_no: Mapped[int]
    steps: Mapped[int]
    strength_ug: Mapped[int]
    capsules_per_dose: Mapped[int]
    quantity: Mapped[int]
    directions: Mapped[str]
    """A key of the standard directions: `take-1-bedtime`, …"""
    first_dose_on: Mapped[date]
    last_dose_on: Mapped[date]
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("capsule_lots.id"))
    scanned_at: Mapped[datetime | None]
    scanned_by: Mapped[UUID | None]
    voided_at: Mapped[datetime | None]
    recalled_at: Mapped[datetime | None]
    """When a recall reached it; it had left."""
    returned_at: Mapped[datetime | None]
    """When it came back. It is never restocked."""
    destroyed_at: Mapped[datetime | None]
    destroyed_by: Mapped[UUID | None]
    witnessed_by: Mapped[UUID | None]
    """Who saw it destroyed. A trigger wants both people; what came back before it has none."""
    lost_at: Mapped[datetime | None]
    """When it was written down that it is lost or spoilt; its code is dead from then on."""
    lost_reason: Mapped[str | None]
    replaced_by: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id"))

    def again(self, *, part_no: int, parts: int) -> "Container":
        """Return a container of the same capsules for the same days under a code of its own."""
        return Container(
            id=new_id(),
            part_no=part_no,
            parts=parts,
            order_id=self.order_id,
            step_no=self.step_no,
            steps=self.steps,
            strength_ug=self.strength_ug,
            capsules_per_dose=self.capsules_per_dose,
            quantity=self.quantity,
            directions=self.directions,
            first_dose_on=self.first_dose_on,
            last_dose_on=self.last_dose_on,
            lot_id=self.lot_id,
        )

    @property
    def waits_to_be_destroyed(self) -> bool:
        return self.returned_at is not None and self.destroyed_at is None


class OrderPicture(PictureColumns, Base):
    """A picture of the finished product, taken as it was packed or checked. Append-only."""

    __tablename__ = "order_pictures"
    __table_args__ = (*pictures.constraints(), Index(None, "order_id", "taken_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    taken_by: Mapped[UUID]
    taken_at: Mapped[datetime]


class BatchRequest(Base):
    """Capsules of one strength that an order waits for."""

    __tablename__ = "batch_requests"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        UniqueConstraint("order_id", "strength_ug"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    strength_ug: Mapped[int]
    quantity: Mapped[int]
    asked_at: Mapped[datetime]
    met_at: Mapped[datetime | None]
