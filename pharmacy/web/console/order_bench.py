"""Verbs of the bench and the counter: from capsules to hand-over."""

from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.dispensing import operations as dispensing
from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.http.order_reads import visible
from pharmacy.kernel import ids
from pharmacy.kernel.refusals import Conflict
from pharmacy.labels import operations as drawing
from pharmacy.labels import queries as labels
from pharmacy.orders import operations, queries
from pharmacy.orders.rules.gates import PackMismatch
from pharmacy.orders.rules.handing_over import Collector, HandingOver, Identifier
from pharmacy.orders.rules.reasons import Counselling
from pharmacy.printing import operations as printing
from pharmacy.printing.rules.scans import SCANNED_BEFORE
from pharmacy.staff.rules import Permission
from pharmacy.web.console.order_page import unscanned, vials_of
from pharmacy.web.console.order_steps import PATH, Words, take_step
from pharmacy.web.view import STATION, Answer, CurrentView


class NotScanned(Conflict):
    """A container of the order was not scanned since it came to this step."""

    code = "containers-not-scanned"
    remedy = "Scan the square code on each vial that is not ticked, then pack."


class ScanForm(msgspec.Struct, frozen=True):
    """The code of a vial's label."""

    code: Annotated[str, Meta(min_length=1, max_length=200)]


class DatesForm(msgspec.Struct, frozen=True):
    """The day of the first dose; none: as the policy says."""

    first_dose_on: date | None = None


class HandOverForm(msgspec.Struct, frozen=True):
    """Who received the order, and how they were known."""

    identifiers: list[Identifier]
    counselling: Counselling
    counselled_by: Annotated[str, Meta(max_length=60)] = ""
    """The pharmacist whose advice was accepted; empty: whoever hands over."""
    collector: Collector = Collector.PATIENT
    collector_name: Words = ""


class OrderBench(Controller):
    """What is done with an order at the bench and at the counter."""

    path = PATH

    @post(
        "/allocation", opt={"permission": Permission.ALLOCATE}, status_code=200, sync_to_thread=True
    )
    def allocate(
        self, order_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Set capsules aside, or ask for a batch of those that are missing."""

        def step(session: Session, wanted: UUID) -> object:
            return operations.allocate(session, wanted, by=actor, now=view.now)

        return take_step(view, db, order_id, step, toast="Capsules set aside")

    @post(
        "/prints", opt={"permission": Permission.PRINT_LABEL}, status_code=200, sync_to_thread=True
    )
    def print_labels(
        self, order_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Have the labels printed at this workplace."""
        workplace = view.request.cookies.get(STATION, "")

        def step(session: Session, wanted: UUID) -> object:
            return printing.print_order(
                session, wanted, workstation=workplace, by=actor, now=view.now
            )

        return take_step(view, db, order_id, step, toast="Printing: scan each label on its vial")

    @post("/scans", opt={"permission": Permission.PACK}, status_code=200, sync_to_thread=True)
    def scan(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Tick a vial, by the code on its label. A vial of another order stops the line."""
        code = form.read(ScanForm).code.strip()
        wanted = ids.decode("ord", order_id)
        with db.transaction() as session:
            order = visible(queries.get(session, wanted), actor)
            copy, before = printing.confirm(session, code, by=actor, now=view.now)
            if copy.order_id != wanted:
                raise PackMismatch("this vial is of another order")
            again = before is not None and before >= order.status_since
        return view.go(f"/orders/{order_id}", toast=SCANNED_BEFORE if again else "Scanned")

    @post("/packing", opt={"permission": Permission.PACK}, status_code=200, sync_to_thread=True)
    def pack(
        self, order_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Record that every vial is filled, labelled and scanned."""

        def step(session: Session, wanted: UUID) -> object:
            vials = vials_of(
                session, queries.get(session, wanted), labels.of_order(session, wanted)
            )
            if left := unscanned(vials):
                raise NotScanned("a container was not scanned", left=left)
            codes = [vial.code for vial in vials]
            return printing.pack(session, wanted, scanned=codes, by=actor, now=view.now)

        return take_step(view, db, order_id, step, toast="Packed", onward="/queue")

    @post("/dates", opt={"permission": Permission.ALLOCATE}, status_code=200, sync_to_thread=True)
    def date_anew(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Move the order's doses to other days: new labels are drawn for the same vials."""
        given = form.read(DatesForm)

        def step(session: Session, wanted: UUID) -> object:
            return drawing.date_anew(
                session, wanted, first_dose_on=given.first_dose_on, by=actor, now=view.now
            )

        return take_step(view, db, order_id, step, toast="Dated anew: take the old labels off")

    @post(
        "/hand-over", opt={"permission": Permission.HAND_OVER}, status_code=200, sync_to_thread=True
    )
    def hand_over(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Record who received the order."""
        given = form.read(HandOverForm)
        handing = HandingOver(
            identifiers=given.identifiers,
            counselling=given.counselling,
            counselled_by=ids.decode("acc", given.counselled_by) if given.counselled_by else None,
            collector=given.collector,
            collector_name=given.collector_name,
        )

        def step(session: Session, wanted: UUID) -> object:
            return dispensing.hand_over(session, wanted, given=handing, by=actor, now=view.now)

        with dispensing.owing_check(db, ids.decode("ord", order_id)):
            return take_step(view, db, order_id, step, toast="Handed over", onward="/queue")
