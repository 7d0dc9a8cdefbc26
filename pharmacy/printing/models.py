"""Tables of printers, workstations, and of every copy that was ever to be printed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id
from pharmacy.labels.drawing import Language
from pharmacy.printing.rules import CopyState, CopyStep, ReprintReason, next_state
from pharmacy.printing.rules.trying import TrialState


class Printer(Base):
    """A printer that an administrator added."""

    __tablename__ = "printers"
    __table_args__ = (
        one_of("language", Language),
        CheckConstraint("dpi in (203, 300)", name="dpi_known"),
        CheckConstraint("stock in ('4x2', '4x6', '2.25x4', 'letter')", name="stock_known"),
        CheckConstraint("stock <> 'letter' or language = 'pdf'", name="pages_are_pdf"),
        Index("uq_printers_name", text("lower(name)"), unique=True),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str]
    address: Mapped[str]
    """`ipp://…`, `ipps://…`, `raw://…` or `folder:…`."""
    language: Mapped[Language]
    dpi: Mapped[int]
    stock: Mapped[str]
    """The paper in it: a label's size in inches, or `letter` for leaflets."""
    pinned_sha256: Mapped[bytes | None]
    agent_id: Mapped[UUID | None] = mapped_column(ForeignKey("print_agents.id"))
    """Who prints on it from a place that we cannot reach."""
    added_by: Mapped[UUID | None]
    added_at: Mapped[datetime] = mapped_column(server_default=func.now())
    retired_at: Mapped[datetime | None]
    troubles: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """What was wrong when it was last heard of, in RFC 8011's words."""
    heard_at: Mapped[datetime | None]
    printed_at: Mapped[datetime | None]
    """Its last success."""


class Workstation(Base):
    """A place where somebody works, and where its labels come out."""

    __tablename__ = "workstations"

    name: Mapped[str] = mapped_column(primary_key=True)
    label_printer_id: Mapped[UUID | None] = mapped_column(ForeignKey("printers.id"))
    page_printer_id: Mapped[UUID | None] = mapped_column(ForeignKey("printers.id"))


class LabelCopy(Base):
    """
    One copy of one label, on paper or about to be.

    Of a label, one copy at most is not void: `uq_label_copies_living`.
    """

    __tablename__ = "label_copies"
    __table_args__ = (
        one_of("state", CopyState),
        one_of("reason", ReprintReason),
        UniqueConstraint("label_id", "copy_no"),
        CheckConstraint("copy_no between 1 and 99", name="copy_counted"),
        CheckConstraint("copy_no > 1 or reason is null", name="reprint_reasoned"),
        CheckConstraint("(state = 'confirmed') <= (confirmed_at is not null)", name="scan_dated"),
        Index(
            "uq_label_copies_living",
            "label_id",
            unique=True,
            postgresql_where=text("state <> 'void'"),
        ),
        Index(
            "ix_label_copies_unconfirmed",
            "asked_at",
            "id",
            postgresql_where=text("state not in ('confirmed', 'void')"),
        ),
        Index(None, "order_id"),
        Index(None, "printer_id", "asked_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    """The printer's job is called so."""
    label_id: Mapped[UUID] = mapped_column(ForeignKey("labels.id"))
    order_id: Mapped[UUID] = mapped_column(ForeignKey("orders.id"))
    copy_no: Mapped[int]
    state: Mapped[CopyState] = mapped_column(server_default=CopyState.QUEUED)
    printer_id: Mapped[UUID | None] = mapped_column(ForeignKey("printers.id"))
    """None: somebody printed the stored document by hand."""
    reason: Mapped[ReprintReason | None]
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(server_default=text("0"))
    """How often sending was begun: more than once only after nothing had left."""
    content_sha256: Mapped[bytes | None]
    """Of the bytes that were sent."""
    sending_since: Mapped[datetime | None]
    troubles: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """Why it is not on paper yet, in RFC 8011's words."""
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[UUID | None]

    def step(self, step: CopyStep) -> CopyState:
        """Take one step; return the state before it. Nothing else sets `state`."""
        before = self.state
        self.state = next_state(self.state, step)
        return before


class CopyEvent(Base):
    """One step in the life of a copy. Append-only."""

    __tablename__ = "label_copy_events"
    __table_args__ = (Index(None, "copy_id", "id"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    copy_id: Mapped[UUID] = mapped_column(ForeignKey("label_copies.id"))
    step: Mapped[CopyStep]
    from_state: Mapped[CopyState]
    to_state: Mapped[CopyState]
    by_kind: Mapped[str]
    by_id: Mapped[UUID | None]
    facts: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    at: Mapped[datetime]


class TrialPrint(Base):
    """A test label that somebody wanted, and what came of it. It is of no order."""

    __tablename__ = "test_prints"
    __table_args__ = (
        one_of("state", TrialState),
        CheckConstraint("(state in ('queued', 'sending')) = (ended_at is null)", name="ends_dated"),
        Index(None, "printer_id", "asked_at"),
        Index(
            "ix_test_prints_under_way",
            "asked_at",
            postgresql_where=text("state in ('queued', 'sending')"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    printer_id: Mapped[UUID] = mapped_column(ForeignKey("printers.id"))
    state: Mapped[TrialState] = mapped_column(server_default=TrialState.QUEUED)
    reasons: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """What was wrong, in RFC 8011's words."""
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class PrintAgent(Base):
    """A program beside printers that we cannot reach: it fetches what is to be printed."""

    __tablename__ = "print_agents"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    key_id: Mapped[str] = mapped_column(unique=True)
    secret_hmac: Mapped[bytes]
    enrolled_at: Mapped[datetime]
    enrolled_by: Mapped[UUID | None]
    seen_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    withheld: Mapped[int] = mapped_column(server_default=text("0"))
    """Outcomes that it has and that we refused, when it last asked."""


class PrintErrand(Base):
    """
    What an agent was given in answer to one question. Append-only.

    One question has one answer, and one try of a copy is given to be sent once:
    `pk_print_errands`, `uq_print_errands_sent`.
    """

    __tablename__ = "print_errands"
    __table_args__ = (
        Index(
            "uq_print_errands_sent",
            "ref_id",
            "tries",
            unique=True,
            postgresql_where=text("not only_ask"),
        ),
    )

    agent_id: Mapped[UUID] = mapped_column(ForeignKey("print_agents.id"), primary_key=True)
    nonce: Mapped[str] = mapped_column(primary_key=True)
    ref_id: Mapped[UUID]
    """The copy, or the test label."""
    tries: Mapped[int]
    only_ask: Mapped[bool]
    given_at: Mapped[datetime]
