"""When each batch is due: orders wait for capsules, and batches serve them in their order."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pharmacy.compounding.rules.planning import OpenLine


@dataclass(frozen=True, slots=True)
class Coming:
    """A batch that is made, with the capsules that it will yield."""

    batch_id: UUID
    strength_ug: int
    capsules: int


def due_by_batch(
    lines: Iterable[OpenLine], batches: Iterable[Coming]
) -> dict[UUID, tuple[datetime, int]]:
    """
    Return when the first order that a batch serves is due, and how many orders it serves.

    The order due first is served by the batch planned first. A batch that serves none is absent.

    Args:
        batches: The first planned first.
    """
    waiting = sorted(lines, key=lambda line: (line.due_at, line.order_id))
    found: dict[UUID, tuple[datetime, int]] = {}
    for batch in batches:
        left, unserved = batch.capsules, []
        for line in waiting:
            if line.strength_ug != batch.strength_ug or line.capsules > left:
                unserved.append(line)
                continue
            left -= line.capsules
            first, served = found.get(batch.batch_id, (line.due_at, 0))
            found[batch.batch_id] = (first, served + 1)
        waiting = unserved
    return found
