"""Labels on their way to paper: what somebody must look at, and saying what was found."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from msgspec import Meta

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.forms import Form
from pharmacy.http.pages import USUAL, Cursor, after, rows_of
from pharmacy.infra import audit
from pharmacy.kernel import ids
from pharmacy.printing import operations, queries
from pharmacy.printing.rules import ReprintReason, Resolution
from pharmacy.printing.rules.troubles import in_words
from pharmacy.staff.rules import Permission
from pharmacy.web.console.paper_page import (
    FOUND,
    actions_of,
    copy_page,
    printer_choices,
    waiting,
)
from pharmacy.web.view import STATION, Action, Answer, CurrentView

PATH: Final = "/labels"
Id = Annotated[str, Meta(min_length=1, max_length=60)]
REASONS: Final = [(each.value, f"The last copy {each.words}") for each in ReprintReason]


class FoundForm(msgspec.Struct, frozen=True):
    """What somebody found at the printer."""

    found: Resolution


class ReprintForm(msgspec.Struct, frozen=True):
    """Why another copy is wanted, and where."""

    reason: ReprintReason
    printer: Id


class TestForm(msgspec.Struct, frozen=True):
    """Which printer is tried."""

    printer: Id


class PaperPages(Controller):
    """Copies that are not confirmed, and one copy with its verbs."""

    path = PATH
    opt = {"permission": Permission.PRINT_LABEL}

    @get("/", sync_to_thread=True)
    def show(self, view: CurrentView, db: Db, cursor: Cursor = None) -> Answer:
        """Show what is not confirmed: first what somebody must look at, the oldest first."""
        start = after(cursor, datetime, UUID)
        with db.transaction() as session:
            rows = queries.unconfirmed(
                session, after=start and (start[0], start[1]), limit=USUAL + 1
            )
            page = rows_of(
                rows,
                limit=USUAL,
                key=lambda row: (row.copy.asked_at, row.copy.id),
            )
            printers = queries.printers(session)
            return view.page(
                "paper/index.html",
                actions=[Action("t", "Test label", opens="test")] if printers else [],
                groups=waiting(page.items),
                onward=page.next,
                started=cursor is not None,
                printers=[(each, [in_words(word) for word in each.troubles]) for each in printers],
                choices=[(ids.encode("prn", each.id), each.name) for each in printers],
            )

    @post("/test", status_code=200, sync_to_thread=True)
    def test(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """Have a test label printed; the printer's page shows what comes of it."""
        wanted = form.read(TestForm).printer
        with db.transaction() as session:
            operations.try_printer(session, ids.decode("prn", wanted), by=actor, now=view.now)
        return view.go(f"/admin/printers/{wanted}", toast="Asked for a test label")

    @get("/{copy_id:str}", sync_to_thread=True)
    def copy(
        self, copy_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor, now: Now
    ) -> Answer:
        """Show one copy: what is known of it, what to do, and its history."""
        with db.transaction() as session:
            found = copy_page(session, ids.decode("cpy", copy_id))
            audit.record(
                session,
                "prints.read",
                by=actor,
                at=now,
                subject_kind="order",
                subject_id=found.order.id,
                patient_id=found.order.patient_id,
            )
            choices, usual = printer_choices(
                session, found, workstation=view.request.cookies.get(STATION, "")
            )
            return view.page(
                "paper/copy.html",
                actions=actions_of(found),
                page=found,
                printers=choices,
                usual=usual,
                reasons=REASONS,
            )

    @post("/{copy_id:str}/found", status_code=200, sync_to_thread=True)
    def found(
        self, copy_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Say what was found at the printer."""
        found = form.read(FoundForm).found
        with db.transaction() as session:
            operations.resolve(session, ids.decode("cpy", copy_id), found, by=actor, now=view.now)
        return view.go(f"{PATH}/{copy_id}", toast=FOUND[found])

    @post("/{copy_id:str}/retry", status_code=200, sync_to_thread=True)
    def retry(
        self, copy_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Have a copy of which nothing had left sent again."""
        with db.transaction() as session:
            operations.try_again(session, ids.decode("cpy", copy_id), by=actor, now=view.now)
        return view.go(f"{PATH}/{copy_id}", toast="It is sent again")

    @post("/{copy_id:str}/reprint", status_code=200, sync_to_thread=True)
    def reprint(
        self, copy_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Have another copy printed; every earlier one is void from then on."""
        given = form.read(ReprintForm)
        with db.transaction() as session:
            before = queries.copy(session, ids.decode("cpy", copy_id))
            made = operations.reprint(
                session,
                before.label_id,
                reason=given.reason,
                printer=queries.printer(session, ids.decode("prn", given.printer)),
                by=actor,
                now=view.now,
            )
            onward = f"{PATH}/{ids.encode('cpy', made.id)}"
        return view.go(onward, toast="Printing: throw earlier copies away")
