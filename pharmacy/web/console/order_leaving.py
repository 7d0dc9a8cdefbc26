"""How an order leaves by carrier, what became of its parcel, and what comes back."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.dispensing import operations as dispensing
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.forms import Form
from pharmacy.http.order_reads import note_queue_read
from pharmacy.http.pages import USUAL, Cursor, after, rows_of
from pharmacy.http.vouching import require_vouched
from pharmacy.kernel import ids
from pharmacy.orders import operations as orders
from pharmacy.orders import queries
from pharmacy.orders.models import Order, OrderEvent
from pharmacy.orders.queries import QueueFilter
from pharmacy.orders.rules import Action, Status
from pharmacy.orders.rules.gates import dates_over
from pharmacy.orders.rules.life import ALLOCATED
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.patients.models import Patient
from pharmacy.practice import queries as practice
from pharmacy.shipping import operations
from pharmacy.shipping import queries as parcels
from pharmacy.shipping.models import Parcel
from pharmacy.shipping.rules import (
    Carrier,
    ParcelStatus,
    carrier_of,
)
from pharmacy.staff.rules import Permission
from pharmacy.web.console.order_steps import PATH, ReasonForm, take_step
from pharmacy.web.view import Answer, CurrentView

CARRIERS: Final = [(Carrier.UPS, "UPS"), (Carrier.USPS, "USPS"), (Carrier.FEDEX, "FedEx")]
HAND_OVER: Final = {"permission": Permission.HAND_OVER}
Vial = Annotated[str, Meta(pattern=r"^ctr_[0-9a-z]{26}$")]


class SendForm(msgspec.Struct, frozen=True):
    """The number on the carrier's label; it says which carrier, where it can."""

    number: Annotated[str, Meta(min_length=8, max_length=60)]
    carrier: Carrier | None = None


class EndForm(msgspec.Struct, frozen=True):
    """What became of a parcel."""

    status: Literal["delivered", "returned", "lost"]


def parcel_of(session: Session, order: Order) -> Parcel | None:
    """Return the parcel of an order that was sent."""
    try:
        return parcels.of_order(session, order.id)
    except parcels.ParcelNotFound:
        return None


def why_not_sent(session: Session, patient: Patient, now: datetime) -> str:
    """Return in words why nothing may be sent to a patient today; empty where it may."""
    today = practice.site(session).today(now)
    if practice.may_ship_to(session, patient.state, today):
        return ""
    return f"This pharmacy has no licence to ship into {patient.state} today: it is collected here."


@dataclass(frozen=True, slots=True)
class Dates:
    """Whether the days on an order's labels are still right, and which ones they would be."""

    today: date
    first_dose_on: date | None
    arrives_on: date
    """When a parcel that is sent today is with the patient, by the policy."""
    usual: date | None
    """From when on the order would be dated anew; None where it cannot be."""

    @property
    def why_not_handed_over(self) -> str:
        if not dates_over(self.first_dose_on, self.today):
            return ""
        return f"The day of its first dose is over: {self._remedy}"

    @property
    def why_not_sent(self) -> str:
        if self.why_not_handed_over or not dates_over(self.first_dose_on, self.arrives_on):
            return self.why_not_handed_over
        return f"Its first dose comes before the parcel does: {self._remedy}"

    @property
    def _remedy(self) -> str:
        return "date it anew." if self.usual else "cancel it, and replace the vials again."


def dates_of(session: Session, order: Order, now: datetime) -> Dates:
    """Return what an order's page says about the days on its labels."""
    site, policy = practice.site_and_policy(session)
    today = site.today(now)
    may = order.status in ALLOCATED and order.kind is not OrderKind.REPLACEMENT
    return Dates(
        today=today,
        first_dose_on=order.first_dose_on,
        arrives_on=today + timedelta(days=policy.ship_transit_days),
        usual=orders.first_dose_anew(session, order, now=now) if may else None,
    )


class CameBackForm(ReasonForm, frozen=True, kw_only=True):
    """Why medicine came back, and which vials."""

    vials: list[Vial]


class DestroyedForm(msgspec.Struct, frozen=True):
    """Which of what came back was destroyed, and who saw it."""

    witness: Annotated[str, Meta(pattern=r"^acc_[0-9a-z]{26}$")]
    witness_pin: Annotated[str, Meta(max_length=200)]
    vials: list[Vial]


