"""Tables of lots. Balances are held by constraints; every movement is a row."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.inventory.rules import LotStatus as LotStatus  # noqa: PLC0414  (tables' users find it here)
from pharmacy.inventory.rules.allocation import Supply
from pharmacy.kernel.ids import new_id


class Certificate(Base):
    """A document as it came, kept under the digest of its bytes. Append-only."""

    __tablename__ = "certificates"
    __table_args__ = (
        CheckConstraint("sha256(content) = sha256", name="digest_is_of_content"),
        CheckConstraint("length(content) > 0", name="not_empty"),
    )

    sha256: Mapped[bytes] = mapped_column(primary_key=True)
    media_type: Mapped[str]
    content: Mapped[bytes]
    stored_by: Mapped[UUID | None]
    stored_at: Mapped[datetime]


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
        CheckConstraint(
            "active_ug_per_g is null or active_ug_per_g between 1 and 999999",
            name="concentration_sane",
        ),
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
    certificate_sha256: Mapped[bytes | None] = mapped_column(ForeignKey("certificates.sha256"))
    establishment: Mapped[str | None]
    """The manufacturer's FDA establishment identifier (FEI), as the certificate names it."""
    active_ug_per_g: Mapped[int | None]
    """Of a stock trituration: labelled naltrexone hydrochloride in a gram of it."""
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
    density_g_ml: Mapped[Decimal | None]
    """Of the powder as it was packed."""
    measured_on: Mapped[date]
    measured_by: Mapped[UUID | None]


class PowderReason(StrEnum):
    """Why powder moved."""

    RECEIVED = "received"
    WEIGHED = "weighed"
    WASTED = "wasted"
    SAMPLED = "sampled"
    RETURNED = "returned"
    """Weighed powder that goes back into its lot: untouched, from a weighing that was voided."""


class PowderMove(Base):
    """One movement of one lot of powder, in micrograms. Append-only; a cause moves a lot once."""

    __tablename__ = "ingredient_moves"
    __table_args__ = (
        one_of("kind", PowderReason),
        CheckConstraint("quantity_ug > 0", name="quantity_positive"),
        UniqueConstraint("lot_id", "kind", "cause_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("ingredient_lots.id"))
    kind: Mapped[PowderReason]
    quantity_ug: Mapped[int]
    cause_id: Mapped[UUID]
    """The receipt, weighing or trituration that moved it."""
    by_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class ShellLot(Base):
    """A received lot of empty capsule shells of one size."""

    __tablename__ = "shell_lots"
    __table_args__ = (
        one_of("status", LotStatus),
        UniqueConstraint("maker", "lot_number"),
        CheckConstraint("on_hand >= 0", name="never_negative"),
        CheckConstraint("released_by is null or released_by <> received_by", name="second_person"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    maker: Mapped[str]
    lot_number: Mapped[str]
    capsule_size: Mapped[str]
    description: Mapped[str]
    """Colour, as the label words it: `white capsule`."""
    received_on: Mapped[date]
    expires_on: Mapped[date | None]
    status: Mapped[LotStatus] = mapped_column(server_default=LotStatus.QUARANTINED)
    on_hand: Mapped[int]
    certificate_sha256: Mapped[bytes | None] = mapped_column(ForeignKey("certificates.sha256"))
    mean_tare_ug: Mapped[int | None]
    """Of the newest taring; None until somebody weighed empty shells."""
    received_by: Mapped[UUID | None]
    released_by: Mapped[UUID | None]
    released_at: Mapped[datetime | None]


class ShellTare(Base):
    """Empty shells of a lot, weighed one by one. Append-only; the newest counts."""

    __tablename__ = "shell_tares"
    __table_args__ = (Index(None, "shell_lot_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    shell_lot_id: Mapped[UUID] = mapped_column(ForeignKey("shell_lots.id"))
    weights_ug: Mapped[list[Any]]
    mean_ug: Mapped[int]
    weighed_by: Mapped[UUID | None]
    at: Mapped[datetime]


class ShellReason(StrEnum):
    """Why shells moved."""

    RECEIVED = "received"
    FILLED = "filled"
    WASTED = "wasted"


class ShellMove(Base):
    """One movement of one lot of shells, in pieces. Append-only; a cause moves a lot once."""

    __tablename__ = "shell_moves"
    __table_args__ = (
        one_of("kind", ShellReason),
        CheckConstraint("quantity > 0", name="quantity_positive"),
        UniqueConstraint("lot_id", "kind", "cause_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    lot_id: Mapped[UUID] = mapped_column(ForeignKey("shell_lots.id"))
    kind: Mapped[ShellReason]
    quantity: Mapped[int]
    cause_id: Mapped[UUID]
    """The receipt or the batch."""
    by_id: Mapped[UUID | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())


class CapsuleLot(Base):
    """A batch of finished capsules of one strength."""

    __tablename__ = "capsule_lots"
    __table_args__ = (
        one_of("status", LotStatus),
        Index(None, "active_lot_id"),
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


class LotComponent(Base):
    """
    What a lot was made of: the edges along which recalls are traced. Append-only.

    A product is a lot of capsules or of stock trituration; a component is powder or shells.
    """

    __tablename__ = "lot_components"
    __table_args__ = (
        CheckConstraint("num_nonnulls(capsule_lot_id, made_powder_id) = 1", name="one_product"),
        CheckConstraint("num_nonnulls(ingredient_lot_id, shell_lot_id) = 1", name="one_component"),
        CheckConstraint("made_powder_id <> ingredient_lot_id", name="not_of_itself"),
        Index(None, "ingredient_lot_id"),
        Index(None, "shell_lot_id"),
        UniqueConstraint(
            "capsule_lot_id",
            "made_powder_id",
            "ingredient_lot_id",
            "shell_lot_id",
            postgresql_nulls_not_distinct=True,
            name="uq_lot_components_edge",
        ),
        Index(None, "made_powder_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    capsule_lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("capsule_lots.id"))
    made_powder_id: Mapped[UUID | None] = mapped_column(ForeignKey("ingredient_lots.id"))
    ingredient_lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("ingredient_lots.id"))
    shell_lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("shell_lots.id"))
    at: Mapped[datetime]
