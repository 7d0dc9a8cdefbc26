"""Putting entries under seals, in batches, behind the writers' backs."""

from dataclasses import asdict
from datetime import datetime
from typing import Final

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from pharmacy.infra.audit import chain
from pharmacy.infra.audit.trail import AuditEntry, AuditSeal

MOST: Final = 5_000
"""Entries under one seal."""
SEALERS: Final = 0x5EA1
"""The advisory lock that lets one sealer work at a time."""


def seal(session: Session, *, now: datetime, limit: int = MOST) -> int:
    """
    Seal what is committed and not sealed yet; return how many entries that were.

    Writers do not wait for it, nor it for them: an entry that is committed later, with a smaller
    id, comes under a later seal. A second sealer at the same time does nothing.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(SEALERS))):
        return 0
    rows = session.execute(
        chain.columns().where(AuditEntry.seal_seq.is_(None)).order_by(AuditEntry.id).limit(limit)
    ).all()
    if not rows:
        return 0
    last = session.execute(
        select(AuditSeal.seq, AuditSeal.sha256).order_by(AuditSeal.seq.desc()).limit(1)
    ).one_or_none()
    seq, previous_sha256 = (last.seq + 1, last.sha256) if last else (1, chain.NOTHING)
    link = chain.Link(seq, *chain.of_entries(rows), previous_sha256, now)
    session.execute(insert(AuditSeal).values(**asdict(link), sha256=link.sha256))
    session.execute(
        update(AuditEntry)
        .where(AuditEntry.id.in_([row.id for row in rows]))
        .values(seal_seq=seq)
        .execution_options(synchronize_session=False)
    )
    return link.entries
