"""Tables of findings and of what pharmacists decided about them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id
from pharmacy.screening.rules import Decision, Severity


class Finding(Base):
    """One rule that spoke about one fill."""

    __tablename__ = "findings"
    __table_args__ = (
        one_of("severity", Severity),
        CheckConstraint("(decided_at is null) = (decision is null)", name="decision_whole"),
        CheckConstraint("decision is null or length(reason) > 0", name="decision_reasoned"),
        Index(
            "uq_findings_open",
            "prescription_id",
            "fill_no",
            "rule_id",
            unique=True,
            postgresql_where=text("superseded_at is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    prescription_id: Mapped[UUID] = mapped_column(ForeignKey("prescriptions.id"))
    fill_no: Mapped[int]
    rule_id: Mapped[str]
    rule_version: Mapped[int]
    severity: Mapped[Severity]
    wording: Mapped[str]
    inputs: Mapped[dict[str, Any]]
    """What the rule saw; a pharmacist must be able to re-check it."""
    found_at: Mapped[datetime]
    superseded_at: Mapped[datetime | None]
    decision: Mapped[Decision | None]
    reason_code: Mapped[str | None]
    """A coded reason that the pharmacy had in use, where the door asked for one."""
    reason: Mapped[str | None]
    prescriber_contact: Mapped[str | None]
    """FDA-style note of who was asked, when and how; needed to override a BLOCK."""
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]
