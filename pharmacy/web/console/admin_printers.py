"""Printers and workplaces: adding, trying, retiring."""

from collections.abc import Sequence
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, CurrentSettings, Db
from pharmacy.http.forms import Form
from pharmacy.kernel import ids
from pharmacy.labels.drawing import Language
from pharmacy.printing import operations, queries
from pharmacy.printing.models import Printer
from pharmacy.printing.operations.printers import LETTER
from pharmacy.printing.rules.troubles import in_words
from pharmacy.staff.rules import Permission
from pharmacy.web.console.admin_tabs import tabs_of
from pharmacy.web.view import Action, Answer, CurrentView

PATH: Final = "/admin/printers"
READ: Final = {"permission": Permission.READ_PRINTER}
MANAGE: Final = {"permission": Permission.MANAGE_PRINTERS}
PAPERS: Final = [
    ("4x2", "Labels 4 x 2 in"),
    ("4x6", "Labels 4 x 6 in"),
    ("2.25x4", "Labels 2.25 x 4 in"),
    (LETTER, "Letter pages, for leaflets"),
]
Name = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^\S.*$")]


class PrinterForm(msgspec.Struct, frozen=True):
    """A printer to add."""

    name: Name
    address: Annotated[str, Meta(max_length=300)]
    language: Language
    dpi: Literal[203, 300]
    stock: Literal["4x2", "4x6", "2.25x4", "letter"]
    pinned_sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")] | None = None
    agent: str | None = None


class PlaceForm(msgspec.Struct, frozen=True):
    """Where the labels and leaflets of a workplace come out."""

    place: Name
    label_printer: str | None = None
    page_printer: str | None = None


class PrinterPages(Controller):
    """Printers, how they are, and which workplace has which."""

    path = PATH

    @get("/", opt=READ, sync_to_thread=True)
    def show(self, view: CurrentView, db: Db) -> Answer:
        """List printers and workplaces."""
        actions = []
        if view.may(Permission.MANAGE_PRINTERS):
            actions = [
                Action("n", "Add a printer", opens="add", kind="primary"),
                Action("w", "Set a workplace", opens="place"),
            ]
        with db.transaction() as session:
            printers = queries.printers(session)
            agents = [each for each in queries.agents(session) if each.disabled_at is None]
            return view.page(
                "admin/printers.html",
                actions=actions,
                tabs=tabs_of(view),
                printers=[(each, _words(each)) for each in printers],
                places=queries.workstations(session),
                names={each.id: each.name for each in printers},
                label_printers=_choices(printers, pages=False),
                page_printers=_choices(printers, pages=True),
                papers=PAPERS,
                agents=agents,
                senders=[
                    ("none", "This server"),
                    *((ids.encode("pag", each.id), each.name) for each in agents),
                ],
                languages=[(each.value, each.value.upper()) for each in Language],
            )

    @post("/", opt=MANAGE, status_code=200, sync_to_thread=True)
    def add(
        self,
        *,
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
        settings: CurrentSettings,
    ) -> Answer:
        """Add a printer inside the configured networks."""
        given = form.read(PrinterForm)
        pinned = bytes.fromhex(given.pinned_sha256) if given.pinned_sha256 else None
        with db.transaction() as session:
            printer = operations.add_printer(
                session,
                name=given.name,
                address=given.address,
                language=given.language,
                dpi=given.dpi,
                stock=given.stock,
                pinned_sha256=pinned,
                networks=settings.printer_networks,
                agent_id=_agent_id(session, given.agent),
                by=actor,
                now=view.now,
            )
            at = f"{PATH}/{ids.encode('prn', printer.id)}"
        return view.go(at, toast="Added: print a test label, then give it to a workplace")

    @post("/workplaces", opt=MANAGE, status_code=200, sync_to_thread=True)
    def place(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """Say where the labels and leaflets of a workplace come out."""
        given = form.read(PlaceForm)
        with db.transaction() as session:
            operations.set_workstation(
                session,
                given.place,
                label_printer=_printer(session, given.label_printer),
                page_printer=_printer(session, given.page_printer),
                by=actor,
                now=view.now,
            )
        return view.go(PATH, toast=f"{given.place} is set")

    @get("/{printer_id:str}", opt=READ, sync_to_thread=True)
    def printer(self, printer_id: FromPath[str], view: CurrentView, db: Db) -> Answer:
        """Show one printer: how it is in words, and its verbs."""
        at = f"{PATH}/{printer_id}"
        with db.transaction() as session:
            printer = queries.printer(session, ids.decode("prn", printer_id))
            gone = "This printer is retired." if printer.retired_at else ""
            actions = [Action("t", "Test label", post=f"{at}/test", kind="primary", why_not=gone)]
            if view.may(Permission.MANAGE_PRINTERS):
                actions.append(Action("x", "Retire", opens="retire", kind="danger", why_not=gone))
            return view.page(
                "admin/printer.html",
                actions=actions,
                tabs=tabs_of(view),
                papers=dict(PAPERS),
                agent=queries.agent(session, printer.agent_id).name if printer.agent_id else "",
                **_now(session, printer_id),
            )

    @post("/{printer_id:str}/test", opt=READ, status_code=200, sync_to_thread=True)
    def test(
        self, printer_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Have a test label printed, which names nobody; the page shows what comes of it."""
        with db.transaction() as session:
            wanted = ids.decode("prn", printer_id)
            operations.try_printer(session, wanted, by=actor, now=view.now)
        return view.go(f"{PATH}/{printer_id}", toast="Asked for a test label")

    @get("/{printer_id:str}/state", opt={**READ, "unattended": True}, sync_to_thread=True)
    def state(self, printer_id: FromPath[str], view: CurrentView, db: Db) -> Answer:
        """Show how a printer is by now, while a test label is on its way."""
        with db.transaction() as session:
            return view.part("admin/printer_now.html", **_now(session, printer_id))

    @post("/{printer_id:str}/retirement", opt=MANAGE, status_code=200, sync_to_thread=True)
    def retire(
        self, printer_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Take a printer out of use, and out of every workplace."""
        with db.transaction() as session:
            wanted = ids.decode("prn", printer_id)
            operations.retire_printer(session, wanted, by=actor, now=view.now)
        return view.go(PATH, toast="Retired: its past stays in the ledger")


def _now(session: Session, printer_id: str) -> dict[str, Any]:
    """Return how a printer is, and what is known of its newest test label."""
    printer = queries.printer(session, ids.decode("prn", printer_id))
    test = queries.newest_test(session, printer.id)
    return {
        "printer": printer,
        "troubles": _words(printer),
        "test": test,
        "test_words": [in_words(each) for each in test.reasons] if test else [],
    }


def _agent_id(session: Session, agent_id: str | None) -> UUID | None:
    if agent_id in {None, "none"}:
        return None
    return queries.agent(session, ids.decode("pag", agent_id or "")).id


def _words(printer: Printer) -> list[str]:
    return [in_words(each) for each in printer.troubles]


def _choices(printers: Sequence[Printer], *, pages: bool) -> list[tuple[str, str]]:
    fitting = [each for each in printers if (each.stock == LETTER) is pages]
    return [("none", "None"), *((ids.encode("prn", each.id), each.name) for each in fitting)]


def _printer(session: Session, printer_id: str | None) -> Printer | None:
    if printer_id in {None, "none"}:
        return None
    return queries.printer(session, ids.decode("prn", printer_id or ""))
