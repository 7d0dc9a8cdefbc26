"""Orders: the queue, one order, and every step that people take with it."""

from datetime import date, datetime
from typing import Annotated, cast
from uuid import UUID

import msgspec
from litestar import Controller, Response, delete, get, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.api.order_views import EventView, HoldView, OrderView, QueueLine
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.etag import etag
from pharmacy.http.order_reads import note_queue_read, reading
from pharmacy.http.pages import (
    LARGEST_ID,
    LONGEST_CURSOR,
    MOST,
    USUAL,
    Cursor,
    Limit,
    Page,
    after,
    page_of,
)
from pharmacy.kernel import ids
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.queries import QueueFilter
from pharmacy.orders.rules import OPEN, Owner, Status
from pharmacy.practice import queries as practice
from pharmacy.shipping import queries as parcels
from pharmacy.staff.rules import Actor, Permission

Words = Annotated[str, Meta(max_length=500)]
Code = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9-]{2,59}$", examples=["dose-unclear"])]

OrderAnswer = Response[OrderView]


class ClaimBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why this order, when older ones wait. Pharmacists need no reason."""

    reason: Annotated[Code, Meta(examples=["patient-waiting"])] | None = None
    """A code in use for `override`."""
    words: Words = ""


class TakeOverBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why work is taken out of a colleague's hands."""

    reason: Annotated[Code, Meta(examples=["colleague-left"])]
    """A code in use for `take-over`."""
    words: Words = ""


class HoldBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must be settled, by whom, until when."""

    code: Code
    words: Annotated[str, Meta(min_length=1, max_length=500)]
    owner: Owner | None = None
    deadline_at: Annotated[datetime, Meta(tz=True)] | None = None


class LiftBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a hold no longer stands in the way."""

    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class SearchBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What somebody looks for; every member narrows it. Without any, all orders are found."""

    number: Annotated[int, Meta(ge=1, le=LARGEST_ID, examples=[100001])] | None = None
    """The Rx number on the label, exactly."""
    family: Annotated[str, Meta(min_length=1, max_length=100, examples=["Testp"])] | None = None
    """The beginning of the patient's family name."""
    given: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    """The beginning of the patient's given name."""
    birth_date: date | None = None
    lot: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    """The number of a lot of capsules in one of its vials, exactly."""
    tracking: Annotated[str, Meta(min_length=1, max_length=50)] | None = None
    """The carrier's number of the parcel, as it is read or as its barcode is scanned."""
    status: list[Status] = []
    """Only in these; without any, also what is over."""
    held: bool | None = None
    hold_owner: Owner | None = None
    """Held, and this one must act."""
    hold_code: Annotated[str, Meta(max_length=60)] | None = None
    cursor: Annotated[str, Meta(max_length=LONGEST_CURSOR)] | None = None
    """`next` of the page before."""
    limit: Annotated[int, Meta(ge=1, le=MOST)] = USUAL

    def only(self, session: Session) -> QueueFilter:
        return QueueFilter(
            statuses=tuple(self.status) or tuple(Status),
            number=self.number,
            family_prefix=self.family,
            given_prefix=self.given,
            birth_date=self.birth_date,
            lot_number=self.lot,
            held=self.held,
            hold_owner=self.hold_owner,
            hold_code=self.hold_code,
            order_ids=parcels.orders_under(session, self.tracking) if self.tracking else None,
            newest_first=True,
        )


def answer(session: Session, order: Order, actor: Actor, now: datetime) -> OrderAnswer:
    """Return an order with its ETag."""
    return Response(OrderView.of(session, order, actor, now), headers={"ETag": etag(order.version)})


def lines(
    session: Session,
    only: QueueFilter,
    *,
    start: tuple[datetime, UUID] | tuple[object, ...] | None,
    limit: int,
    actor: Actor,
    now: datetime,
) -> Page[QueueLine]:
    """Return a page of orders; which ones were shown is written down."""
    from_row = cast("tuple[datetime, UUID] | None", start)
    rows = queries.queue(session, only, after=from_row, limit=limit)
    note_queue_read(session, [row.order.id for row in rows[:limit]], by=actor, now=now)
    if not rows:
        return Page(items=[])
    hours = practice.working_hours(session)
    return page_of(
        rows,
        limit=limit,
        view=lambda row: QueueLine.of(row, actor, hours, now),
        key=lambda row: row.place,
    )


