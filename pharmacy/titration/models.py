"""Tables of strength plans."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id
from pharmacy.titration.rules import PlannedStep


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
        CheckConstraint("state <> 'approved' or approved_by is not null", name="approved_by_whom"),
        CheckConstraint("(approved_by is null) = (approved_at is null)", name="approval_whole"),
        CheckConstraint("(approved_by is null) = (first_dose_on is null)", name="approval_dated"),
        CheckConstraint("(chosen_by is null) = (choice_reason is null)", name="choice_reasoned"),
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
    fill: Mapped[dict[str, Any]]
    """What the fill delivers: a `prescriptions.rules.regimen.Regimen` whose steps all end."""
    options: Mapped[list[Any]]
    """Every strategy side by side, with capsules, batches, waste on a hold, phrases."""
    steps: Mapped[list[Any]]
    """The chosen strategy's steps: dose, strength, capsules a dose, count, directions key."""
    working: Mapped[list[Any]]
    """Every intermediate value: a `compounding.rules.working.Working` and its `strength_ug`."""
    proposed_at: Mapped[datetime]
    chosen_by: Mapped[UUID | None]
    """Who chose the strategy. None: the policy's, or the only one possible."""
    choice_reason: Mapped[str | None]
    approved_by: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    first_dose_on: Mapped[date | None]

    @property
    def planned_steps(self) -> tuple[PlannedStep, ...]:
        """The chosen strategy's steps."""
        return tuple(PlannedStep.of_data(step) for step in self.steps)

    def supersede(self) -> None:
        """Give way to a newer version. Who approved it, and when, stays written."""
        self.state = PlanState.SUPERSEDED

    def approve(self, *, by_id: UUID, first_dose_on: date, at: datetime) -> None:
        """Settle the capsules and their first date."""
        self.state = PlanState.APPROVED
        self.approved_by = by_id
        self.approved_at = at
        self.first_dose_on = first_dose_on
