"""
Which batches open orders need, and what it saves to make them together.

Orders wait for capsules of a strength, each until a date. A batch is as large as what is waiting
allows, divided evenly where it would be too large, the first due in the first batch. No order is
torn over two batches, since a vial is filled from one lot. Source: domain.md 2.9 and 3.1.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pharmacy.compounding.rules.batch import loads
from pharmacy.kernel.refusals import Invalid


class PlanningImpossible(Invalid):
    """A batch and a machine hold at least one capsule."""

    code = "planning-impossible"


@dataclass(frozen=True, slots=True)
class OpenLine:
    """Capsules of one strength that one order waits for."""

    order_id: UUID
    strength_ug: int
    capsules: int
    due_at: datetime
    last_dose_on: date
    """The capsules must be good until then."""


@dataclass(frozen=True, slots=True)
class Savings:
    """What one batch for many saves over a batch for each order."""

    set_ups: int
    """Batches with their records, weighings and tests."""
    loads: int
    """Times that the machine is filled."""
    capsules_tested: int
    """Ten capsules of every batch, or all of a smaller one."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A batch that a pharmacist may accept."""

    strength_ug: int
    capsules: int
    loads: tuple[int, ...]
    first_due_at: datetime
    last_dose_on: date
    """The latest of its orders."""
    order_ids: tuple[UUID, ...]
    saves: Savings


@dataclass(frozen=True, slots=True)
class Plan:
    """Every batch that is needed, and the orders that none can serve."""

    proposals: tuple[Proposal, ...]
    too_late: tuple[OpenLine, ...]
    """Their last dose is after the beyond-use date of a batch that is made today."""
    too_large: tuple[OpenLine, ...]
    """One order alone is more than a batch may hold."""


TESTED = 10


def plan_batches(
    lines: Iterable[OpenLine],
    *,
    coming: Mapping[int, int],
    capacity: int,
    most: int,
    beyond_use_on: Mapping[int, date],
) -> Plan:
    """
    Gather open lines into batches.

    Args:
        coming: Capsules by strength that batches in production will yield; they serve the orders
            that are due first.
        capacity: Capsules that the machine fills in one load.
        most: Capsules in the largest batch.
        beyond_use_on: By strength, the date of capsules that are made today.

    Raises:
        PlanningImpossible: `capacity` or `most` is not above zero.
    """
    if capacity <= 0 or most <= 0:
        raise PlanningImpossible("the machine and a batch hold at least one capsule")
    by_strength: dict[int, list[OpenLine]] = {}
    too_late, too_large = [], []
    for line in lines:
        if line.last_dose_on > beyond_use_on.get(line.strength_ug, date.max):
            too_late.append(line)
        elif line.capsules > most:
            too_large.append(line)
        else:
            by_strength.setdefault(line.strength_ug, []).append(line)
    proposals = [
        _proposal(group, capacity)
        for strength in sorted(by_strength)
        for group in _groups(_not_served(by_strength[strength], coming.get(strength, 0)), most=most)
    ]
    return Plan(tuple(proposals), tuple(too_late), tuple(too_large))


def _not_served(lines: list[OpenLine], coming: int) -> list[OpenLine]:
    """Leave out the lines that batches in production will meet, those due first."""
    lines.sort(key=lambda line: (line.due_at, line.order_id))
    left = []
    for line in lines:
        if line.capsules <= coming:
            coming -= line.capsules
        else:
            left.append(line)
    return left


def _groups(lines: Sequence[OpenLine], *, most: int) -> list[list[OpenLine]]:
    """Divide lines, the first due first, into as few even groups as hold no more than `most`."""
    total = sum(line.capsules for line in lines)
    even = -(-total // max(1, -(-total // most)))
    groups: list[list[OpenLine]] = []
    held = 0
    for line in lines:
        if not groups or held + line.capsules > most or held >= even:
            groups.append([])
            held = 0
        groups[-1].append(line)
        held += line.capsules
    return groups


def _proposal(lines: Sequence[OpenLine], capacity: int) -> Proposal:
    capsules = sum(line.capsules for line in lines)
    together = loads(capsules, capacity=capacity)
    apart = sum(-(-line.capsules // capacity) for line in lines)
    tested = sum(min(TESTED, line.capsules) for line in lines)
    return Proposal(
        strength_ug=lines[0].strength_ug,
        capsules=capsules,
        loads=together,
        first_due_at=lines[0].due_at,
        last_dose_on=max(line.last_dose_on for line in lines),
        order_ids=tuple(line.order_id for line in lines),
        saves=Savings(
            set_ups=len(lines) - 1,
            loads=apart - len(together),
            capsules_tested=tested - min(TESTED, capsules),
        ),
    )
