"""Tables of formulations."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import CheckConstraint, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.formulary.rules.formulation import Formula
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
