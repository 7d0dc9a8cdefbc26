"""Tables of batches: lots, weighings, capsule weights, tests, investigations, and their life."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.compounding.rules.life import (
    BatchAction,
    BatchStatus,
    require_move,
    require_uncalled,
)
from pharmacy.compounding.rules.tolerance import WeighingVerdict
from pharmacy.compounding.rules.weighing import Balance as BalanceFigures
from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.quantities import Mass


class Protocol(StrEnum):
    """How a balance speaks."""

    MT_SICS = "mt-sics"
    CONTINUOUS = "continuous"


class Balance(Base):
    """A balance, what it can weigh, where it answers, and until when it is verified."""

    __tablename__ = "balances"
    __table_args__ = (
        one_of("protocol", Protocol),
        CheckConstraint("step_ug > 0 and minimum_ug >= step_ug", name="figures_sane"),
        CheckConstraint("error_percent > 0 and error_percent < 100", name="error_sane"),
        CheckConstraint("(host is null) = (port is null)", name="address_whole"),
        CheckConstraint("(device is null) = (baud is null)", name="device_whole"),
        CheckConstraint("host is null or device is null", name="one_wire"),
        CheckConstraint("verified_on <= due_on", name="dates"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    protocol: Mapped[Protocol]
    host: Mapped[str | None]
    """Where a serial server answers for it. With neither host nor device it has no wire, and what
    it shows is typed, with a second person."""
    port: Mapped[int | None]
    device: Mapped[str | None]
    """Its serial port on the pharmacy's server: `/dev/ttyUSB0`."""
    baud: Mapped[int | None]
    step_ug: Mapped[int]
    minimum_ug: Mapped[int]
    error_percent: Mapped[Decimal]
    verified_on: Mapped[date]
    due_on: Mapped[date]
    """The last day on which the verification holds."""

    @property
    def figures(self) -> BalanceFigures:
        return BalanceFigures(
            step=Mass.of_micrograms(self.step_ug),
            minimum=Mass.of_micrograms(self.minimum_ug),
            error_percent=self.error_percent,
        )


class Batch(Base):
    """Capsules of one strength made together, on one version of a formulation."""

    __tablename__ = "batches"
    __table_args__ = (
        one_of("status", BatchStatus),
        CheckConstraint("capsules > 0 and strength_ug > 0", name="positive"),
        CheckConstraint("filled is null or filled > 0", name="filled_positive"),
        CheckConstraint("(filled is null) = (capsule_lot_id is null)", name="fill_whole"),
        CheckConstraint("(released_by is null) = (released_at is null)", name="release_whole"),
        CheckConstraint("status <> 'released' or released_by is not null", name="released_by_whom"),
        CheckConstraint(
            "released_by is null or (released_by is distinct from blended_by"
            " and released_by is distinct from filled_by)",
            name="second_person",
        ),
        CheckConstraint(
            "not is_anticipatory or length(justification) > 0", name="anticipation_justified"
        ),
        Index("ix_batches_status_planned", "status", "planned_at", "id"),
        Index(None, "shell_lot_id"),
        Index(None, "filler_lot_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(unique=True)
    """Also the lot number of its capsules."""
    strength_ug: Mapped[int]
    formulation_id: Mapped[UUID] = mapped_column(ForeignKey("formulations.id"), index=True)
    capsules: Mapped[int]
    """That it is to yield."""
    is_anticipatory: Mapped[bool] = mapped_column(server_default=text("false"))
    justification: Mapped[str | None]
    status: Mapped[BatchStatus] = mapped_column(server_default=BatchStatus.PLANNED)
    version: Mapped[int] = mapped_column(server_default=text("1"))
    planned_by: Mapped[UUID]
    planned_at: Mapped[datetime]
    called_at: Mapped[datetime | None]
    """Since when it waits for a pharmacist's answer; until then nothing goes on."""
    active_lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("ingredient_lots.id"))
    """The first lot of naltrexone, or the stock trituration; `batch_active_lots` has them all."""
    filler_lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("ingredient_lots.id"))
    shell_lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("shell_lots.id"))
    sheet: Mapped[dict[str, Any] | None]
    """The worked sheet for the scanned lots; every mass in milligrams."""
    working: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """`compounding.rules.working.Working` lines, as data."""
    theoretical_net_mg: Mapped[Decimal | None]
    """Net fill of one capsule, unrounded; what capsules are judged against."""
    compounded_on: Mapped[date | None]
    blended_by: Mapped[UUID | None]
    blended_at: Mapped[datetime | None]
    filled: Mapped[int | None]
    filled_by: Mapped[UUID | None]
    filled_at: Mapped[datetime | None]
    yield_percent: Mapped[Decimal | None]
    beyond_use_on: Mapped[date | None]
    beyond_use_set_by: Mapped[str | None]
    round_no: Mapped[int] = mapped_column(server_default=text("1"))
    """Counts reworks; weights and tests of an earlier round no longer speak for the capsules."""
    capsule_lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("capsule_lots.id"), unique=True)
    released_by: Mapped[UUID | None]
    released_at: Mapped[datetime | None]

    def require(self, action: BatchAction) -> None:
        """Raise BatchMoveNotAllowed or BatchWaits for what may not be done to the batch now."""
        require_move(self.status, action)
        require_uncalled(self.called_at, action)

    def apply(self, action: BatchAction, *, to: BatchStatus | None = None) -> None:
        """Take one step in the batch's life. Nothing else sets `status`."""
        self.require(action)
        if to is not None:
            self.status = to
        self.version += 1


