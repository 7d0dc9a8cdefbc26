"""Where batches stand: what each is owed next, when it is due, and who was at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import Batch, WeightKind
from pharmacy.compounding.queries import Standing
from pharmacy.compounding.rules.next_step import PHARMACIST, TECHNICIAN, Owed, Progress, owed
from pharmacy.compounding.rules.urgency import Coming, due_by_batch
from pharmacy.compounding.rules.weights import Verdict
from pharmacy.kernel import ids
from pharmacy.orders import queries as orders
from pharmacy.orders.rules.due import Due, due
from pharmacy.practice import queries as practice
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Actor, Permission

ITS_PLACE: Final = frozenset({"filled", "steps", "weighings-verified", "release-test"})
"""Gates that the next step speaks of in its own words."""


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One batch in the list."""

    id: str
    batch: Batch
    owed: Owed
    left: Due | None
    """How urgent it is; None for one that no order waits for."""
    serves: int
    """Orders that wait for it."""
    last_by: str
    last_at: datetime
    is_yours: bool
    """The person's role owes the next step."""
    standing: Standing


def progress_of(standing: Standing, *, today: date) -> Progress:
    """Return how far a batch has come."""
    batch, counting = standing.batch, standing.counting
    wanted = {}
    if batch.sheet is not None:
        wanted = operations.targets_from(batch, standing.active_lot_ids)
    is_filled = batch.filled is not None
    passed = standing.tests.get("release")
    gates = operations.gates_of(standing, today=today) if is_filled else []
    return Progress(
        status=batch.status,
        is_called=batch.called_at is not None,
        is_scanned=batch.sheet is not None,
        to_weigh=tuple(need.item for need in wanted if need not in counting),
        to_verify=sum(each.verified_by is None for each in counting.values()),
        steps=standing.steps,
        shells=standing.weighed.get(WeightKind.SHELL, 0),
        capsules=standing.weighed.get(WeightKind.CAPSULE, 0),
        filled=batch.filled,
        is_tested=passed is not None and passed.verdict == Verdict.PASSED,
        red=tuple(gate.words for gate in gates if not gate.is_green and gate.code not in ITS_PLACE),
    )


def owes(actor: Actor, next_one: Owed) -> bool:
    """Say whether a next step is for somebody's role; pharmacists come first to their own."""
    if Permission.VERIFY_WEIGHING in actor.permissions:
        return next_one.owner == PHARMACIST
    return next_one.owner == TECHNICIAN and Permission.COMPOUND in actor.permissions


def lines_of(
    session: Session, batches: Sequence[Batch], *, actor: Actor, now: datetime
) -> list[BatchLine]:
    """Return batches as a list shows them, the most urgent first."""
    hours = practice.working_hours(session)
    made = queries.unfinished(session)
    strengths = {each.strength_ug for each in batches}
    coming = [Coming(each.id, each.strength_ug, each.filled or each.capsules) for each in made]
    dues = due_by_batch(orders.open_lines(session, strengths), coming)
    last = queries.last_events(session, [batch.id for batch in batches])
    names = staff.names(session, {event.by_id for event in last.values()})
    today = practice.site(session).today(now)
    standings = queries.standings(session, batches, today=today)
    found = []
    for batch in batches:
        next_one = owed(progress_of(standings[batch.id], today=today))
        event = last[batch.id]
        due_at, served = dues.get(batch.id, (None, 0))
        found.append(
            BatchLine(
                id=ids.encode("bat", batch.id),
                batch=batch,
                owed=next_one,
                left=due(due_at, hours=hours, now=now) if due_at else None,
                serves=served,
                last_by=names.get(event.by_id, ""),
                last_at=event.at,
                is_yours=owes(actor, next_one),
                standing=standings[batch.id],
            )
        )
    return sorted(found, key=lambda line: _urgency(line, dues))


def _urgency(
    line: BatchLine, dues: dict[UUID, tuple[datetime, int]]
) -> tuple[bool, datetime, datetime]:
    """Order by the first order that waits; what nobody waits for comes last."""
    waits = line.batch.id in dues
    first = dues[line.batch.id][0] if waits else line.batch.planned_at
    return not waits, first, line.batch.planned_at
