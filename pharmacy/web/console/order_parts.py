"""A fill in parts on the order's page: what belongs together, where it is cut, what is replaced."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.dispensing import operations as dispensing
from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.kernel import ids
from pharmacy.kernel.refusals import Refusal
from pharmacy.labels import operations as labels
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Container, Order, OrderEvent
from pharmacy.orders.operations.giving_up import were_packed
from pharmacy.orders.rules import MOVES, Action, Status
from pharmacy.orders.rules.parts import (
    Nights,
    OrderKind,
    PartialNotAllowed,
    Stretch,
    last_given,
    nights_in_stock,
)
from pharmacy.orders.rules.reasons import ReplaceReason, ReturnReason
from pharmacy.practice import queries as practice
from pharmacy.refills import queries as refills
from pharmacy.refills.models import Refill
from pharmacy.staff.rules import Permission
from pharmacy.titration.rules import PlannedStep, dated
from pharmacy.web.console.order_steps import PATH, Code, Words, take_step
from pharmacy.web.rendering import day
from pharmacy.web.view import Answer, CurrentView

SPLIT: Final = {"permission": Permission.SPLIT_ORDER}
FATES: Final = {
    "destroyed": "packed capsules were destroyed",
    "back-in-stock": "capsules went back to their lots",
    "none-made": "no capsules were set aside yet",
}


@dataclass(frozen=True, slots=True)
class Cut:
    """A day after which the order may be divided, before it has vials."""

    through: date
    words: str


@dataclass(frozen=True, slots=True)
class Losable:
    """A vial that left, and what would be replaced of it."""

    vial: Container
    left: operations.Left | None
    why_not: str


@dataclass(frozen=True, slots=True)
class Parts:
    """What the page shows of the order's fill as a whole."""

    related: list[Order]
    numbers: dict[UUID, int]
    """The Rx number of each order of the fill."""
    steps: tuple[PlannedStep, ...]
    splits: bool
    """Whether the order stands where it can be divided."""
    cuts: list[Cut]
    fate: str
    """What becomes of the vials that would be left."""
    why_not_split: str
    rest: Nights | None
    rest_capsules: int
    losable: list[Losable]
    refill: Refill | None
    counts_as_fill: bool
    likely_reason: str
    """Why vials would be replaced, where the record says it."""

    def may_split(self, vials: int) -> bool:
        """Whether there is a place at which it can be divided."""
        return self.splits and (vials > 1 or bool(self.cuts))

    @property
    def why_not_replaced(self) -> str:
        if any(each.left for each in self.losable):
            return ""
        return "Nothing is left to replace: these days are over, or it is replaced already."


def parts_of(session: Session, order: Order, *, now: datetime) -> Parts:
    """Gather what belongs to an order's fill, and what may be done about its parts."""
    family = queries.family(session, order)
    steps = queries.own_steps(session, order) if order.plan_id else ()
    splits = order.status in MOVES[Action.SPLIT].paths and order.kind is not OrderKind.REPLACEMENT
    vials = queries.containers(session, order.id)
    rest = queries.nights_left(session, order) if order.plan_id else None
    if order.status not in MOVES[Action.ORDER_REST].paths:
        rest = None
    gone = order.status in MOVES[Action.REPLACE].paths
    likely_reason = _likely_reason(session, order)
    never_arrived = likely_reason == ReplaceReason.UNDELIVERABLE
    waits = never_arrived and not queries.is_followed(session, order)
    return Parts(
        related=[each for each in family if each.id != order.id],
        numbers={each.id: each.number for each in family},
        steps=steps,
        splits=splits,
        cuts=_cuts(session, order, steps) if splits and not vials else [],
        fate="destroyed" if splits and vials and were_packed(session, order) else "back-in-stock",
        why_not_split=_why_not_split(session, order) if splits else "",
        rest=rest,
        rest_capsules=queries.capsules_of(session, order, rest) if rest else 0,
        losable=[_losable(session, order, each, waits, now) for each in vials] if gone else [],
        refill=refills.after_order(session, queries.own_of_fill(session, order)) if gone else None,
        counts_as_fill=gone and practice.policy(session).patient_lost_counts_as_fill,
        likely_reason=likely_reason,
    )


