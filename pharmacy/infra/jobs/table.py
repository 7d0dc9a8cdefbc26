"""The table of owed work, and how work comes to be owed."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import Identity, Index, func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.jobs import JobKind

CHANNEL: Final = "pharmacy_jobs"
"""What the relay listens to: notified when jobs are added or given another chance by a person."""
LEASE: Final = timedelta(seconds=60)
"""Longer than a task's hard time limit, so that a live worker is never taken for a dead one."""
LARGEST_ID: Final = 2**63 - 1


class JobState(StrEnum):
    """Where a job stands."""

    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    """It failed at every attempt, or for good. A person reads why, and retries it."""


class Job(Base):
    """One piece of owed work. Rows stay: their key keeps work from being owed twice."""

    __tablename__ = "jobs"
    __table_args__ = (
        one_of("state", JobState),
        Index("ix_jobs_ready", "run_at", "id", postgresql_where=text("state = 'ready'")),
        Index("ix_jobs_to_send", "send_at", "id", postgresql_where=text("state = 'ready'")),
        Index("ix_jobs_running", "lease_until", postgresql_where=text("state = 'running'")),
        Index("ix_jobs_dead", "id", postgresql_where=text("state = 'dead'")),
        Index("ix_jobs_done", "ref_id", "kind", "id", postgresql_where=text("state = 'done'")),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    kind: Mapped[JobKind]
    dedupe_key: Mapped[str] = mapped_column(unique=True)
    ref_id: Mapped[UUID]
    state: Mapped[JobState] = mapped_column(server_default=JobState.READY)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    """Counted when one begins, so that a job that kills its worker cannot go on for ever."""
    max_attempts: Mapped[int] = mapped_column(server_default=text("8"))
    run_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """Nobody runs it before then."""
    send_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When the relay next tells the workers of it."""
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[int] = mapped_column(server_default=text("0"))
    """Rises with every claim: who holds an older one has lost the job and can finish nothing."""
    worker: Mapped[str | None]
    last_error: Mapped[str | None]
    """An exception's class, its code and where it was raised. Never its words."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    done_at: Mapped[datetime | None]


ADD: Final = insert(Job.table()).inline().on_conflict_do_nothing(index_elements=["dedupe_key"])


def add(session: Session, kind: JobKind, *, ref_id: UUID, dedupe_key: str | None = None) -> None:
    """
    Owe a job in the caller's transaction.

    Args:
        dedupe_key: The job is owed once for each key. Default: once for each kind and `ref_id`;
            give a key where the same work may rightly be owed again (`orders.check:<id>:v7`).
    """
    key = dedupe_key or f"{kind}:{ref_id}"
    session.execute(ADD, {"kind": kind, "ref_id": ref_id, "dedupe_key": key})
