"""The table of orders and the one of their lives."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Sequence,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id
from pharmacy.orders.rules import MOVES, Action, Status, next_status
from pharmacy.orders.rules.claims import require_unclaimed_by_another
from pharmacy.orders.rules.parts import Nights, OrderKind
from pharmacy.staff.rules import Actor

RX_NUMBERS = Sequence("rx_numbers", start=100001, metadata=Base.metadata)


class Order(Base):
    """One fill of one prescription, a part of one, or what replaces vials of one."""

    __tablename__ = "orders"
    __table_args__ = (
        one_of("status", Status),
        one_of("kind", OrderKind),
        UniqueConstraint("prescription_id", "fill_no", "supplement_no"),
        ForeignKeyConstraint(
            ["prescription_id", "authorised_fills"],
            ["prescriptions.id", "prescriptions.authorised_fills"],
        ),
        CheckConstraint("fill_no between 1 and authorised_fills", name="fill_authorised"),
        CheckConstraint(
            "(supplement_no = 0) = (of_order_id is null) and (kind = 'fill' or supplement_no > 0)",
            name="supplement_of_another",
        ),
        CheckConstraint("kind = 'fill' or first_night is not null", name="supplement_has_nights"),
        CheckConstraint(
            "(first_night is null) = (last_night is null) and first_night between 1 and last_night",
            name="nights_whole",
        ),
        CheckConstraint("not uses_fill or kind = 'replacement'", name="uses_fill_replacement"),
        CheckConstraint("packed_by <> checked_by", name="second_person"),
        CheckConstraint(
            "status not in ('final-check','ready','handed-over') or"
            " (plan_id is not null and labeled_at is not null"
            " and packed_by is not null and packed_at is not null)",
            name="packed_with_labels",
        ),
        CheckConstraint(
            "status not in ('ready','handed-over')"
            " or (checked_by is not null and checked_at is not null)",
            name="left_checked",
        ),
        CheckConstraint(
            "status <> 'handed-over' or handed_over_at is not null", name="hand_over_dated"
        ),
        Index(
            "ix_orders_queue",
            "due_at",
            "id",
            postgresql_where=text(
                "status in ('received','review','planned','compounding','labeling',"
                "'final-check','ready')"
            ),
        ),
        Index(
            "ix_orders_claimed",
            "claimed_by",
            "due_at",
            "id",
            postgresql_where=text("claimed_by is not null"),
        ),
        Index(None, "status", "due_at", "id"),
        Index(None, "due_at", "id"),
        Index(
            "ix_orders_of_order_id", "of_order_id", postgresql_where=text("of_order_id is not null")
        ),
        Index(
            "uq_orders_standing_fill",
            "prescription_id",
            "fill_no",
            unique=True,
            postgresql_where=text("kind = 'fill' and status not in ('rejected','cancelled')"),
        ),
        Index(None, "handed_over_at"),
        Index(None, "patient_id", "received_at"),
        Index(None, "npi", "received_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[int] = mapped_column(
        RX_NUMBERS, server_default=RX_NUMBERS.next_value(), unique=True
    )
    """The serial (Rx) number on the label."""
    prescription_id: Mapped[UUID]
    fill_no: Mapped[int]
    authorised_fills: Mapped[int]
    kind: Mapped[OrderKind] = mapped_column(server_default=OrderKind.FILL)
    supplement_no: Mapped[int] = mapped_column(server_default=text("0"))
    """Counts the orders of a fill: 0 is the one that it began with."""
    of_order_id: Mapped[UUID | None] = mapped_column(ForeignKey("orders.id"))
    """What a remainder was split from, whose vials a replacement replaces, and in whose place a
    fill was ordered again."""
    first_night: Mapped[int | None]
    """Which nights of the fill it is for, the first being 1. None: every one."""
    last_night: Mapped[int | None]
    uses_fill: Mapped[bool] = mapped_column(server_default=text("false"))
    """A replacement that counts as one of the authorised fills."""
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    npi: Mapped[str]
    status: Mapped[Status] = mapped_column(server_default=Status.RECEIVED)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    """Counts every change; the ETag."""
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    status_since: Mapped[datetime]
    claimed_by: Mapped[UUID | None]
    claimed_until: Mapped[datetime | None]
    plan_id: Mapped[UUID | None] = mapped_column(ForeignKey("strength_plans.id"))
    first_dose_on: Mapped[date | None]
    last_dose_on: Mapped[date | None]
    first_dose_named: Mapped[bool] = mapped_column(server_default=text("false"))
    """Somebody chose the day of the first dose; else it follows from when labels are drawn."""
    labeled_at: Mapped[datetime | None]
    """When the labels of the present containers were drawn."""
    packed_by: Mapped[UUID | None]
    packed_at: Mapped[datetime | None]
    checked_by: Mapped[UUID | None]
    checked_at: Mapped[datetime | None]
    handed_over_by: Mapped[UUID | None]
    handed_over_at: Mapped[datetime | None]

    @property
    def nights(self) -> Nights | None:
        """Which nights of its fill it is for; None: every one."""
        if self.first_night is None or self.last_night is None:
            return None
        return Nights(self.first_night, self.last_night)

    @nights.setter
    def nights(self, nights: Nights) -> None:
        self.first_night, self.last_night = nights

    def require(
        self, action: Action, *, by: Actor, now: datetime, held_by: tuple[str, ...]
    ) -> Status:
        """
        Return the status that an action leads to.

        Raises:
            PermissionMissing, MoveNotAllowed, OrderHeld: See `rules.next_status`.
            ClaimedByAnother: Somebody else is working on it.
        """
        status = next_status(self.status, action, by=by, held_by=held_by)
        if MOVES[action].respects_claim:
            require_unclaimed_by_another(self.claimed_by, self.claimed_until, by=by, now=now)
        return status

    def apply(
        self, action: Action, *, by: Actor, now: datetime, held_by: tuple[str, ...] = ()
    ) -> None:
        """Take one step in the order's life. Nothing else sets `status`. Raises as `require`."""
        status = self.require(action, by=by, now=now, held_by=held_by)
        if status is not self.status:
            self.status, self.status_since = status, now
            self.claimed_by = self.claimed_until = None
        self.version += 1


class OrderEvent(Base):
    """One step in an order's life. Append-only."""

    __tablename__ = "order_events"
    __table_args__ = (Index(None, "order_id", "id"), Index(None, "action", "at"))

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    action: Mapped[str]
    from_status: Mapped[str | None]
    to_status: Mapped[str]
    by_kind: Mapped[str]
    by_id: Mapped[UUID | None]
    reason: Mapped[str | None]
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Codes, counts and identifiers: a release's dated evidence, what a cancellation wasted."""
    at: Mapped[datetime]
