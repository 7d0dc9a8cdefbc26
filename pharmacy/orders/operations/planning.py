"""Choosing how an order's doses are made up, before it is approved."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.orders.models import Order
from pharmacy.orders.operations.steps import lock_for, look_ahead, take
from pharmacy.orders.rules import Action
from pharmacy.staff.rules import Actor
from pharmacy.titration import operations as titration
from pharmacy.titration import queries as plans


def choose_strategy(
    session: Session, order_id: UUID, *, strategy: str, reason: str, by: Actor, now: datetime
) -> Order:
    """
    Have an order in review made up by another strategy; the plan gets a new version.

    Raises:
        MoveNotAllowed, ClaimedByAnother: As the order stands.
        PlanNotFound: The worker has not proposed a plan, or could not.
        StrategyNotPossible, UnknownStrategy, ReasonMissing: As `titration.operations.choose`.
    """
    order = lock_for(session, order_id, by)
    look_ahead(session, order, Action.CHOOSE_STRATEGY, by=by, now=now)
    plan = plans.current(session, order.prescription_id, order.fill_no)
    if plan is None:
        raise plans.PlanNotFound("this order has no strength plan yet")
    chosen = titration.choose(
        session, plan_id=plan.id, strategy=strategy, reason=reason, by=by, now=now
    )
    order.plan_id = chosen.id
    facts = {"plan": str(chosen.id), "strategy": chosen.strategy}
    take(session, order, Action.CHOOSE_STRATEGY, by=by, now=now, reason=reason, facts=facts)
    return order
