"""Tables of formulations."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.formulary.rules.formulation import Formula
from pharmacy.formulary.rules.master_record import MasterRecord
from pharmacy.infra.db import Base
from pharmacy.kernel.ids import new_id


class Formulation(Base):
    """One version of how a capsule strength is made. Immutable; approved by two people."""

    __tablename__ = "formulations"
    __table_args__ = (
        UniqueConstraint("strength_ug", "version"),
        CheckConstraint("strength_ug > 0", name="strength_positive"),
        CheckConstraint("approved_by <> second_approved_by", name="second_person"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    strength_ug: Mapped[int]
    version: Mapped[int]
    capsule_size: Mapped[str]
    filler: Mapped[str]
    description: Mapped[str]
    overage_fraction: Mapped[Decimal]
    beyond_use_days: Mapped[int]
    approved_by: Mapped[UUID]
    second_approved_by: Mapped[UUID]
    approved_at: Mapped[datetime] = mapped_column(server_default=func.now())
    record: Mapped[dict[str, Any] | None]
    """The master formulation record. None: of a version from before records were kept here."""

    @property
    def formula(self) -> Formula:
        """What it fixes for every batch."""
        return Formula(
            strength_ug=self.strength_ug,
            size=self.capsule_size,
            filler=self.filler,
            description=self.description,
            overage=self.overage_fraction,
            beyond_use_days=self.beyond_use_days,
        )

    @property
    def master_record(self) -> MasterRecord | None:
        """How it is made, step by step."""
        return MasterRecord.of_data(self.record) if self.record is not None else None


class FormulationProposal(Base):
    """A version that one pharmacist wrote and approves of, and another decides about."""

    __tablename__ = "formulation_proposals"
    __table_args__ = (
        CheckConstraint("proposed_by <> decided_by", name="second_person"),
        CheckConstraint("(decided_at is null) = (decided_by is null)", name="decided_by_someone"),
        CheckConstraint(
            "formulation_id is null or rejected_because is null", name="decided_one_way"
        ),
        Index(
            "uq_formulation_proposals_open",
            "strength_ug",
            unique=True,
            postgresql_where=text("decided_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    strength_ug: Mapped[int]
    formula: Mapped[dict[str, Any]]
    record: Mapped[dict[str, Any]]
    reason: Mapped[str]
    """Why the strength needs a version, or another one."""
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
    rejected_because: Mapped[str | None]
    formulation_id: Mapped[UUID | None] = mapped_column(ForeignKey("formulations.id"))