def told_of_parts(event: OrderEvent, numbers: dict[UUID, int]) -> str:
    """Return what a step did to the parts of a fill, in words; nothing for any other step."""
    facts = event.facts
    match event.action:
        case Action.SPLIT:
            fate = FATES.get(facts["capsules"], "")
            return f"{_nights(facts['rest'])} follow under another number; {fate}."
        case Action.REPLACE:
            other = numbers.get(UUID(facts["replaced_by"]), "")
            counts = "; it counts as a fill" if facts["counts_as_fill"] else ""
            return f"{facts['capsules']} capsules are replaced by Rx {other}{counts}."
        case Action.ORDER_REST:
            return f"{_nights(facts['nights'])} were ordered again."
        case Action.CANCEL | Action.REJECT if facts.get("quantity") == "stays-on-prescription":
            return f"{_nights(facts['nights'])} stay on the prescription."
        case operations.RECEIVED if "of" in facts and facts["kind"] != OrderKind.FILL:
            other = numbers.get(UUID(facts["of"]), "")
            what = "The rest of" if facts["kind"] == OrderKind.REMAINDER else "Replaces vials of"
            return f"{what} Rx {other}: {_nights(facts['nights']).lower()}."
    return ""


def _nights(nights: Sequence[int]) -> str:
    return f"Nights {nights[0]} to {nights[1]} of the fill"


def _why_not_split(session: Session, order: Order) -> str:
    try:
        operations.require_partials_allowed(session, order)
    except PartialNotAllowed as refusal:
        return f"{refusal}: {refusal.facts['source']}."
    return ""


def _cuts(session: Session, order: Order, steps: Sequence[PlannedStep]) -> list[Cut]:
    """Return the end of each step but the last, and how far the shelf reaches."""
    if order.first_dose_on is None:
        return []
    days = dated(steps, order.first_dose_on)
    found = {each.last_on: f"Step {each.step.no}" for each in days[:-1]}
    missing = {
        each.strength_ug: each.quantity for each in queries.batch_requests(session, order.id)
    }
    in_stock = nights_in_stock(steps, missing) if missing else 0
    if 0 < in_stock < sum(step.days for step in steps):
        reached = order.first_dose_on + timedelta(days=in_stock - 1)
        found[reached] = "What is on the shelf"
    return [Cut(on, f"{name}: until {day(on)}") for on, name in sorted(found.items())]


def _likely_reason(session: Session, order: Order) -> str:
    if order.status is Status.RECALLED:
        return ReplaceReason.RECALLED
    never_arrived = operations.reason_of_end(session, order) == ReturnReason.UNDELIVERABLE
    return ReplaceReason.UNDELIVERABLE if never_arrived else ""


def _losable(
    session: Session, order: Order, vial: Container, waits: bool, now: datetime
) -> Losable:
    if queries.is_replaced(session, vial):
        return Losable(vial, None, "replaced already")
    try:
        left = operations.what_is_left(session, order, [vial], waits=waits, now=now)
        return Losable(vial, left, "")
    except Refusal:
        return Losable(vial, None, "its days are over")


class PartForm(msgspec.Struct, frozen=True):
    """What goes now: vials that are ticked, or everything up to a day."""

    reason: Code
    given: list[Annotated[str, Meta(max_length=60)]] = []
    through: date | None = None
    words: Words = ""


class LossForm(msgspec.Struct, frozen=True):
    """Which vials are lost, why, and from when on the patient has nothing."""

    reason: Code
    vials: list[Annotated[str, Meta(max_length=60)]]
    start_on: date | None = None
    words: Words = ""


class OrderParts(Controller):
    """Dividing one order, ordering its rest, replacing its vials."""

    path = PATH

    @post("/remainder", opt=SPLIT, status_code=200, sync_to_thread=True)
    def split(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Hand over a part now; the rest follows under a number of its own."""
        given = form.read(PartForm)

        def step(session: Session, wanted: UUID) -> object:
            return labels.split(
                session,
                wanted,
                through=given.through or _through(session, wanted, given.given),
                reason=given.reason,
                words=given.words,
                by=actor,
                now=view.now,
            )

        return take_step(view, db, order_id, step, toast="Divided: the rest is on the queue")

    @post("/rest", opt=SPLIT, status_code=200, sync_to_thread=True)
    def order_rest(
        self, order_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Order again what stayed on the prescription."""

        def step(session: Session, wanted: UUID) -> object:
            return operations.order_rest(session, wanted, by=actor, now=view.now)

        return take_step(view, db, order_id, step, toast="The rest is ordered: it is on the queue")

    @post("/replacement", opt=SPLIT, status_code=200, sync_to_thread=True)
    def replace(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Write vials down as lost, and order what is left of them."""
        given = form.read(LossForm)

        def step(session: Session, wanted: UUID) -> object:
            return dispensing.replace(
                session,
                wanted,
                vials=[ids.decode("ctr", each) for each in given.vials],
                reason=given.reason,
                words=given.words,
                start_on=given.start_on,
                by=actor,
                now=view.now,
            )

        return take_step(view, db, order_id, step, toast="What replaces them is on the queue")


def _through(session: Session, order_id: UUID, given: Sequence[str]) -> date:
    vials = [
        (ids.encode("ctr", each.id), Stretch(each.first_dose_on, each.last_dose_on))
        for each in queries.containers(session, order_id)
    ]
    return last_given(vials, given)
