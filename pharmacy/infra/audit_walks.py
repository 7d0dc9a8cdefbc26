"""
Walks along the audit's chain that somebody asked for: done by a worker in stretches, so that no
request and no worker is held up, and kept with what they found.
"""

from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, func, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from pharmacy.infra import audit, jobs
from pharmacy.infra.audit import AuditEntry, AuditSeal, Head, Stretch
from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.jobs import JobKind
from pharmacy.kernel.refusals import NotFound

STRETCH: Final = 20_000
"""Entries that are read before progress is told: a second or two of work."""
LOCK: Final = 7_246_003
"""The advisory lock of whoever asks for a walk."""


class WalkState(StrEnum):
    """Where a walk stands."""

    RUNNING = "running"
    WHOLE = "whole"
    BROKEN = "broken"
    GIVEN_UP = "given-up"
    """Its job died, and somebody asked for another walk."""


class AuditWalk(Base):
    """One walk, from the first seal to the one that was the newest when it was asked for."""

    __tablename__ = "audit_walks"
    __table_args__ = (
        one_of("state", WalkState),
        CheckConstraint("(state = 'running') = (ended_at is null)", name="ends_dated"),
        CheckConstraint(
            "(state = 'broken') = (broken_seq is not null)"
            " and (broken_seq is null) = (broken_why is null)",
            name="break_named",
        ),
        CheckConstraint("(seals = 0) = (head_sha256 is null)", name="head_of_seals"),
        Index(
            "uq_audit_walks_running",
            "state",
            unique=True,
            postgresql_where=text("state = 'running'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    state: Mapped[WalkState] = mapped_column(server_default=WalkState.RUNNING)
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime] = mapped_column(index=True)
    until_seq: Mapped[int]
    """The seal that the walk ends with."""
    expected: Mapped[int]
    """Entries under all the seals of the walk, as the seals say."""
    seals: Mapped[int] = mapped_column(server_default=text("0"))
    entries: Mapped[int] = mapped_column(server_default=text("0"))
    head_sha256: Mapped[bytes | None]
    """The hash of the last seal that fits: seal number `seals`."""
    ended_at: Mapped[datetime | None]
    broken_seq: Mapped[int | None]
    broken_why: Mapped[str | None]

    @property
    def head(self) -> Head | None:
        return Head(self.seals, self.head_sha256) if self.head_sha256 else None


NEWEST_FIRST: Final = (AuditWalk.asked_at.desc(), AuditWalk.id.desc())


def ask(session: Session, *, by: audit.Acting, now: datetime) -> AuditWalk:
    """Ask for a walk to the newest seal; while one is under way, return that one."""
    session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    running = under_way(session)
    if running is not None:
        if not is_stuck(session, running):
            return running
        running.state, running.ended_at = WalkState.GIVEN_UP, now
        session.flush()
    until, expected = session.execute(
        select(func.coalesce(func.max(AuditSeal.seq), 0), func.sum(AuditSeal.entries))
    ).one()
    walk = AuditWalk(
        id=new_id(), asked_by=by.id, asked_at=now, until_seq=until, expected=int(expected or 0)
    )
    session.add(walk)
    session.flush()
    jobs.add(session, JobKind.VERIFY_AUDIT, ref_id=walk.id)
    _record(session, "audit.walk-asked", walk, by=by, now=now)
    return walk


def go_on(session: Session, walk_id: UUID, *, by: audit.Acting, now: datetime) -> jobs.Progress:
    """Walk the next stretch, and keep how far that is and what was found."""
    walk = session.get(AuditWalk, walk_id, with_for_update=True)
    if walk is None:
        raise NotFound("there is no such walk")
    if walk.state is not WalkState.RUNNING:
        return jobs.Progress.DONE
    found = audit.verify_stretch(
        session, after=walk.head, until=walk.until_seq, known=_known(session), most=STRETCH
    )
    _keep(walk, found, now)
    session.flush()
    if walk.ended_at is None:
        return jobs.Progress.MORE
    _record(session, "audit.verified", walk, by=by, now=now)
    return jobs.Progress.DONE


def under_way(session: Session) -> AuditWalk | None:
    """Return the walk that is not at its end."""
    return session.scalars(select(AuditWalk).where(AuditWalk.ended_at.is_(None))).one_or_none()


def latest(session: Session) -> AuditWalk | None:
    """Return the last walk that came to a result."""
    told = AuditWalk.state.in_((WalkState.WHOLE, WalkState.BROKEN))
    newest = select(AuditWalk).where(told).order_by(*NEWEST_FIRST).limit(1)
    return session.scalars(newest).first()


def is_stuck(session: Session, walk: AuditWalk) -> bool:
    """Say whether a walk's job was given up, so that nobody walks on."""
    return walk.id in jobs.given_up(session, [walk.id])


def unsealed(session: Session) -> int:
    """Count entries that no seal covers yet: some seconds' worth, or sealing stands still."""
    found = select(func.count()).select_from(AuditEntry).where(AuditEntry.seal_seq.is_(None))
    return session.scalar(found) or 0


def _known(session: Session) -> Head | None:
    """Return where the last whole walk ended: the chain must still hold that very seal."""
    whole = select(AuditWalk).where(AuditWalk.state == WalkState.WHOLE, AuditWalk.seals > 0)
    last = session.scalars(whole.order_by(*NEWEST_FIRST).limit(1)).first()
    return last.head if last else None


def _keep(walk: AuditWalk, found: Stretch, now: datetime) -> None:
    walk.seals += found.seals
    walk.entries += found.entries
    if found.head is not None:
        walk.head_sha256 = found.head.sha256
    if found.broken is not None:
        walk.state, walk.ended_at = WalkState.BROKEN, now
        walk.broken_seq, walk.broken_why = found.broken.seq, found.broken.why
    elif found.is_last:
        walk.state, walk.ended_at = WalkState.WHOLE, now


def _record(
    session: Session, action: str, walk: AuditWalk, *, by: audit.Acting, now: datetime
) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="audit-walk",
        subject_id=walk.id,
        detail={"whole": walk.state is WalkState.WHOLE, "seals": walk.seals}
        if walk.ended_at
        else {"until": walk.until_seq},
    )
