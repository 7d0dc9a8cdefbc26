"""Tables of next fills."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id


class RefillState(StrEnum):
    """Where a next fill stands."""

    SCHEDULED = "scheduled"
    ORDERED = "ordered"
    CANCELLED = "cancelled"
    RENEWAL_NEEDED = "renewal-needed"


class Refill(Base):
    """The fill that follows an order: when it may be made, when the patient runs out."""

    __tablename__ = "refills"
    __table_args__ = (
        one_of("state", RefillState),
        UniqueConstraint("after_order_id"),
        UniqueConstraint("prescription_id", "fill_no"),
        ForeignKeyConstraint(
            ["prescription_id", "authorised_fills"],
            ["prescriptions.id", "prescriptions.authorised_fills"],
        ),
        CheckConstraint("fill_no between 1 and authorised_fills", name="fill_authorised"),
        CheckConstraint("(state = 'ordered') = (order_id is not null)", name="order_whole"),
        CheckConstraint(
            "state = 'cancelled' or (state = 'renewal-needed') = (prescription_id is null)",
            name="renewal_whole",
        ),
        CheckConstraint(
            "(prescription_id is null) = (fill_no is null)"
            " and (prescription_id is null) = (authorised_fills is null)",
            name="fill_whole",
        ),
        Index(None, "run_out_on"),
        Index("ix_refills_due", "due_on", "id", postgresql_where=text("state = 'scheduled'")),
        Index(
            "ix_refills_renewal",
            "due_on",
            "id",
            postgresql_where=text("state = 'renewal-needed'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    after_order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    npi: Mapped[str]
    prescription_id: Mapped[UUID | None]
    """What authorises the next fill; none when a renewal is needed."""
    fill_no: Mapped[int | None]
    authorised_fills: Mapped[int | None]
    state: Mapped[RefillState] = mapped_column(server_default=RefillState.SCHEDULED)
    earliest_on: Mapped[date]
    """The first day on which it may be filled."""
    due_on: Mapped[date]
    """The day by which it must be started for the patient not to run out."""
    run_out_on: Mapped[date]
    """The first day without a dose."""
    remaining_fills: Mapped[int]
    regimen: Mapped[dict[str, Any] | None]
    """What the next fill continues with; never step 1 of a titration that was delivered."""
    working: Mapped[list[Any]]
    order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id"))
    updated_at: Mapped[datetime]
