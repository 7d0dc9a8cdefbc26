"""An order leaves: on days that are right, and to whom."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.api.order_steps import change
from pharmacy.api.orders import OrderAnswer
from pharmacy.dispensing import operations as dispensing
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.etag import IfMatch
from pharmacy.kernel import ids
from pharmacy.labels import operations as labels
from pharmacy.orders.models import Order
from pharmacy.orders.rules.handing_over import Collector, HandingOver, Identifier
from pharmacy.orders.rules.reasons import Counselling
from pharmacy.staff.rules import Permission


class DatesBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From when on the order's doses are to be taken."""

    first_dose_on: date | None = None
    """Default: as the pharmacy's policy says, and not before the last fill is used up."""


class HandOverBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was done before the order left."""

    identifiers: Annotated[list[Identifier], Meta(max_length=6, examples=[["name", "birth-date"]])]
    """Which kinds were compared with the order: two at least at the counter."""
    counselling: Counselling
    counselled_by: str | None = None
    """The pharmacist who gave the advice; whoever asks, unless another one is named."""
    collector: Collector = Collector.PATIENT
    collector_name: Annotated[str, Meta(max_length=100)] = ""
    """Of a representative."""

    def given(self) -> HandingOver:
        named = self.counselled_by
        return HandingOver(
            identifiers=self.identifiers,
            counselling=self.counselling,
            counselled_by=ids.decode("acc", named) if named else None,
            collector=self.collector,
            collector_name=self.collector_name,
        )


class LeavingController(Controller):
    """Every step asks, by If-Match, for the version that it was decided on."""

    path = "/api/v1/orders/{order_id:str}"
    tags = ["Orders"]

    @post("/dates", opt={"permission": Permission.ALLOCATE}, status_code=200, sync_to_thread=True)
    def date_anew(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[DatesBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """
        Move the doses of an order that has not left to other days, and its vials' labels with them.

        The drawn labels and the leaflet are void; the new ones are scanned, and checked again.
        """

        def step(session: Session, wanted: UUID) -> Order:
            return labels.date_anew(
                session, wanted, first_dose_on=data.first_dose_on, by=actor, now=now
            )

        return change(db, order_id, if_match, step, by=actor, now=now)

    @post(
        "/hand-over", opt={"permission": Permission.HAND_OVER}, status_code=200, sync_to_thread=True
    )
    def hand_over(
        self,
        *,
        order_id: FromPath[str],
        data: JSONBody[HandOverBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        if_match: IfMatch = None,
    ) -> OrderAnswer:
        """
        Record that the patient, or who came for them, received the order.

        Refused where its first dose is over (`labels-out-of-date`), and where a vial's newest label
        was not scanned or the leaflet is not known to be printed.
        """

        def step(session: Session, wanted: UUID) -> Order:
            return dispensing.hand_over(session, wanted, given=data.given(), by=actor, now=now)

        with dispensing.owing_check(db, ids.decode("ord", order_id)):
            return change(db, order_id, if_match, step, by=actor, now=now)
