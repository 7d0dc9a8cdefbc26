"""Tables of lots. Balances are held by constraints; every movement is a row."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.inventory.rules import LotStatus as LotStatus  # noqa: PLC0414  (tables' users find it here)
from pharmacy.inventory.rules.allocation import Supply
from pharmacy.kernel.ids import new_id


class IngredientLot(Base):
    """A received lot of powder, with the figures of its certificate of analysis."""

    __tablename__ = "ingredient_lots"
    __table_args__ = (
        one_of("status", LotStatus),
        UniqueConstraint("ingredient", "lot_number"),
        CheckConstraint("on_hand_ug >= 0", name="never_negative"),
        CheckConstraint("assay_pct is null or assay_pct between 50 and 110", name="assay_sane"),
        CheckConstraint("water_pct is null or water_pct between 0 and 50", name="water_sane"),
        CheckConstraint("released_by is null or released_by <> received_by", name="second_person"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    ingredient: Mapped[str]
    """A key of `formulary.rules.INGREDIENTS`: `naltrexone-hydrochloride`, …"""
    lot_number: Mapped[str]
    manufacturer: Mapped[str]
    salt_form: Mapped[str | None]
    """`hcl-anhydrous`, `hcl-dihydrate` or `base`; None for a filler."""
    assay_pct: Mapped[Decimal | None]
    assay_basis: Mapped[str | None]
    """`anhydrous`, `dried` or `as-is`."""
    water_pct: Mapped[Decimal | None]
    certificate_sha256: Mapped[bytes | None]
    received_on: Mapped[date]
    expires_on: Mapped[date | None]
    status: Mapped[LotStatus] = mapped_column(server_default=LotStatus.QUARANTINED)
    on_hand_ug: Mapped[int]
    received_by: Mapped[UUID | None]
    released_by: Mapped[UUID | None]
    released_at: Mapped[datetime | None]


class PackingStatistic(Base):
    """How much of a lot fills one capsule of a size, as measured by the pharmacy."""

    __tablename__ = "packing_statistics"

    ingredient_lot_id: Mapped[UUID] = mapped_column(
        ForeignKey("ingredient_lots.id"), primary_key=True
    )
    capsule_size: Mapped[str] = mapped_column(primary_key=True)
    fill_mg: Mapped[Decimal]
    measured_on: Mapped[date]
    measured_by: Mapped[UUID | None]


class CapsuleLot(Base):
    """A batch of finished capsules of one strength."""

    __tablename__ = "capsule_lots"
    __table_args__ = (
        one_of("status", LotStatus),
        CheckConstraint("strength_ug > 0", name="strength_positive"),
        CheckConstraint("reserved >= 0 and reserved <= on_hand", name="never_oversold"),
        CheckConstraint("on_hand >= 0 and on_hand <= made", name="never_negative"),
        CheckConstraint("released_by is null or released_by <> made_by", name="second_person"),
        Index(
            "ix_capsule_lots_first_expired",
            "strength_ug",
            "beyond_use_on",
            "id",
            postgresql_where=text("status = 'released'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    lot_number: Mapped[str] = mapped_column(unique=True)
    strength_ug: Mapped[int]
    capsule_size: Mapped[str]
    description: Mapped[str]
    """Colour and shape, as the label words it."""
    filler: Mapped[str]
    active_lot_id: Mapped[UUID] = mapped_column(ForeignKey("ingredient_lots.id"))
    compounded_on: Mapped[date]
    beyond_use_on: Mapped[date]
    status: Mapped[LotStatus] = mapped_column(server_default=LotStatus.QUARANTINED)
    made: Mapped[int]
    on_hand: Mapped[int]
    reserved: Mapped[int] = mapped_column(server_default=text("0"))
    made_by: Mapped[UUID | None]
    released_by: Mapped[UUID | None]
    released_at: Mapped[datetime | None]

    @property
    def supply(self) -> Supply:
        """What is free of it, as the rules of allocation see it."""
        return Supply(
            lot_id=self.id,
            strength_ug=self.strength_ug,
            beyond_use_on=self.beyond_use_on,
            free=self.on_hand - self.reserved,
            status=self.status,
        )


class MoveKind(StrEnum):
    """Why capsules moved."""

    MADE = "made"
    RESERVED = "reserved"
    UNRESERVED = "unreserved"
    DISPENSED = "dispensed"
    WASTED = "wasted"
    SAMPLED = "sampled"


class CapsuleMove(Base):
    """One movement of one capsule lot. Append-only; each cause moves a lot once."""

    __tablename__ = "capsule_moves"
    __table_args__ = (
        one_of("kind", MoveKind),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        UniqueConstraint("lot_id", "kind", "cause_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("capsule_lots.id"))
    kind: Mapped[MoveKind]
    quantity: Mapped[int]
    cause_id: Mapped[UUID]
    """The container, batch or count that moved them."""
    by_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