class BatchActiveLot(Base):
    """One of the lots that a batch's naltrexone is weighed from, in the order of use."""

    __tablename__ = "batch_active_lots"
    __table_args__ = (
        UniqueConstraint("batch_id", "ingredient_lot_id"),
        Index(None, "ingredient_lot_id"),
    )

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    ingredient_lot_id: Mapped[UUID] = mapped_column(ForeignKey("ingredient_lots.id"))


class Item(StrEnum):
    """What is weighed into a batch."""

    ACTIVE = "active"
    FILLER = "filler"
    TRITURATION_ACTIVE = "trituration-active"
    TRITURATION_DILUENT = "trituration-diluent"
    TRITURATION_PART = "trituration-part"


class Need(NamedTuple):
    """An item of a batch, from one of its lots; part of a trituration comes from no lot."""

    item: Item
    lot_id: UUID | None


class Captured(StrEnum):
    """How a weight came into the record."""

    BALANCE = "balance"
    TYPED = "typed"


class Weighing(Base):
    """One weight that a balance showed for one item of a batch."""

    __tablename__ = "weighings"
    __table_args__ = (
        one_of("item", Item),
        one_of("verdict", WeighingVerdict),
        one_of("captured", Captured),
        CheckConstraint("target_ug > 0 and shown_ug > 0 and tolerance_ug > 0", name="positive"),
        CheckConstraint(
            "(verdict = 'within') = (abs(shown_ug - target_ug) <= tolerance_ug)",
            name="verdict_true",
        ),
        CheckConstraint("(verified_by is null) = (verified_at is null)", name="verified_whole"),
        CheckConstraint("verified_by <> weighed_by", name="verifier_is_another"),
        CheckConstraint("second_by <> weighed_by", name="second_person"),
        CheckConstraint("captured = 'balance' or second_by is not null", name="typed_by_two"),
        CheckConstraint("verified_by is null or verdict = 'within'", name="only_good_verified"),
        CheckConstraint("(voided_at is null) = (void_reason is null)", name="void_reasoned"),
        CheckConstraint(
            "(item = 'trituration-part') = (ingredient_lot_id is null)", name="part_has_no_lot"
        ),
        Index(
            "uq_weighings_counts",
            "batch_id",
            "item",
            "ingredient_lot_id",
            unique=True,
            postgresql_where=text("voided_at is null and verdict = 'within'"),
            postgresql_nulls_not_distinct=True,
        ),
        Index(None, "ingredient_lot_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    item: Mapped[Item]
    ingredient_lot_id: Mapped[UUID | None] = mapped_column(ForeignKey("ingredient_lots.id"))
    target_ug: Mapped[int]
    tolerance_ug: Mapped[int]
    shown_ug: Mapped[int]
    verdict: Mapped[WeighingVerdict]
    captured: Mapped[Captured]
    balance_id: Mapped[UUID] = mapped_column(ForeignKey("balances.id"))
    raw: Mapped[str | None]
    """What the balance sent, as it came."""
    weighed_by: Mapped[UUID]
    weighed_at: Mapped[datetime]
    second_by: Mapped[UUID | None]
    """Who read the display too, when the weight was typed."""
    verified_by: Mapped[UUID | None]
    verified_at: Mapped[datetime | None]
    voided_by: Mapped[UUID | None]
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str | None]

    @property
    def need(self) -> Need:
        return Need(self.item, self.ingredient_lot_id)


class WeightKind(StrEnum):
    """What stood on the balance."""

    SHELL = "shell"
    CAPSULE = "capsule"


class CapsuleWeight(Base):
    """The weight of one empty shell or one filled capsule, by itself. Append-only."""

    __tablename__ = "capsule_weights"
    __table_args__ = (
        one_of("kind", WeightKind),
        one_of("captured", Captured),
        CheckConstraint("shown_ug > 0", name="positive"),
        UniqueConstraint("batch_id", "round_no", "kind", "no"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    round_no: Mapped[int]
    kind: Mapped[WeightKind]
    no: Mapped[int]
    shown_ug: Mapped[int]
    captured: Mapped[Captured]
    balance_id: Mapped[UUID] = mapped_column(ForeignKey("balances.id"))
    by_id: Mapped[UUID]
    at: Mapped[datetime]


class BatchTest(Base):
    """One test of a batch's capsules and what it found. Append-only."""

    __tablename__ = "batch_tests"
    __table_args__ = (Index(None, "batch_id", "id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    round_no: Mapped[int]
    test: Mapped[str]
    verdict: Mapped[str]
    result: Mapped[dict[str, Any]]
    by_id: Mapped[UUID]
    at: Mapped[datetime]


class Outcome(StrEnum):
    """How an investigation ended."""

    CLEARED = "cleared"
    REWORKED = "reworked"
    SCRAPPED = "scrapped"


class Investigation(Base):
    """Why a batch is in quarantine, and what came of looking into it."""

    __tablename__ = "investigations"
    __table_args__ = (
        one_of("outcome", Outcome),
        CheckConstraint(
            "(closed_at is null) = (outcome is null) and (closed_at is null) = (findings is null)",
            name="closed_whole",
        ),
        CheckConstraint("length(reason) > 0", name="reasoned"),
        Index(
            "uq_investigations_open",
            "batch_id",
            unique=True,
            postgresql_where=text("closed_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    code: Mapped[str]
    """`out-of-specification`, `laboratory-failed`, `yield`, `recalled` or `reported`."""
    reason: Mapped[str]
    opened_by: Mapped[UUID]
    opened_at: Mapped[datetime]
    outcome: Mapped[Outcome | None]
    findings: Mapped[str | None]
    closed_by: Mapped[UUID | None]
    closed_at: Mapped[datetime | None]


class BatchEvent(Base):
    """One step in a batch's life. Append-only."""

    __tablename__ = "batch_events"
    __table_args__ = (Index(None, "batch_id", "id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id"))
    action: Mapped[str]
    status: Mapped[str]
    by_id: Mapped[UUID]
    reason: Mapped[str | None]
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    at: Mapped[datetime]
