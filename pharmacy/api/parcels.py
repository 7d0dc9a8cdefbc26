"""Parcels: sending an order, and what became of it."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from pharmacy.dispensing import operations as dispensing
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.etag import IfMatch
from pharmacy.http.order_reads import visible
from pharmacy.http.order_versions import require_seen
from pharmacy.http.pages import USUAL, Cursor, Limit, Page, after, page_of
from pharmacy.infra import audit
from pharmacy.kernel import ids
from pharmacy.orders import queries as orders
from pharmacy.shipping import operations, queries
from pharmacy.shipping.models import Parcel
from pharmacy.shipping.rules import Carrier, ParcelStatus
from pharmacy.staff.rules import Permission


class ParcelBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """With which carrier, under which number."""

    carrier: Annotated[Carrier, Meta(examples=["ups"])]
    tracking_number: Annotated[
        str, Meta(min_length=10, max_length=50, examples=["1Z5R89390357567127"])
    ]
    """As on the carrier's label; its check digit is checked."""


class EndBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What became of a parcel."""

    status: Literal["delivered", "returned", "lost"]


class ParcelView(msgspec.Struct, frozen=True):
    """An order on its way, or at its end."""

    order: str
    carrier: str
    tracking_number: str
    state: str
    status: str
    shipped_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, parcel: Parcel) -> Self:
        return cls(
            order=ids.encode("ord", parcel.order_id),
            carrier=parcel.carrier,
            tracking_number=parcel.tracking_number,
            state=parcel.state,
            status=parcel.status,
            shipped_at=parcel.shipped_at,
            ended_at=parcel.ended_at,
        )


class ParcelController(Controller):
    """Parcels, by their orders."""

    path = "/api/v1"
    tags = ["Shipping"]

    @post(
        "/orders/{order_id:str}/parcel",
        opt={"permission": Permission.HAND_OVER},
        sync_to_thread=True,
    )
    def ship(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[ParcelBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> ParcelView:
        """
        Hand an order over to a carrier, with the written notice of the right to advice.

        Refused where this pharmacy may not ship into the patient's State, and where the first dose
        comes before the parcel does.
        """
        wanted = ids.decode("ord", order_id)
        with dispensing.owing_check(db, wanted), db.transaction() as session:
            order = visible(orders.lock(session, wanted), actor)
            require_seen(session, order, if_match, by=actor, now=now)
            parcel = dispensing.ship(
                session,
                wanted,
                carrier=data.carrier,
                number=data.tracking_number,
                by=actor,
                now=now,
            )
            return ParcelView.of(parcel)

    @get(
        "/orders/{order_id:str}/parcel",
        opt={"permission": Permission.READ_ORDER},
        sync_to_thread=True,
    )
    def show(self, order_id: FromPath[str], db: Db, actor: CurrentActor, now: Now) -> ParcelView:
        """Return how an order was sent, and what became of it."""
        with db.transaction() as session:
            order = visible(orders.get(session, ids.decode("ord", order_id)), actor)
            parcel = queries.of_order(session, order.id)
            audit.record(
                session,
                "parcel.read",
                by=actor,
                at=now,
                subject_kind="parcel",
                subject_id=parcel.id,
                patient_id=order.patient_id,
            )
            return ParcelView.of(parcel)

    @post(
        "/orders/{order_id:str}/parcel/end",
        opt={"permission": Permission.HAND_OVER},
        status_code=200,
        sync_to_thread=True,
    )
    def end(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[EndBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> ParcelView:
        """Record that a parcel was delivered, came back, or is lost."""
        wanted, status = ids.decode("ord", order_id), ParcelStatus(data.status)
        with db.transaction() as session:
            ended = operations.end(session, wanted, status=status, by=actor, now=now)
            return ParcelView.of(ended)

    @get("/parcels", opt={"permission": Permission.READ_QUEUE}, sync_to_thread=True)
    def on_their_way(
        self,
        *,
        db: Db,
        actor: CurrentActor,
        now: Now,
        cursor: Cursor = None,
        limit: Limit = USUAL,
    ) -> Page[ParcelView]:
        """List parcels of which nobody knows the end, the first shipped first."""
        start = after(cursor, datetime, UUID)
        with db.transaction() as session:
            found = queries.on_their_way(session, after=start and (start[0], start[1]), limit=limit)
            audit.record(
                session,
                "parcels.read",
                by=actor,
                at=now,
                subject_kind="parcel",
                subject_id=None,
                detail={"orders": [ids.encode("ord", each.order_id) for each in found[:limit]]},
            )
            return page_of(
                found,
                limit=limit,
                view=ParcelView.of,
                key=lambda parcel: (parcel.shipped_at, parcel.id),
            )
