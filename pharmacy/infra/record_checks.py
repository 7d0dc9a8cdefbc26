"""What the hourly check of all records found: kept, so that its silence can be told from health."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import CheckConstraint, Identity, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from pharmacy.infra.db import Base

EVERY: Final = timedelta(hours=1)
LOCK: Final = 7_246_002
"""The advisory lock of whoever checks: a check reads every table, one at a time is enough."""


class RecordCheck(Base):
    """One look at all records. Append-only."""

    __tablename__ = "record_checks"
    __table_args__ = (CheckConstraint("invariants > 0", name="something_checked"),)

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    checked_at: Mapped[datetime] = mapped_column(index=True)
    invariants: Mapped[int]
    """How many were asked."""
    broken: Mapped[dict[str, Any]]
    """How many rows break each invariant that does not hold, by its name. Nothing of a patient."""


def is_due(session: Session, *, now: datetime) -> bool:
    """Say whether it is time, and nobody else in this moment checks; holds the lock if so."""
    if not session.scalar(text("select pg_try_advisory_xact_lock(:lock)"), {"lock": LOCK}):
        return False
    last = latest(session)
    return last is None or now - last.checked_at >= EVERY


def record(
    session: Session, broken: Mapping[str, int], *, invariants: int, now: datetime
) -> RecordCheck:
    """Keep what a check found."""
    check = RecordCheck(checked_at=now, invariants=invariants, broken=dict(broken))
    session.add(check)
    session.flush()
    return check


def latest(session: Session) -> RecordCheck | None:
    """Return the last check, if there was one."""
    return session.scalars(select(RecordCheck).order_by(RecordCheck.id.desc()).limit(1)).first()


def listing(session: Session, *, before_id: int | None, limit: int) -> Sequence[RecordCheck]:
    """Return checks, the newest first."""
    found = select(RecordCheck).order_by(RecordCheck.id.desc()).limit(limit)
    if before_id is not None:
        found = found.where(RecordCheck.id < before_id)
    return session.scalars(found).all()
