"""
Work that the pharmacy owes, as rows. The row is the truth; a message only says "look at job N".

A job is owed in the transaction that makes it necessary, claimed with a lease and a fencing token,
and finished in the transaction that holds its effect. Lost, repeated or forged messages change
when a job runs, never whether or how often it has its effect.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import Identity, Index, Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import Conflict, NotFound

CHANNEL: Final = "pharmacy_jobs"
"""What the relay listens to: a trigger notifies it when jobs are inserted or made ready."""
LEASE: Final = timedelta(seconds=60)
"""Longer than a task's hard time limit, so that a live worker is never taken for a dead one."""


class JobState(StrEnum):
    """Where a job stands."""

    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


class Job(Base):
    """One piece of owed work."""

    __tablename__ = "jobs"
    __table_args__ = (
        one_of("state", JobState),
        Index("ix_jobs_ready", "run_at", "id", postgresql_where=text("state = 'ready'")),
        Index("ix_jobs_running", "lease_until", postgresql_where=text("state = 'running'")),
        Index("ix_jobs_dead", "id", postgresql_where=text("state = 'dead'")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[JobKind]
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    ref_id: Mapped[UUID]
    state: Mapped[JobState] = mapped_column(server_default=JobState.READY)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    max_attempts: Mapped[int] = mapped_column(server_default=text("8"))
    run_at: Mapped[datetime] = mapped_column(server_default=func.now())
    sent_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[int] = mapped_column(server_default=text("0"))
    worker: Mapped[str | None]
    last_error: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    done_at: Mapped[datetime | None]


def add(session: Session, kind: JobKind, *, ref_id: UUID, dedupe_key: str | None = None) -> None:
    """
    Owe a job in the caller's transaction.

    Args:
        dedupe_key: The job is owed once for each key. Default: once for each kind and `ref_id`;
            give a key where the same work may rightly be owed again (`orders.check:<id>:v7`).
    """
    key = dedupe_key or f"{kind}:{ref_id}"
    row = {"kind": kind, "ref_id": ref_id, "dedupe_key": key}
    session.execute(insert(Job).values(row).on_conflict_do_nothing(index_elements=["dedupe_key"]))
