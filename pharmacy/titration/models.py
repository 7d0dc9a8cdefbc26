"""Tables of strength plans."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id


class PlanState(StrEnum):
    """Where a plan stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    SUPERSEDED = "superseded"


class StrengthPlan(Base):
    """Which capsules one fill is made of. A new version replaces an old one; none is edited."""

    __tablename__ = "strength_plans"
    __table_args__ = (
        one_of("state", PlanState),
        UniqueConstraint("prescription_id", "fill_no", "version"),
        CheckConstraint("(state = 'approved') = (approved_by is not null)", name="approval_whole"),
        Index(
            "uq_strength_plans_current",
            "prescription_id",
            "fill_no",
            unique=True,
            postgresql_where=text("state <> 'superseded'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescriptions.id"))
    fill_no: Mapped[int]
    version: Mapped[int]
    state: Mapped[PlanState] = mapped_column(server_default=PlanState.PROPOSED)
    strategy: Mapped[str]
    """The chosen one: `A`, `B` or `D` (domain.md 2.8)."""
    options: Mapped[list[Any]]
    """Every strategy side by side, with capsules, batches, waste on a hold, phrases."""
    steps: Mapped[list[Any]]
    """The chosen strategy's steps: dose, strength, capsules a dose, count, directions key."""
    working: Mapped[list[Any]]
    """Every intermediate value: `{"name", "formula", "inputs", "value", "unit", "rounding"}`."""
    proposed_at: Mapped[datetime]
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    first_dose_on: Mapped[date | None]
