"""Batches for orders that wait: what is needed, accepting it, and releasing what was made."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.compounding import operations as compounding
from pharmacy.compounding import queries as batches
from pharmacy.compounding.models import Batch
from pharmacy.compounding.rules.beyond_use import beyond_use
from pharmacy.compounding.rules.planning import Plan, plan_batches
from pharmacy.formulary import queries as formulary
from pharmacy.inventory import queries as lots
from pharmacy.kernel.refusals import Refusal
from pharmacy.orders import queries
from pharmacy.orders.operations.allocating import allocate
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Actor, Permission


def propose_batches(session: Session, *, now: datetime) -> Plan:
    """Gather what open orders wait for into batches, and say what each saves."""
    policy = practice.policy(session)
    today = practice.site(session).today(now)
    dates = {
        formulation.strength_ug: beyond_use(
            today,
            limit_days=min(formulation.beyond_use_days, policy.beyond_use_days),
            day_one=policy.compounding_day_is_day_one,
            components=(),
        ).on
        for formulation in formulary.in_force(session)
    }
    return plan_batches(
        queries.open_lines(session),
        coming=batches.capsules_coming(session),
        capacity=policy.machine_capacity,
        most=policy.most_capsules_in_batch,
        beyond_use_on=dates,
    )


def accept_batch(
    session: Session,
    *,
    strength_ug: int,
    capsules: int,
    justification: str | None = None,
    by: Actor,
    now: datetime,
) -> Batch:
    """
    Accept a batch of a strength; what no open order needs is anticipatory, and justified.

    Raises: As `compounding.operations.plan`.
    """
    coming = batches.capsules_coming(session).get(strength_ug, 0)
    waiting = queries.capsules_awaited(session, strength_ug) - coming
    return compounding.plan(
        session,
        strength_ug=strength_ug,
        capsules=capsules,
        beyond_orders=max(0, capsules - max(0, waiting)),
        justification=justification,
        by=by,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Met:
    """A released batch, and the waiting orders that got their capsules by it."""

    batch: Batch
    order_ids: tuple[UUID, ...]


def release_batch(session: Session, batch_id: UUID, *, by: Actor, now: datetime) -> Met:
    """
    Release a batch, and allocate the orders that waited for its strength, the first due first.

    An order that cannot go on now, because it is held or claimed, or still lacks something, stays
    where it is; it is allocated when somebody takes it up again.

    Raises: As `compounding.operations.release`.
    """
    by.require(Permission.ALLOCATE)
    batch = compounding.release(session, batch_id, by=by, now=now)
    session.flush()
    met = []
    for order_id in queries.lock_waiting_for(session, batch.strength_ug):
        if _free(session, batch) <= 0:
            break
        if _allocated(session, order_id, by=by, now=now):
            met.append(order_id)
    return Met(batch, tuple(met))


def _free(session: Session, batch: Batch) -> int:
    if batch.capsule_lot_id is None:
        return 0
    return lots.get_capsule_lot(session, batch.capsule_lot_id).supply.free


def _allocated(session: Session, order_id: UUID, *, by: Actor, now: datetime) -> bool:
    """Allocate a waiting order, or leave it as it was."""
    try:
        with session.begin_nested():
            order = allocate(session, order_id, by=by, now=now)
    except Refusal:
        return False
    return not queries.batch_requests(session, order.id)
