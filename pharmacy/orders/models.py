"""Tables of orders, holds, events, containers and batch requests."""

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

from pharmacy.infra import pictures
from pharmacy.infra.db import Base, one_of
from pharmacy.infra.pictures import PictureColumns
from pharmacy.kernel.ids import new_id
from pharmacy.orders.rules import MOVES, Action, Origin, Owner, Status, next_status
from pharmacy.orders.rules.claims import require_unclaimed_by_another
from pharmacy.orders.rules.clarifying import AnswerKind, QuestionKind
from pharmacy.orders.rules.handing_over import Collector
from pharmacy.orders.rules.reasons import Counselling, Purpose
from pharmacy.staff.rules import Actor

RX_NUMBERS = Sequence("rx_numbers", start=100001, metadata=Base.metadata)


class Order(Base):
    """One fill of one prescription, from received to handed over."""

    __tablename__ = "orders"
    __table_args__ = (
        one_of("status", Status),
        UniqueConstraint("prescription_id", "fill_no"),
        ForeignKeyConstraint(
            ["prescription_id", "authorised_fills"],
            ["prescriptions.id", "prescriptions.authorised_fills"],
        ),
        CheckConstraint("fill_no between 1 and authorised_fills", name="fill_authorised"),
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
        Index(None, "status", "due_at", "id"),
        Index(None, "due_at", "id"),
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
    labeled_at: Mapped[datetime | None]
    """When the labels of the present containers were drawn."""
    packed_by: Mapped[UUID | None]
    packed_at: Mapped[datetime | None]
    checked_by: Mapped[UUID | None]
    checked_at: Mapped[datetime | None]
    handed_over_by: Mapped[UUID | None]
    handed_over_at: Mapped[datetime | None]

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


class Hold(Base):
    """Why an order waits, in a code and in words, for whom, and until when."""

    __tablename__ = "holds"
    __table_args__ = (
        one_of("owner", Owner),
        one_of("origin", Origin),
        CheckConstraint("(lifted_at is null) = (lift_reason is null)", name="lift_reasoned"),
        Index(
            "uq_holds_open",
            "order_id",
            "code",
            "origin",
            unique=True,
            postgresql_where=text("lifted_at is null"),
        ),
        Index(None, "order_id"),
        Index(
            "ix_holds_open_owner",
            "owner",
            "code",
            "order_id",
            postgresql_where=text("lifted_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    code: Mapped[str]
    words: Mapped[str]
    owner: Mapped[Owner]
    """Who must act."""
    origin: Mapped[Origin]
    """What noticed it, and so what may lift it again."""
    facts: Mapped[dict[str, Any]]
    placed_at: Mapped[datetime]
    placed_by: Mapped[UUID | None]
    deadline_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by: Mapped[UUID | None]
    lift_reason: Mapped[str | None]


class Clarification(Base):
    """
    A question to the prescriber about an order, and its answer. What was asked and answered is
    never rewritten.
    """

    __tablename__ = "clarifications"
    __table_args__ = (
        one_of("kind", QuestionKind),
        one_of("answer", AnswerKind),
        CheckConstraint("length(words) > 0", name="words_given"),
        CheckConstraint("(answer is null) = (answered_at is null)", name="answer_dated"),
        CheckConstraint("answered_at is null or withdrawn_at is null", name="one_end"),
        CheckConstraint(
            "(withdrawn_at is null) = (withdraw_reason is null)", name="withdrawal_reasoned"
        ),
        CheckConstraint(
            "(answer is not distinct from 'prescription') = (replacement_id is not null)",
            name="replacement_named",
        ),
        CheckConstraint(
            "answer is distinct from 'telephone' or (read_back and length(spoke_with) > 0)",
            name="telephone_read_back",
        ),
        CheckConstraint(
            "answer is null or answer = 'prescription' or length(answer_words) > 0",
            name="answer_worded",
        ),
        Index(
            "uq_clarifications_open",
            "order_id",
            "kind",
            unique=True,
            postgresql_where=text("answered_at is null and withdrawn_at is null"),
        ),
        Index(
            "ix_clarifications_waiting",
            "remind_at",
            "id",
            postgresql_where=text("answered_at is null and withdrawn_at is null"),
        ),
        Index(None, "order_id", "asked_at"),
        Index(None, "asked_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    kind: Mapped[QuestionKind]
    field: Mapped[str | None]
    """Which part of the prescription: `dosageInstruction[1]`, …"""
    finding_id: Mapped[UUID | None] = mapped_column(ForeignKey("findings.id"))
    words: Mapped[str]
    hold_id: Mapped[UUID] = mapped_column(ForeignKey("holds.id"))
    asked_by: Mapped[UUID]
    asked_at: Mapped[datetime]
    remind_at: Mapped[datetime]
    escalate_at: Mapped[datetime]
    reminded_at: Mapped[datetime | None]
    escalated_at: Mapped[datetime | None]
    answer: Mapped[AnswerKind | None]
    answer_words: Mapped[str | None]
    spoke_with: Mapped[str | None]
    """Who answered on the telephone."""
    read_back: Mapped[bool] = mapped_column(server_default=text("false"))
    replacement_id: Mapped[UUID | None] = mapped_column(ForeignKey("prescriptions.id"))
    """The new signed prescription that is the answer."""
    answered_by: Mapped[UUID | None]
    answered_by_kind: Mapped[str | None]
    """`client`: a clinic's system; `staff`: the prescriber, or a pharmacist who noted it."""
    answered_at: Mapped[datetime | None]
    withdrawn_by: Mapped[UUID | None]
    withdrawn_at: Mapped[datetime | None]
    withdraw_reason: Mapped[str | None]

    @property
    def is_open(self) -> bool:
        return self.answered_at is None and self.withdrawn_at is None

    @property
    def state(self) -> str:
        """`open`, `answered` or `withdrawn`."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        return "open" if self.answered_at is None else "answered"


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


class Container(Base):
    """One vial of one strength for one dated part of the plan."""

    __tablename__ = "containers"
    __table_args__ = (
        CheckConstraint("quantity > 0", name="quantity_positive"),
        CheckConstraint("first_dose_on <= last_dose_on", name="dates"),
        CheckConstraint("capsules_per_dose > 0", name="capsules_positive"),
        Index(
            "uq_containers_part",
            "order_id",
            "part_no",
            unique=True,
            postgresql_where=text("voided_at is null"),
        ),
        Index(None, "lot_id"),
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


class OrderPicture(PictureColumns, Base):
    """A picture of the finished product, taken as it was packed or checked. Append-only."""

    __tablename__ = "order_pictures"
    __table_args__ = (*pictures.constraints(), Index(None, "order_id", "taken_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    taken_by: Mapped[UUID]
    taken_at: Mapped[datetime]


class HandOver(Base):
    """Who took an order along, how they were known, and what came of the offer of advice."""

    __tablename__ = "hand_overs"
    __table_args__ = (
        one_of("collector", Collector),
        one_of("counselling", Counselling),
        CheckConstraint(
            "collector = 'carrier' or jsonb_array_length(identifiers) >= 2", name="two_identifiers"
        ),
        CheckConstraint(
            "(collector = 'carrier') = (counselling = 'written-notice')", name="counselling_fits"
        ),
        CheckConstraint(
            "(counselling = 'accepted') = (counselled_by is not null)", name="counsellor_named"
        ),
        CheckConstraint(
            "collector <> 'representative' or length(collector_name) > 0", name="collector_named"
        ),
    )

    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    identifiers: Mapped[list[Any]]
    """Kinds only: `name`, `birth-date`, …"""
    collector: Mapped[Collector]
    collector_name: Mapped[str]
    counselling: Mapped[Counselling]
    counselled_by: Mapped[UUID | None]
    counselling_needed_for: Mapped[list[Any]]
    """`rules.handing_over.counselling_needed_for`; empty where advice was given on request."""
    by_id: Mapped[UUID]
    at: Mapped[datetime]


class ReasonCode(Base):
    """A coded reason that staff may give. Taken out of use, it stays: older steps name it."""

    __tablename__ = "reason_codes"
    __table_args__ = (
        one_of("purpose", Purpose),
        CheckConstraint("code ~ '^[a-z][a-z0-9-]{2,39}$'", name="code_form"),
        CheckConstraint("length(words) > 0", name="words_given"),
    )

    purpose: Mapped[Purpose] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    words: Mapped[str]
    """As people choose it from a list."""
    asks_for_words: Mapped[bool]
    """The code alone does not say why."""
    is_active: Mapped[bool]
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime]


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