class QueueController(Controller):
    """The queue and single orders."""

    path = "/api/v1/orders"
    tags = ["Orders"]

    @get("/", opt={"permission": Permission.READ_QUEUE}, sync_to_thread=True)
    def queue(
        self,
        *,
        db: Db,
        actor: CurrentActor,
        now: Now,
        status: Annotated[list[Status] | None, QueryParameter(required=False)] = None,
        held: Annotated[bool | None, QueryParameter(required=False)] = None,
        mine: FromQuery[bool] = False,
        unclaimed: FromQuery[bool] = False,
        due_before: Annotated[datetime | None, QueryParameter(required=False)] = None,
        cursor: Cursor = None,
        limit: Limit = USUAL,
    ) -> Page[QueueLine]:
        """List orders, the one due first first. Without `status`, those that are not over."""
        start = after(cursor, datetime, UUID)
        only = QueueFilter(
            statuses=tuple(status) if status else OPEN,
            held=held,
            claimed_by=actor.id if mine else None,
            unclaimed_at=now if unclaimed else None,
            due_before=due_before,
        )
        with db.transaction() as session:
            return lines(session, only, start=start, limit=limit, actor=actor, now=now)

    @post(
        "/search",
        opt={"permission": Permission.READ_QUEUE},
        status_code=200,
        sync_to_thread=True,
    )
    def search(
        self, data: JSONBody[SearchBody], db: Db, actor: CurrentActor, now: Now
    ) -> Page[QueueLine]:
        """
        Find orders by number, patient, lot or tracking number, the latest due first.

        What names a patient is sent in the body, since addresses are written into logs.
        """
        start = after(data.cursor, datetime, UUID)
        with db.transaction() as session:
            only = data.only(session)
            return lines(session, only, start=start, limit=data.limit, actor=actor, now=now)

    @get("/{order_id:str}", opt={"permission": Permission.READ_ORDER}, sync_to_thread=True)
    def show(self, order_id: FromPath[str], db: Db, actor: CurrentActor, now: Now) -> OrderAnswer:
        """Return an order, with its ETag for the next change."""
        with reading(db, order_id, actor, now, "order.read") as (session, order):
            return answer(session, order, actor, now)

    @get("/{order_id:str}/events", opt={"permission": Permission.READ_ORDER}, sync_to_thread=True)
    def events(
        self, order_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> list[EventView]:
        """Return an order's life, the first step first."""
        with reading(db, order_id, actor, now, "order.events-read") as (session, order):
            return [EventView.of(event) for event in queries.events(session, order.id)]

    @get("/{order_id:str}/holds", opt={"permission": Permission.READ_ORDER}, sync_to_thread=True)
    def holds(
        self, order_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> list[HoldView]:
        """Return every hold of an order, open ones first."""
        with reading(db, order_id, actor, now, "order.holds-read") as (session, order):
            return [HoldView.of(hold) for hold in queries.holds(session, order.id)]

    @post(
        "/next",
        opt={"permission": Permission.CLAIM_ORDER},
        status_code=200,
        sync_to_thread=True,
    )
    def take_next(self, db: Db, actor: CurrentActor, now: Now) -> OrderAnswer:
        """Take the order that is due first of those that wait for the caller's role."""
        with db.transaction() as session:
            return answer(session, operations.claim_next(session, by=actor, now=now), actor, now)

    @post(
        "/{order_id:str}/claim",
        opt={"permission": Permission.CLAIM_ORDER},
        status_code=200,
        sync_to_thread=True,
    )
    def claim(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[ClaimBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> OrderAnswer:
        """Take one order, or keep it for another lease; a technician says why it goes first."""
        wanted = ids.decode("ord", order_id)
        with db.transaction() as session:
            order = operations.claim(
                session, wanted, reason=data.reason or "", words=data.words, by=actor, now=now
            )
            return answer(session, order, actor, now)

    @post(
        "/{order_id:str}/take-over",
        opt={"permission": Permission.TAKE_OVER_ORDER},
        status_code=200,
        sync_to_thread=True,
    )
    def take_over(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[TakeOverBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> OrderAnswer:
        """Take an order out of a colleague's hands while their claim still runs."""
        wanted = ids.decode("ord", order_id)
        with db.transaction() as session:
            order = operations.take_over(
                session, wanted, reason=data.reason, words=data.words, by=actor, now=now
            )
            return answer(session, order, actor, now)

    @delete(
        "/{order_id:str}/claim",
        opt={"permission": Permission.CLAIM_ORDER},
        status_code=200,
        sync_to_thread=True,
    )
    def unclaim(
        self, order_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> OrderAnswer:
        """Give an order back to the queue."""
        wanted = ids.decode("ord", order_id)
        with db.transaction() as session:
            order = operations.unclaim(session, wanted, by=actor, now=now)
            return answer(session, order, actor, now)

    @post(
        "/{order_id:str}/recheck",
        opt={"permission": Permission.APPROVE_ORDER},
        status_code=202,
        sync_to_thread=True,
    )
    def recheck(
        self, order_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> OrderAnswer:
        """Have prescriber, screening and plan checked again by the worker."""
        wanted = ids.decode("ord", order_id)
        with db.transaction() as session:
            order = operations.recheck(session, wanted, by=actor, now=now)
            return answer(session, order, actor, now)

    @post(
        "/{order_id:str}/holds",
        opt={"permission": Permission.PLACE_HOLD},
        sync_to_thread=True,
    )
    def place_hold(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[HoldBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> HoldView:
        """Keep an order where it is until somebody acts."""
        wanted = ids.decode("ord", order_id)
        with db.transaction() as session:
            hold = operations.place_hold(
                session,
                wanted,
                code=data.code,
                words=data.words,
                owner=data.owner,
                deadline_at=data.deadline_at,
                by=actor,
                now=now,
            )
            return HoldView.of(hold)

    @post(
        "/{order_id:str}/holds/{hold_id:str}/lift",
        opt={"permission": Permission.LIFT_HOLD},
        status_code=200,
        sync_to_thread=True,
    )
    def lift_hold(
        self,
        *,
        order_id: FromPath[str],
        hold_id: FromPath[str],
        data: JSONBody[LiftBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> HoldView:
        """Record the decision that a hold no longer stands in the way."""
        wanted, hold = ids.decode("ord", order_id), ids.decode("hld", hold_id)
        with db.transaction() as session:
            lifted = operations.lift_hold(
                session, wanted, hold, reason=data.reason, by=actor, now=now
            )
            return HoldView.of(lifted)
