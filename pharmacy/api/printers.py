"""Printers, and where the labels of a workplace come out."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from litestar import Controller, get, post, put
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, CurrentSettings, Db, Now
from pharmacy.kernel import ids
from pharmacy.labels.drawing import Language
from pharmacy.printing import operations, queries
from pharmacy.printing.models import Printer, TrialPrint, Workstation
from pharmacy.printing.rules.troubles import in_words
from pharmacy.printing.rules.trying import TrialState
from pharmacy.staff.rules import Permission

Name = Annotated[str, Meta(min_length=1, max_length=60, pattern=r"^\S.*$")]
PrinterId = Annotated[str, Meta(examples=["prn_06b7k2m3n4p5q6r7s8t9v0w1x2"])]
Stock = Literal["4x2", "4x6", "2.25x4", "letter"]


class PrinterBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A printer to add."""

    name: Annotated[Name, Meta(examples=["Bench 1 labels"])]
    address: Annotated[
        str, Meta(max_length=300, examples=["folder:bench-1", "ipp://127.0.0.1:631/printers/zebra"])
    ]
    language: Language = Language.PDF
    dpi: Literal[203, 300] = 203
    stock: Stock = "4x2"
    """Width and height of the labels in inches, or `letter` for leaflets."""
    pinned_sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")] | None = None
    """The certificate that an `ipps` printer must show. Absent: one that this machine trusts."""
    agent: Annotated[str, Meta(examples=["pag_06b7k2m3n4p5q6r7s8t9v0w1x2"])] | None = None
    """Who prints on it from a place that this server cannot reach."""


class PrinterView(msgspec.Struct, frozen=True, kw_only=True):
    """A printer, and how it was when it was last heard of."""

    id: str
    name: str
    address: str
    language: Language
    dpi: int
    stock: str
    is_well: bool
    troubles: list[str]
    """What is wrong, in RFC 8011's words: `media-empty`, `cover-open`, `offline`, …"""
    words: list[str]
    """The same for a person, with what to do."""
    heard_at: datetime | None
    printed_at: datetime | None
    """Its last success."""

    @classmethod
    def of(cls, printer: Printer) -> "PrinterView":
        return cls(
            id=ids.encode("prn", printer.id),
            name=printer.name,
            address=printer.address,
            language=printer.language,
            dpi=printer.dpi,
            stock=printer.stock,
            is_well=not printer.troubles,
            troubles=printer.troubles,
            words=[in_words(each) for each in printer.troubles],
            heard_at=printer.heard_at,
            printed_at=printer.printed_at,
        )


class PrinterList(msgspec.Struct, frozen=True):
    """The printers that are in use, by name."""

    items: list[PrinterView]


class WorkstationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the labels and leaflets of a workplace come out."""

    label_printer: PrinterId | None = None
    page_printer: PrinterId | None = None


class WorkstationView(msgspec.Struct, frozen=True):
    """A workplace and its printers."""

    name: str
    label_printer: str | None
    page_printer: str | None

    @classmethod
    def of(cls, place: Workstation) -> "WorkstationView":
        labels, pages = place.label_printer_id, place.page_printer_id
        return cls(
            place.name,
            ids.encode("prn", labels) if labels else None,
            ids.encode("prn", pages) if pages else None,
        )


class WorkstationList(msgspec.Struct, frozen=True):
    """Every workplace that has printers, by name."""

    items: list[WorkstationView]


class TestView(msgspec.Struct, frozen=True, kw_only=True):
    """A test label, and what is known of it by now."""

    id: str
    printer: str
    state: TrialState
    is_over: bool
    """Nothing more will be heard of it."""
    words: list[str]
    """For a person, with what to do."""
    reasons: list[str]
    asked_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, test: TrialPrint) -> "TestView":
        return cls(
            id=ids.encode("tst", test.id),
            printer=ids.encode("prn", test.printer_id),
            state=test.state,
            is_over=test.state.is_over,
            words=[test.state.words, *(in_words(each) for each in test.reasons)],
            reasons=test.reasons,
            asked_at=test.asked_at,
            ended_at=test.ended_at,
        )


class PrinterController(Controller):
    """Printers. Only administrators add them, and only inside the configured networks."""

    path = "/api/v1/printers"
    tags = ["Printing"]

    @get("/", opt={"permission": Permission.READ_PRINTER}, sync_to_thread=True)
    def listing(self, db: Db) -> PrinterList:
        """List the printers that are in use."""
        with db.transaction() as session:
            return PrinterList([PrinterView.of(each) for each in queries.printers(session)])

    @post("/", opt={"permission": Permission.MANAGE_PRINTERS}, sync_to_thread=True)
    def add(
        self,
        data: JSONBody[PrinterBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
        settings: CurrentSettings,
    ) -> PrinterView:
        """Add a printer."""
        with db.transaction() as session:
            printer = operations.add_printer(
                session,
                name=data.name,
                address=data.address,
                language=data.language,
                dpi=data.dpi,
                stock=data.stock,
                pinned_sha256=bytes.fromhex(data.pinned_sha256) if data.pinned_sha256 else None,
                networks=settings.printer_networks,
                agent_id=_agent_id(session, data.agent),
                by=actor,
                now=now,
            )
            return PrinterView.of(printer)

    @post(
        "/{printer_id:str}/retirement",
        status_code=200,
        opt={"permission": Permission.MANAGE_PRINTERS},
        sync_to_thread=True,
    )
    def retire(
        self, printer_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> PrinterView:
        """Take a printer out of use; its past stays."""
        with db.transaction() as session:
            wanted = ids.decode("prn", printer_id)
            return PrinterView.of(operations.retire_printer(session, wanted, by=actor, now=now))

    @post(
        "/{printer_id:str}/test",
        status_code=202,
        opt={"permission": Permission.READ_PRINTER},
        sync_to_thread=True,
    )
    def test(self, printer_id: FromPath[str], db: Db, actor: CurrentActor, now: Now) -> TestView:
        """Have a test label printed, which names nobody; then ask what came of it."""
        with db.transaction() as session:
            wanted = ids.decode("prn", printer_id)
            return TestView.of(operations.try_printer(session, wanted, by=actor, now=now))

    @get(
        "/{printer_id:str}/tests/{test_id:str}",
        opt={"permission": Permission.READ_PRINTER},
        sync_to_thread=True,
    )
    def test_result(self, printer_id: FromPath[str], test_id: FromPath[str], db: Db) -> TestView:
        """Say what is known of a test label by now."""
        with db.transaction() as session:
            found = queries.test_print(
                session, ids.decode("prn", printer_id), ids.decode("tst", test_id)
            )
            return TestView.of(found)


class WorkstationController(Controller):
    """Workplaces and their printers."""

    path = "/api/v1/workstations"
    tags = ["Printing"]

    @get("/", opt={"permission": Permission.READ_PRINTER}, sync_to_thread=True)
    def listing(self, db: Db) -> WorkstationList:
        """List the workplaces."""
        with db.transaction() as session:
            found = queries.workstations(session)
            return WorkstationList([WorkstationView.of(each) for each in found])

    @put("/{name:str}", opt={"permission": Permission.MANAGE_PRINTERS}, sync_to_thread=True)
    def set_printers(
        self,
        name: FromPath[str],
        data: JSONBody[WorkstationBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> WorkstationView:
        """Say where the labels and leaflets of a workplace come out."""
        with db.transaction() as session:
            place = operations.set_workstation(
                session,
                name,
                label_printer=_printer(session, data.label_printer),
                page_printer=_printer(session, data.page_printer),
                by=actor,
                now=now,
            )
            return WorkstationView.of(place)


def _agent_id(session: Session, agent_id: str | None) -> UUID | None:
    return queries.agent(session, ids.decode("pag", agent_id)).id if agent_id else None


def _printer(session: Session, printer_id: str | None) -> Printer | None:
    return queries.printer(session, ids.decode("prn", printer_id)) if printer_id else None
