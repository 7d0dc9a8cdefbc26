"""Finding orders. What names a patient is sent in a form: addresses are kept in logs."""

from datetime import date, datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import Db
from pharmacy.http.forms import Form
from pharmacy.http.order_reads import note_queue_read
from pharmacy.http.pages import LARGEST_ID, LONGEST_CURSOR, USUAL, after, encode
from pharmacy.orders import queries
from pharmacy.orders.queries import QueueFilter, QueueRow
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.searching import Sought, readings
from pharmacy.shipping import queries as parcels
from pharmacy.staff.rules import Permission
from pharmacy.web.console.queue import lines_of
from pharmacy.web.view import Answer, CurrentView, View

PATH: Final = "/search"
TEMPLATE: Final = "queue/search.html"
Text = Annotated[str, Meta(max_length=100)]


class SearchForm(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody looks for; every field that is filled in narrows it."""

    number: Annotated[int, Meta(ge=1, le=LARGEST_ID)] | None = None
    family: Text = ""
    given: Text = ""
    birth_date: date | None = None
    lot: Text = ""
    tracking: Text = ""
    cursor: Annotated[str, Meta(max_length=LONGEST_CURSOR)] = ""

    @property
    def sought(self) -> Sought:
        return Sought(
            number=self.number,
            family=self.family or None,
            given=self.given or None,
            birth_date=self.birth_date,
            lot=self.lot or None,
            tracking=self.tracking or None,
        )


def found_by(
    session: Session, sought: Sought, *, start: tuple[datetime, UUID] | None = None
) -> list[QueueRow]:
    """Return a page of the orders that are looked for, the latest due first, and one more."""
    if sought.is_nothing:
        return []
    only = QueueFilter(
        statuses=tuple(Status),
        number=sought.number,
        family_prefix=sought.family,
        given_prefix=sought.given,
        birth_date=sought.birth_date,
        lot_number=sought.lot,
        order_ids=parcels.orders_under(session, sought.tracking) if sought.tracking else None,
        newest_first=True,
    )
    return queries.queue(session, only, after=start, limit=USUAL)


def first_found(session: Session, line: str) -> tuple[Sought, list[QueueRow]]:
    """Return what one line means: its first reading that finds an order, or the likeliest."""
    likely = [each for each in readings(line) if (each.number or 0) <= LARGEST_ID]
    for sought in likely:
        if rows := found_by(session, sought):
            return sought, rows
    return (likely[0] if likely else Sought()), []


def results(session: Session, view: View, sought: Sought, rows: list[QueueRow]) -> Answer:
    """Answer with what was found; which orders were shown is written down."""
    shown, more = rows[:USUAL], len(rows) > USUAL
    note_queue_read(session, [row.order.id for row in shown], by=view.actor, now=view.now)
    last = shown[-1] if more else None
    answer = view.page(
        TEMPLATE,
        sought=sought,
        asked=True,
        lines=lines_of(shown, view),
        onward=encode(last.place) if last else "",
    )
    if view.is_partial:
        swap = "outerHTML show:top"
        answer.headers |= {"HX-Retarget": "#page", "HX-Reselect": "#page", "HX-Reswap": swap}
        answer.headers |= {"HX-Push-Url": PATH}
    return answer


class SearchPages(Controller):
    """The search, and what it found."""

    path = PATH

    @get("/", opt={"permission": Permission.READ_QUEUE}, sync_to_thread=True)
    def show(self, view: CurrentView) -> Answer:
        """Show the search with nothing in it."""
        return view.page(TEMPLATE, sought=Sought(), asked=False, lines=[], onward="")

    @post("/", opt={"permission": Permission.READ_QUEUE}, status_code=200, sync_to_thread=True)
    def find(self, form: Form, view: CurrentView, db: Db) -> Answer:
        """Find orders by number, patient, lot or tracking number."""
        given = form.read(SearchForm)
        start = after(given.cursor or None, datetime, UUID)
        with db.transaction() as session:
            rows = found_by(session, given.sought, start=start and (start[0], start[1]))
            return results(session, view, given.sought, rows)
