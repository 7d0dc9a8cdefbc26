"""The entries themselves, and the seals over them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, Protocol
from uuid import UUID

from sqlalchemy import Identity, Index, insert, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from pharmacy.infra.db import Base


class Acting(Protocol):
    """Whoever did it; `staff.rules.Actor` is one."""

    @property
    def id(self) -> UUID | None: ...
    @property
    def kind(self) -> str: ...


class AuditEntry(Base):
    """One act. Triggers refuse every change but the one that puts it under a seal."""

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_unsealed", "id", postgresql_where=text("seal_seq is null")),
        Index(None, "seal_seq", "id"),
        Index(None, "patient_id", "id"),
        Index(None, "subject_id", "id"),
        Index(None, "by_id", "id"),
        Index(None, "action", "id"),
        Index(
            "ix_audit_listed",
            "detail",
            postgresql_using="gin",
            postgresql_ops={"detail": "jsonb_path_ops"},
            postgresql_where=text("detail ? 'orders'"),
        ),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    action: Mapped[str]
    """A constant: `order.approved`, `prescription.read`."""
    by_id: Mapped[UUID | None]
    by_kind: Mapped[str]
    """`staff`, `client`, `worker`, `operator` or `anonymous`."""
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID | None]
    patient_id: Mapped[UUID | None]
    detail: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    """Codes, numbers and identifiers. Never a name, a birth date or free text of a patient."""
    seal_seq: Mapped[int | None]


class AuditSeal(Base):
    """One link of the chain: it covers its entries and the seal before it."""

    __tablename__ = "audit_seals"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entries: Mapped[int]
    entries_sha256: Mapped[bytes]
    previous_sha256: Mapped[bytes]
    sha256: Mapped[bytes]
    sealed_at: Mapped[datetime]


RECORD: Final = insert(AuditEntry.table()).inline()


class Subject(NamedTuple):
    """What one of several like acts was done to."""

    id: UUID | None
    patient_id: UUID | None
    detail: dict[str, Any]


def record(
    session: Session,
    action: str,
    *,
    by: Acting,
    at: datetime,
    subject_kind: str,
    subject_id: UUID | None,
    patient_id: UUID | None = None,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write one entry in the caller's transaction."""
    subject = Subject(subject_id, patient_id, detail or {})
    record_each(session, action, [subject], by=by, at=at, subject_kind=subject_kind)


def record_each(
    session: Session,
    action: str,
    subjects: Iterable[Subject],
    *,
    by: Acting,
    at: datetime,
    subject_kind: str,
) -> None:
    """Write an entry for each subject of one act, in one statement."""
    rows = [
        {
            "at": at,
            "action": action,
            "by_kind": by.kind,
            "by_id": by.id,
            "subject_kind": subject_kind,
            "subject_id": subject.id,
            "patient_id": subject.patient_id,
            "detail": subject.detail,
        }
        for subject in subjects
    ]
    if rows:
        session.execute(RECORD, rows)


def entries(
    session: Session,
    *,
    patient_id: UUID | None = None,
    subject_id: UUID | None = None,
    by_id: UUID | None = None,
    action: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    before: int | None = None,
    limit: int,
) -> Sequence[AuditEntry]:
    """
    Return entries that fit every condition given, the newest first.

    Args:
        since, until: From this instant on, and before that one.
        before: The id of the last entry of the page before.
    """
    conditions = [
        column == wanted
        for column, wanted in (
            (AuditEntry.patient_id, patient_id),
            (AuditEntry.subject_id, subject_id),
            (AuditEntry.by_id, by_id),
            (AuditEntry.action, action),
        )
        if wanted is not None
    ]
    if since is not None:
        conditions.append(AuditEntry.at >= since)
    if until is not None:
        conditions.append(AuditEntry.at < until)
    if before is not None:
        conditions.append(AuditEntry.id < before)
    return session.scalars(
        select(AuditEntry).where(*conditions).order_by(AuditEntry.id.desc()).limit(limit)
    ).all()


def newest_seal(session: Session) -> AuditSeal | None:
    """Return the last link of the chain; None before anything was sealed."""
    return session.scalars(select(AuditSeal).order_by(AuditSeal.seq.desc()).limit(1)).first()
