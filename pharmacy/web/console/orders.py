"""One order: what it is, what is owed next, and taking, holding or stopping it."""

from typing import Final
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, FromQuery
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.forms import Form
from pharmacy.http.order_reads import reading, visible
from pharmacy.kernel import ids
from pharmacy.labels import queries as labels
from pharmacy.labels.drawing import dots, leaflet_picture
from pharmacy.labels.models import Label, LabelKind
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.leaflet import Leaflet
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.handing_over import Identifier
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Permission, Role
from pharmacy.web.console.order_first_check import KINDS
from pharmacy.web.console.order_leaving import CARRIERS
from pharmacy.web.console.order_page import order_page
from pharmacy.web.console.order_steps import PATH, Code, ReasonForm, Words, take_step
from pharmacy.web.console.order_verbs import actions_of
from pharmacy.web.rendering import words_of
from pharmacy.web.view import Answer, CurrentView

KEPT_BY_NOBODY: Final = {"Cache-Control": "private, no-store"}
IDENTIFIERS: Final = [(each.value, words_of(each)) for each in Identifier]


class PickForm(msgspec.Struct, frozen=True):
    """Why this order goes before older ones; asked of technicians."""

    reason: Code | None = None
    words: Words = ""


class OrderPages(Controller):
    """One order's page, and what anybody may do from it."""

    path = PATH

    @get("/", opt={"permission": Permission.READ_QUEUE}, sync_to_thread=True)
    def show(
        self, order_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor, now: Now
    ) -> Answer:
        """Show an order: first what is owed next."""
        with reading(db, order_id, actor, now, "order.read") as (session, order):
            found = order_page(session, order, view)
            return view.page(
                "orders/show.html",
                actions=actions_of(found, view),
                page=found,
                identifiers=IDENTIFIERS,
                pharmacists=_pharmacists(session) if order.status is Status.READY else [],
                kinds=KINDS,
                carriers=CARRIERS,
                carrier_names=dict(CARRIERS),
                can_choose=found.can_choose and view.may(Permission.CHOOSE_STRATEGY),
            )

    @get(
        "/labels/{label_id:str}",
        opt={"permission": Permission.READ_LABEL, "unattended": True},
        sync_to_thread=True,
    )
    def label(
        self,
        order_id: FromPath[str],
        label_id: FromPath[str],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> Response[bytes]:
        """Show a container's label, dot for dot, or the leaflet as a PDF."""
        seen = {"label": label_id}
        with reading(db, order_id, actor, now, "labels.read", detail=seen) as (session, order):
            drawn = _label_of(session, order, label_id)
            if drawn.kind is LabelKind.LEAFLET:
                return Response(drawn.pdf, media_type="application/pdf", headers=KEPT_BY_NOBODY)
            page = dots(ContainerLabel.of_data(drawn.content))[0]
            return Response(page.png(), media_type="image/png", headers=KEPT_BY_NOBODY)

    @get(
        "/labels/{label_id:str}/sheets/{sheet:int}",
        opt={"permission": Permission.READ_LABEL, "unattended": True},
        sync_to_thread=True,
    )
    def sheet(  # noqa: PLR0917
        self,
        order_id: FromPath[str],
        label_id: FromPath[str],
        sheet: FromPath[int],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> Response[bytes]:
        """Show a page of the leaflet as a picture."""
        seen = {"label": label_id}
        with reading(db, order_id, actor, now, "labels.read", detail=seen) as (session, order):
            drawn = _label_of(session, order, label_id)
            if drawn.kind is not LabelKind.LEAFLET:
                raise labels.LabelNotFound("this order has no such leaflet")
            return Response(
                leaflet_picture(Leaflet.of_data(drawn.content), sheet),
                media_type="image/png",
                headers=KEPT_BY_NOBODY,
            )

    @get(
        "/news",
        opt={"permission": Permission.READ_QUEUE, "unattended": True},
        sync_to_thread=True,
    )
    def news(
        self, order_id: FromPath[str], view: CurrentView, db: Db, seen: FromQuery[int]
    ) -> Answer:
        """Say beside an open page that the order is not as it was seen; nothing of it is shown."""
        with db.transaction() as session:
            order = visible(queries.get(session, ids.decode("ord", order_id)), view.actor)
            return view.part(
                "orders/news.html", id=order_id, seen=seen, is_old=order.version != seen
            )

    @post(
        "/claim",
        opt={"permission": Permission.CLAIM_ORDER},
        status_code=200,
        sync_to_thread=True,
    )
    def claim(
        self,
        order_id: FromPath[str],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Take this order."""
        given = form.read(PickForm)
        return take_step(
            view,
            db,
            order_id,
            lambda session, wanted: operations.claim(
                session,
                wanted,
                reason=given.reason or "",
                words=given.words,
                by=actor,
                now=view.now,
            ),
            toast="It is yours",
            undo=lambda _: "/unclaim",
        )

    @post(
        "/take-over",
        opt={"permission": Permission.TAKE_OVER_ORDER},
        status_code=200,
        sync_to_thread=True,
    )
    def take_over(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Take this order out of a colleague's hands."""
        given = form.read(ReasonForm)

        def step(session: Session, wanted: UUID) -> object:
            return operations.take_over(
                session, wanted, reason=given.reason, words=given.words, by=actor, now=view.now
            )

        return take_step(view, db, order_id, step, toast="It is yours")

    @post(
        "/unclaim",
        opt={"permission": Permission.CLAIM_ORDER},
        status_code=200,
        sync_to_thread=True,
    )
    def unclaim(
        self, order_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Give this order back to the queue."""

        def step(session: Session, wanted: UUID) -> object:
            return operations.unclaim(session, wanted, by=actor, now=view.now)

        return take_step(view, db, order_id, step, toast="Given back", onward="/queue")

    @post(
        "/cancellation",
        opt={"permission": Permission.APPROVE_ORDER},  # prescribers cancel through the API
        status_code=200,
        sync_to_thread=True,
    )
    def cancel(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Stop the order."""
        given = form.read(ReasonForm)

        def step(session: Session, wanted: UUID) -> object:
            return operations.cancel(
                session, wanted, reason=given.reason, words=given.words, by=actor, now=view.now
            )

        return take_step(view, db, order_id, step, toast="Cancelled", onward="/queue")


def _pharmacists(session: Session) -> list[tuple[str, str]]:
    """Return who may have given advice: code and name."""
    found = staff.with_role(session, Role.PHARMACIST)
    return [(ids.encode("acc", each.id), each.display_name) for each in found]


def _label_of(session: Session, order: Order, label_id: str) -> Label:
    """Return a label of an order. Raises LabelNotFound."""
    drawn = labels.get(session, ids.decode("lbl", label_id))
    if drawn.order_id != order.id:
        raise labels.LabelNotFound("this order has no such label")
    return drawn
