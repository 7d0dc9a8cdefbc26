"""Who looked at a patient: what they opened, and lists in which an order of theirs stood."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, or_, select, text
from sqlalchemy.orm import Session

from pharmacy.infra.audit.trail import AuditEntry


@dataclass(frozen=True, slots=True)
class Looker:
    """Somebody who looked, how often, and from when to when."""

    by_kind: str
    by_id: UUID | None
    times: int
    first_at: datetime
    last_at: datetime


def looks(
    session: Session,
    *,
    patient_id: UUID,
    listed_as: Collection[str],
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int,
) -> Sequence[AuditEntry]:
    """
    Return the entries that say that somebody looked at a patient, the newest first.

    Args:
        listed_as: What lists call the patient's orders: `ord_…`.
        since, until: From this instant on, and before that one.
        before: The id of the last entry of the page before.
    """
    found = select(AuditEntry).where(*_looked(patient_id, listed_as, since, until))
    if before is not None:
        found = found.where(AuditEntry.id < before)
    return session.scalars(found.order_by(AuditEntry.id.desc()).limit(limit)).all()


def lookers(
    session: Session,
    *,
    patient_id: UUID,
    listed_as: Collection[str],
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[Looker]:
    """Return who looked at a patient, whoever did so last first. Arguments as of `looks`."""
    last = func.max(AuditEntry.at)
    found = (
        select(AuditEntry.by_kind, AuditEntry.by_id, func.count(), func.min(AuditEntry.at), last)
        .where(*_looked(patient_id, listed_as, since, until))
        .group_by(AuditEntry.by_kind, AuditEntry.by_id)
        .order_by(last.desc())
    )
    return [Looker(*row) for row in session.execute(found)]


def _looked(
    patient_id: UUID,
    listed_as: Collection[str],
    since: datetime | None,
    until: datetime | None,
) -> list[ColumnElement[bool]]:
    in_list = [AuditEntry.detail.contains({"orders": [order]}) for order in sorted(listed_as)]
    conditions: list[ColumnElement[bool]] = [
        or_(
            and_(AuditEntry.patient_id == patient_id, AuditEntry.action.like("%read")),
            and_(text("audit_entries.detail ? 'orders'"), or_(*in_list)) if in_list else false(),
        )
    ]
    if since is not None:
        conditions.append(AuditEntry.at >= since)
    if until is not None:
        conditions.append(AuditEntry.at < until)
    return conditions