def told_of_destruction(event: OrderEvent, names: dict[UUID, str]) -> str:
    """Return in words who watched; nothing for any other step."""
    if event.action != Action.DESTROY:
        return ""
    count = len(event.facts["vials"])
    what = "one vial" if count == 1 else f"{count} vials"
    return f"{what}; {names[UUID(event.facts['witness'])]} watched."


def witness_of(event: OrderEvent) -> set[UUID]:
    """Return who watched, beside whoever took the step."""
    return {UUID(event.facts["witness"])} if event.action == Action.DESTROY else set()


class OrderLeaving(Controller):
    """Sending one order, and its coming back."""

    path = PATH

    @post("/parcel", opt=HAND_OVER, status_code=200, sync_to_thread=True)
    def send(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Hand the order over to a carrier under the scanned number."""
        given = form.read(SendForm)
        carrier = given.carrier or carrier_of(given.number)

        def step(session: Session, wanted: UUID) -> object:
            return dispensing.ship(
                session, wanted, carrier=carrier, number=given.number, by=actor, now=view.now
            )

        with dispensing.owing_check(db, ids.decode("ord", order_id)):
            return take_step(view, db, order_id, step, toast="Sent", onward=ShippingPages.path)

    @post("/parcel/end", opt=HAND_OVER, status_code=200, sync_to_thread=True)
    def end(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Record what became of the parcel. What comes back never goes back to stock."""
        status = ParcelStatus(form.read(EndForm).status)

        def step(session: Session, wanted: UUID) -> object:
            return operations.end(session, wanted, status=status, by=actor, now=view.now)

        return take_step(view, db, order_id, step, toast=f"Parcel {status}")

    @post("/return", opt=HAND_OVER, status_code=200, sync_to_thread=True)
    def take_back(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Record which vials came back. They never go back to stock."""
        given = form.read(CameBackForm)

        def step(session: Session, wanted: UUID) -> object:
            return orders.return_(
                session,
                wanted,
                reason=given.reason,
                words=given.words,
                vial_ids=[ids.decode("ctr", each) for each in given.vials],
                by=actor,
                now=view.now,
            )

        return take_step(view, db, order_id, step, toast="Taken back: it waits to be destroyed")

    @post("/destruction", opt=HAND_OVER, status_code=200, sync_to_thread=True)
    def destroy(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Record that what came back was destroyed, before a colleague who types their PIN."""
        given = form.read(DestroyedForm)
        witness = ids.decode("acc", given.witness)
        require_vouched(
            db, witness, pin=given.witness_pin, field="witness_pin", by=actor, now=view.now
        )

        def step(session: Session, wanted: UUID) -> object:
            return orders.destroy(
                session,
                wanted,
                witness=witness,
                vial_ids=[ids.decode("ctr", each) for each in given.vials],
                by=actor,
                now=view.now,
            )

        return take_step(view, db, order_id, step, toast="Destroyed before a witness")


class ShippingPages(Controller):
    """What is to leave, and what is on its way."""

    path = "/shipping"

    @get("/", opt=HAND_OVER, sync_to_thread=True)
    def show(
        self, view: CurrentView, db: Db, actor: CurrentActor, now: Now, cursor: Cursor = None
    ) -> Answer:
        """List orders that are ready, the one due first first, and parcels under way."""
        start = after(cursor, datetime, UUID)
        with db.transaction() as session:
            only = QueueFilter(statuses=(Status.READY,))
            rows = queries.queue(session, only, after=start and (start[0], start[1]), limit=USUAL)
            page = rows_of(rows, limit=USUAL, key=lambda row: row.place)
            sent = parcels.on_their_way(session, limit=USUAL)[:USUAL]
            ids_sent = [each.order_id for each in sent]
            rows_sent = queries.rows_of(session, ids_sent) if ids_sent else []
            sent_rows = {row.order.id: row for row in rows_sent}
            back = queries.came_back(session, limit=USUAL)
            ids_back = [each.order_id for each in back]
            rows_back = queries.rows_of(session, ids_back) if ids_back else []
            back_rows = {row.order.id: row for row in rows_back}
            shown = [row.order.id for row in page.items] + ids_sent + ids_back
            note_queue_read(session, shown, by=actor, now=now)
            states = {row.patient.state: row.patient for row in page.items}
            return view.page(
                "orders/shipping.html",
                rows=page.items,
                why_not={
                    state: why_not_sent(session, patient, now) for state, patient in states.items()
                },
                back=[(each, back_rows[each.order_id]) for each in back],
                sent=[(each, sent_rows[each.order_id]) for each in sent],
                carriers=dict(CARRIERS),
                onward=page.next,
                started=cursor is not None,
            )
