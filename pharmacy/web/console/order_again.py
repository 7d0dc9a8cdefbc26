"""What may follow an order that is over, on its page: the fill is ordered again."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from litestar import Controller, post
from litestar.params import FromPath
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.kernel.refusals import Refusal
from pharmacy.orders import operations
from pharmacy.orders.models import Order, OrderEvent
from pharmacy.orders.rules import MOVES, Action
from pharmacy.orders.rules.next_step import NOTHING, NextStep
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.orders.rules.reordering import ORDER_AGAIN
from pharmacy.refills import operations as refills
from pharmacy.staff.rules import Permission
from pharmacy.web.console.order_steps import PATH, ReasonForm, take_step
from pharmacy.web.refusals import sentence
from pharmacy.web.view import Answer, CurrentView


@dataclass(frozen=True, slots=True)
class Ended:
    """An order that was cancelled or rejected, and what its page says comes next."""

    step: NextStep
    may_reorder: bool


def ended_of(session: Session, order: Order, *, now: datetime) -> Ended | None:
    """Return what may follow an order that was never given; None for any other."""
    if order.status not in MOVES[Action.REORDER].paths:
        return None
    try:
        operations.require_reorderable(session, order, now=now)
    except Refusal as refusal:
        words = f"{sentence(str(refusal))} {refusal.remedy}"
        return Ended(NOTHING._replace(words=words), may_reorder=False)
    return Ended(ORDER_AGAIN, may_reorder=True)


def told_of_again(event: OrderEvent, numbers: dict[UUID, int]) -> str:
    """Return which order a fill has now, or had before, in words; nothing for any other step."""
    facts = event.facts
    match event.action:
        case Action.REORDER:
            return f"It is Rx {numbers.get(UUID(facts['ordered_again']), '')} now."
        case operations.RECEIVED if facts.get("kind") == OrderKind.FILL:
            return f"Ordered again in place of Rx {numbers.get(UUID(facts['of']), '')}."
    return ""


class OrderAgain(Controller):
    """Ordering the fill of one order again."""

    path = PATH

    @post(
        "/reorder",
        opt={"permission": Permission.APPROVE_ORDER},
        status_code=200,
        sync_to_thread=True,
    )
    def reorder(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Order the whole fill again, under a number of its own."""
        given = form.read(ReasonForm)

        def step(session: Session, wanted: UUID) -> object:
            return refills.order_again(
                session, wanted, reason=given.reason, words=given.words, by=actor, now=view.now
            )

        return take_step(view, db, order_id, step, toast="Ordered again: it is on the queue")
