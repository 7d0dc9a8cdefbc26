"""The audit: who did or read what, and who looked at a patient."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, QueryParameter
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.forms import Form
from pharmacy.http.identifiers import private, public
from pharmacy.http.looking import looking_at
from pharmacy.http.pages import LARGEST_ID, USUAL, Cursor, after, rows_of
from pharmacy.infra import audit
from pharmacy.infra.audit import AuditEntry
from pharmacy.kernel import ids
from pharmacy.kernel.refusals import Invalid, NotFound
from pharmacy.orders import queries as orders
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Actor, Permission
from pharmacy.web.view import Action, Answer, CurrentView

PATH: Final = "/audit"
EVERYBODY: Final = 500
Search = Annotated[str, QueryParameter(required=False)]


class SubjectUnknown(Invalid):
    """What was searched for is not of ours."""

    code = "audit-subject-unknown"
    remedy = "Give an Rx number, or an identifier as pages show it: ord_…, lot_…, acc_…."


class SearchEmpty(Invalid):
    """A search that narrows nothing."""

    code = "audit-search-empty"
    remedy = "Fill in one field at least; `Everything` shows all."


class SearchForm(msgspec.Struct, frozen=True):
    """What entries must fit; what is left empty does not narrow."""

    by: Annotated[str, Meta(max_length=60)] | None = None
    action: Annotated[str, Meta(max_length=60, pattern=r"^[a-z.-]+$")] | None = None
    subject: Annotated[str, Meta(max_length=60)] | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One entry as a page shows it."""

    entry: AuditEntry
    by: str
    subject: str
    url: str


def lines_of(session: Session, entries: Sequence[AuditEntry]) -> list[Line]:
    """Return entries with the names of people, the numbers of orders, and other identifiers."""
    names = staff.names(session, {each.by_id for each in entries if each.by_id})
    numbers = orders.numbers(session, {each.subject_id for each in entries if each.subject_id})
    return [
        Line(
            each,
            _name(names, each.by_id) or each.by_kind.capitalize(),
            _called(each, numbers),
            _page(each),
        )
        for each in entries
    ]


def _called(entry: AuditEntry, numbers: dict[UUID, int]) -> str:
    number = numbers.get(entry.subject_id) if entry.subject_id else None
    return f"Rx {number}" if number else public(entry.subject_kind, entry.subject_id) or ""


def _name(names: dict[UUID, str], by_id: UUID | None) -> str:
    return names.get(by_id, "") if by_id else ""


def _page(entry: AuditEntry) -> str:
    if entry.subject_kind != "order" or entry.subject_id is None:
        return ""
    return f"/orders/{ids.encode('ord', entry.subject_id)}"


class AuditPages(Controller):
    """Read by auditors. Reading it is itself recorded."""

    path = PATH
    opt = {"permission": Permission.READ_AUDIT}

    @get("/", sync_to_thread=True)
    def show(
        self,
        *,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
        now: Now,
        by: Search = "",
        action: Search = "",
        subject: Search = "",
        since: Annotated[date | None, QueryParameter(required=False)] = None,
        until: Annotated[date | None, QueryParameter(required=False)] = None,
        cursor: Cursor = None,
    ) -> Answer:
        """Show the entries that fit, the newest first."""
        start = after(cursor, int)
        subject_id = private(subject or None)
        with db.transaction() as session:
            rows = audit.entries(
                session,
                by_id=private(by or None),
                action=action or None,
                since=_midnight(since, view.chrome.zone),
                until=_midnight(until and until + timedelta(days=1), view.chrome.zone),
                subject_id=subject_id,
                before=start[0] if start else None,
                limit=USUAL + 1,
            )
            page = rows_of(rows, limit=USUAL, key=lambda row: (row.id,))
            lines = lines_of(session, page.items)
            seal = audit.newest_seal(session)
            _read(session, actor, now, subject_id)
            given = _given(by=by, action=action, subject=subject, since=since, until=until)
            return view.page(
                "audit/index.html",
                actions=[
                    Action("s", "Search", opens="search", kind="primary"),
                    Action("c", "The chain", href=f"{PATH}/chain"),
                ],
                lines=lines,
                seal=seal,
                given=given,
                people=_people(session),
                onward=page.next and f"{PATH}?{urlencode({**given, 'cursor': page.next})}",
                started=cursor is not None,
            )

    @post("/search", status_code=200, sync_to_thread=True)
    def search(self, form: Form, view: CurrentView, db: Db) -> Answer:
        """Go to the address of a search, which names nobody: numbers become identifiers."""
        wanted = form.read(SearchForm)
        with db.transaction() as session:
            subject = _subject(session, wanted.subject) if wanted.subject else ""
        given = _given(
            by=wanted.by or "",
            action=wanted.action or "",
            subject=subject,
            since=wanted.since,
            until=wanted.until,
        )
        if not given:
            raise SearchEmpty("nothing is given to search for")
        return view.go(f"{PATH}?{urlencode(given)}")

    @get("/orders/{order_id:str}/looks", sync_to_thread=True)
    def looks(
        self,
        *,
        order_id: FromPath[str],
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
        now: Now,
        cursor: Cursor = None,
    ) -> Answer:
        """Show who looked at the patient of an order, when, and at what. Asking is a look too."""
        start = after(cursor, int)
        with db.transaction() as session:
            order = orders.get(session, ids.decode("ord", order_id))
            whom = looking_at(session, order.patient_id)._asdict()
            people = audit.lookers(session, **whom)
            rows = audit.looks(session, **whom, before=start[0] if start else None, limit=USUAL + 1)
            page = rows_of(rows, limit=USUAL, key=lambda row: (row.id,))
            names = staff.names(session, {each.by_id for each in people if each.by_id})
            audit.record(
                session,
                "audit.read",
                by=actor,
                at=now,
                subject_kind="patient",
                subject_id=order.patient_id,
                patient_id=order.patient_id,
            )
            return view.page(
                "audit/looks.html",
                actions=[Action("o", "Back to the order", href=f"/orders/{order_id}")],
                order=order,
                people=[(_name(names, each.by_id), each) for each in people],
                lines=lines_of(session, page.items),
                onward=page.next,
                started=cursor is not None,
            )


def _read(session: Session, actor: Actor, now: datetime, subject_id: UUID | None) -> None:
    audit.record(
        session,
        "audit.read",
        by=actor,
        at=now,
        subject_kind="audit",
        subject_id=None,
        detail={"of": str(subject_id)} if subject_id else None,
    )


def _given(**wanted: Any) -> dict[str, str]:
    return {name: str(value) for name, value in wanted.items() if value}


def _midnight(day: date | None, zone: str) -> datetime | None:
    return datetime.combine(day, time(), ZoneInfo(zone)) if day else None


def _people(session: Session) -> list[tuple[str, str]]:
    return [
        (ids.encode("acc", each.account.id), each.account.display_name)
        for each in staff.members(session, limit=EVERYBODY)
    ]


def _subject(session: Session, text: str) -> str:
    """Return the identifier of what somebody typed: an Rx number, or an identifier already."""
    number = text.lower().removeprefix("rx").lstrip(" #")
    if number.isascii() and number.isdigit():
        found = orders.by_number(session, int(number)) if int(number) <= LARGEST_ID else None
        if found is None:
            raise SubjectUnknown("no order has this number", field="subject")
        return ids.encode("ord", found)
    try:
        private(text.lower())
    except NotFound as error:
        raise SubjectUnknown("this is no identifier of ours", field="subject") from error
    return text.lower()
