"""A fill in parts, one that is ordered again, and what replaces vials that were lost."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.api.order_steps import change
from pharmacy.api.orders import OrderAnswer, Words
from pharmacy.dispensing import operations as dispensing
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.etag import IfMatch
from pharmacy.kernel import ids
from pharmacy.labels import operations as labels
from pharmacy.orders import operations
from pharmacy.orders.models import Order
from pharmacy.refills import operations as refills
from pharmacy.staff.rules import Permission


class RemainderBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which doses go now, and why the others go later."""

    last_dose_on: date
    """The last day of the part that goes now: of a whole vial, where vials are filled."""
    reason: Annotated[str, Meta(max_length=40, examples=["stock-short"])]
    """A code of the purpose `partial`."""
    words: Words = ""


class ReplacementBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which vials are lost, and why."""

    containers: Annotated[
        list[Annotated[str, Meta(max_length=60)]],
        Meta(min_length=1, max_length=100, examples=[["ctr_06b7k2m3n4p5q6r7s8t9v0w1x2"]]),
    ]
    """That follow one another in the plan."""
    reason: Annotated[str, Meta(max_length=40, examples=["damaged"])]
    """A code of the purpose `replace`."""
    words: Words = ""
    start_on: date | None = None
    """The first day without a dose. Default: as the pharmacy's policy says."""


class ReorderBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a fill is ordered again."""

    reason: Annotated[str, Meta(max_length=40, examples=["patient-wants-it"])]
    """A code of the purpose `reorder`."""
    words: Words = ""


class PartController(Controller):
    """Each answers with the order that it opened, which goes the whole way of any order."""

    path = "/api/v1/orders/{order_id:str}"
    tags = ["Orders"]

    @post("/remainder", opt={"permission": Permission.SPLIT_ORDER}, sync_to_thread=True)
    def split(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[RemainderBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """
        Keep the doses up to a day, and put the later ones into an order of their own.

        It is the same fill: no refill is used up, and no dose moves.
        """

        def step(session: Session, wanted: UUID) -> Order:
            return labels.split(
                session,
                wanted,
                through=data.last_dose_on,
                reason=data.reason,
                words=data.words,
                by=actor,
                now=now,
            )

        return _opened(change(db, order_id, if_match, step, by=actor, now=now))

    @post("/rest", opt={"permission": Permission.SPLIT_ORDER}, sync_to_thread=True)
    def order_rest(
        self,
        *,
        order_id: FromPath[str],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """Order again what stayed on the prescription when a remainder was cancelled."""

        def step(session: Session, wanted: UUID) -> Order:
            return operations.order_rest(session, wanted, by=actor, now=now)

        return _opened(change(db, order_id, if_match, step, by=actor, now=now))

    @post("/replacement", opt={"permission": Permission.SPLIT_ORDER}, sync_to_thread=True)
    def replace(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[ReplacementBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """
        Write vials that left down as lost, and order what is left of their days.

        Their codes are dead from then on. It is no refill, except where the policy counts what a
        patient lost. Vials that do not follow one another are replaced by several orders: the first
        to be taken is the answer, and each vial names its own.
        """

        def step(session: Session, wanted: UUID) -> Order:
            first, *_ = dispensing.replace(
                session,
                wanted,
                vials=[ids.decode("ctr", each) for each in data.containers],
                reason=data.reason,
                words=data.words,
                start_on=data.start_on,
                by=actor,
                now=now,
            )
            return first

        return _opened(change(db, order_id, if_match, step, by=actor, now=now))

    @post("/reorder", opt={"permission": Permission.APPROVE_ORDER}, sync_to_thread=True)
    def reorder(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[ReorderBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """
        Order the fill of a cancelled or rejected order again, whole, under a number of its own.

        It is the same fill, so that none is used up; both checks are made again. An order that
        ended for a reason of its prescription, such as a changed dose, is not ordered again.
        """

        def step(session: Session, wanted: UUID) -> Order:
            return refills.order_again(
                session, wanted, reason=data.reason, words=data.words, by=actor, now=now
            )

        return _opened(change(db, order_id, if_match, step, by=actor, now=now))


def _opened(made: OrderAnswer) -> OrderAnswer:
    made.status_code = 201
    made.headers["Location"] = f"/api/v1/orders/{made.content.id}"
    return made
