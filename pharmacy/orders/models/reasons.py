"""The coded reasons that staff may give."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.orders.rules.reasons import Purpose


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
