"""What may follow an order that is over, on its page: ordered again, or replaced."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from litestar import Controller, post
from litestar.params import FromPath
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.kernel.refusals import Refusal
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order, OrderEvent
from pharmacy.orders.rules import Action
from pharmacy.orders.rules.gates import PrescriptionOver
from pharmacy.orders.rules.life import CAME_BACK, NEVER_GIVEN
from pharmacy.orders.rules.next_step import NOTHING, NextStep
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.orders.rules.reordering import ORDER_AGAIN, REPLACE_IT
from pharmacy.refills import operations as refills
from pharmacy.staff.rules import Permission
from pharmacy.web.console.order_parts import Parts
from pharmacy.web.console.order_steps import PATH, ReasonForm, take_step
from pharmacy.web.refusals import sentence
from pharmacy.web.view import Answer, CurrentView


@dataclass(frozen=True, slots=True)
class Ended:
    """An order that is over, and what its page says comes next."""

    step: NextStep

    @property
    def may_reorder(self) -> bool:
        return self.step is ORDER_AGAIN

    @property
    def may_replace(self) -> bool:
        return self.step is REPLACE_IT


def ended_of(session: Session, order: Order, parts: Parts, *, now: datetime) -> Ended | None:
    """Return what may follow an order that was never given or came back; None for any other."""
    if order.status in CAME_BACK:
        return Ended(_after_coming_back(session, order, parts, now))
    if order.status not in NEVER_GIVEN:
        return None
    try:
        operations.require_reorderable(session, order, now=now)
    except Refusal as refusal:
        return Ended(_nothing(f"{sentence(str(refusal))} {refusal.remedy}"))
    return Ended(ORDER_AGAIN)


def _after_coming_back(session: Session, order: Order, parts: Parts, now: datetime) -> NextStep:
    if not queries.is_off(session, order):
        numbers = [each.number for each in queries.replacements(session, order)]
        replaced = " and ".join(f"Rx {number}" for number in numbers)
        return _nothing(f"What came back or was recalled is replaced by {replaced}.")
    try:
        operations.require_replaceable(session, order, now=now)
    except Refusal as refusal:
        return _nothing(f"{sentence(str(refusal))} {refusal.remedy}")
    if parts.why_not_replaced:
        return _nothing(f"{parts.why_not_replaced} {PrescriptionOver.remedy}")
    return REPLACE_IT


def _nothing(words: str) -> NextStep:
    return NOTHING._replace(words=words)


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
