"""Copies of labels: having them printed, and saying what came out."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.order_reads import reading, visible
from pharmacy.http.pages import USUAL, Cursor, Limit, Page, after, page_of
from pharmacy.kernel import ids
from pharmacy.labels import queries as labels
from pharmacy.labels.models import Label
from pharmacy.orders import queries as orders
from pharmacy.printing import operations, queries
from pharmacy.printing.models import LabelCopy
from pharmacy.printing.operations.asking import printer_of
from pharmacy.printing.queries import Unconfirmed
from pharmacy.printing.rules import CopyState, ReprintReason, Resolution
from pharmacy.printing.rules.scans import SCANNED_BEFORE
from pharmacy.printing.rules.troubles import in_words
from pharmacy.staff.rules import Actor, Permission

PlaceName = Annotated[str, Meta(min_length=1, max_length=60, examples=["bench-1"])]


class PrintBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At which workplace the labels are wanted."""

    workstation: PlaceName


class ReprintBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why another copy is wanted, and where."""

    reason: ReprintReason
    workstation: PlaceName


class ResolutionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody found at the printer."""

    found: Resolution


class ScanBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scanner read from a label."""

    code: Annotated[str, Meta(max_length=60, examples=["ctr_06b7k2m3n4p5q6r7s8t9v0w1x2.02"])]


class CopyView(msgspec.Struct, frozen=True, kw_only=True):
    """One copy of a label, and what is known of it."""

    id: str
    label: str
    order: str
    copy_no: int
    state: CopyState
    printer: str | None
    """None: printed by hand from the stored document."""
    reason: ReprintReason | None
    asked_at: datetime
    tries: int
    troubles: list[str]
    words: list[str]
    confirmed_at: datetime | None

    @classmethod
    def of(cls, copy: LabelCopy) -> "CopyView":
        return cls(
            id=ids.encode("cpy", copy.id),
            label=ids.encode("lbl", copy.label_id),
            order=ids.encode("ord", copy.order_id),
            copy_no=copy.copy_no,
            state=copy.state,
            printer=ids.encode("prn", copy.printer_id) if copy.printer_id else None,
            reason=copy.reason,
            asked_at=copy.asked_at,
            tries=copy.tries,
            troubles=copy.troubles,
            words=[in_words(each) for each in copy.troubles],
            confirmed_at=copy.confirmed_at,
        )


class CopyList(msgspec.Struct, frozen=True):
    """Copies, the oldest first."""

    items: list[CopyView]


class ScanView(CopyView, frozen=True, kw_only=True):
    """A copy that was scanned, and whether that was the first time."""

    scanned_before_at: datetime | None
    """When the same code was last scanned: there may be two of this label."""
    warning: str | None
    """What to do then, for a person."""


class UnconfirmedView(msgspec.Struct, frozen=True, kw_only=True):
    """A copy that somebody owes a look or a scan."""

    copy: CopyView
    rx_number: int
    part: str
    """`1 of 3`, or `Leaflet`."""
    printer_name: str | None
    waits_seconds: int

    @classmethod
    def of(cls, found: Unconfirmed, now: datetime) -> "UnconfirmedView":
        return cls(
            copy=CopyView.of(found.copy),
            rx_number=found.rx_number,
            part=found.part,
            printer_name=found.printer,
            waits_seconds=max(0, int((now - found.copy.asked_at).total_seconds())),
        )


class PrintController(Controller):
    """Labels on their way to paper."""

    path = "/api/v1"
    tags = ["Printing"]

    @post(
        "/orders/{order_id:str}/prints",
        opt={"permission": Permission.PRINT_LABEL},
        sync_to_thread=True,
    )
    def print_order(
        self,
        order_id: FromPath[str],
        data: JSONBody[PrintBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> CopyList:
        """Have the first copy of each label of an order printed; asking again doubles nothing."""
        with db.transaction() as session:
            order = visible(orders.get(session, ids.decode("ord", order_id)), actor)
            copies = operations.print_order(
                session, order.id, workstation=data.workstation, by=actor, now=now
            )
            return CopyList([CopyView.of(each) for each in copies])

    @get(
        "/orders/{order_id:str}/prints",
        opt={"permission": Permission.READ_LABEL},
        sync_to_thread=True,
    )
    def of_order(self, order_id: FromPath[str], db: Db, actor: CurrentActor, now: Now) -> CopyList:
        """List every copy of an order's labels, void ones too."""
        with reading(db, order_id, actor, now, "prints.read") as (session, order):
            found = queries.copies_of_order(session, order.id)
            return CopyList([CopyView.of(each) for each in found])

    @get("/prints", opt={"permission": Permission.PRINT_LABEL}, sync_to_thread=True)
    def unconfirmed(
        self, db: Db, now: Now, cursor: Cursor = None, limit: Limit = USUAL
    ) -> Page[UnconfirmedView]:
        """List what is not confirmed, and since when; the oldest first."""
        last = after(cursor, datetime, UUID)
        with db.transaction() as session:
            rows = queries.unconfirmed(
                session, after=(last[0], last[1]) if last else None, limit=limit + 1
            )
            return page_of(
                rows,
                limit=limit,
                view=lambda row: UnconfirmedView.of(row, now),
                key=lambda row: (row.copy.asked_at, row.copy.id),
            )

    @post(
        "/labels/{label_id:str}/reprint",
        opt={"permission": Permission.PRINT_LABEL},
        sync_to_thread=True,
    )
    def reprint(
        self,
        label_id: FromPath[str],
        data: JSONBody[ReprintBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> CopyView:
        """Have another copy of a label printed; every earlier one is void from then on."""
        with db.transaction() as session:
            label = _label(session, label_id, actor)
            copy = operations.reprint(
                session,
                label.id,
                reason=data.reason,
                printer=printer_of(session, data.workstation, label.kind),
                by=actor,
                now=now,
            )
            return CopyView.of(copy)

    @post("/prints/scan", status_code=200, opt={"permission": Permission.PACK}, sync_to_thread=True)
    def scan(self, data: JSONBody[ScanBody], db: Db, actor: CurrentActor, now: Now) -> ScanView:
        """Confirm that a copy is on paper, by the code that was scanned from it."""
        with db.transaction() as session:
            copy, before = operations.confirm(session, data.code, by=actor, now=now)
            return ScanView(
                **msgspec.structs.asdict(CopyView.of(copy)),
                scanned_before_at=before,
                warning=SCANNED_BEFORE if before else None,
            )

    @post(
        "/prints/{copy_id:str}/resolution",
        status_code=200,
        opt={"permission": Permission.PRINT_LABEL},
        sync_to_thread=True,
    )
    def resolve(
        self,
        copy_id: FromPath[str],
        data: JSONBody[ResolutionBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> CopyView:
        """Say what came of a copy that the software cannot tell of."""
        with db.transaction() as session:
            wanted = ids.decode("cpy", copy_id)
            return CopyView.of(operations.resolve(session, wanted, data.found, by=actor, now=now))

    @post(
        "/prints/{copy_id:str}/retry",
        status_code=200,
        opt={"permission": Permission.PRINT_LABEL},
        sync_to_thread=True,
    )
    def retry(self, copy_id: FromPath[str], db: Db, actor: CurrentActor, now: Now) -> CopyView:
        """Have a copy that was given up, and of which nothing had left, sent again."""
        with db.transaction() as session:
            wanted = ids.decode("cpy", copy_id)
            return CopyView.of(operations.try_again(session, wanted, by=actor, now=now))


def _label(session: Session, label_id: str, actor: Actor) -> Label:
    label = labels.get(session, ids.decode("lbl", label_id))
    visible(orders.get(session, label.order_id), actor)
    return label
