"""
What is true of the pharmacy's records at every moment, whatever was killed in between.

Each invariant is one statement of SQL that returns the rows that break it: none, when all is well.
Constraints keep single rows sound; these look across tables, and so also at what a restore, an
operator's hand or a bug may have done.
"""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.orm import Session

from pharmacy.invariants import (
    batches,
    copies,
    doses,
    intake,
    labels,
    life,
    materials,
    owed,
    parts,
    recalls,
    stock,
    trail,
)
from pharmacy.invariants.invariant import Invariant, Violation

ALL: tuple[Invariant, ...] = (
    *intake.INVARIANTS,
    *life.INVARIANTS,
    *doses.INVARIANTS,
    *parts.INVARIANTS,
    *stock.INVARIANTS,
    *batches.INVARIANTS,
    *materials.INVARIANTS,
    *recalls.INVARIANTS,
    *labels.INVARIANTS,
    *copies.INVARIANTS,
    *owed.INVARIANTS,
    *trail.INVARIANTS,
)

__all__ = ["ALL", "Invariant", "Violation", "violations"]


def violations(session: Session) -> Iterator[Violation]:
    """Yield every invariant that is broken, in the order of `ALL`, with the rows that break it."""
    for invariant in ALL:
        found = session.execute(text(invariant.sql)).mappings().all()
        if found:
            yield Violation(invariant, tuple(dict(row) for row in found))
