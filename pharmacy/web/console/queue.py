"""The queue: what is to be done, the most urgent first, and who does it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, QueryParameter
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.order_reads import note_queue_read
from pharmacy.http.pages import USUAL, Cursor, after, page_of
from pharmacy.kernel import ids
from pharmacy.kernel.working_time import WorkingHours
from pharmacy.orders import operations, queries
from pharmacy.orders.queries import QueueFilter, QueueRow
from pharmacy.orders.rules import OPEN, Status
from pharmacy.orders.rules.claims import turns_of
from pharmacy.orders.rules.due import Due, due
from pharmacy.orders.rules.next_step import NextStep, next_step
from pharmacy.practice import queries as practice
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Actor, Permission
from pharmacy.web.view import Action, Answer, CurrentView, View

ROW: Final = {"permission": Permission.READ_QUEUE, "unattended": True}
"""Rows ask for themselves when they change: nobody need sit there."""


@dataclass(frozen=True, slots=True)
class Saved:
    """A view of the queue that has an address of its own."""

    slug: str
    name: str
    only: QueueFilter


def saved_views(actor: Actor) -> list[Saved]:
    """Return the views that a person's role works from; the first is where they start."""
    everything = QueueFilter()
    turns = tuple(sorted(turns_of(actor)))
    views = [
        Saved("mine", "Mine", QueueFilter(claimed_by=actor.id)),
        Saved("held", "On hold", QueueFilter(held=True)),
        Saved("ready", "Ready", QueueFilter(statuses=(Status.READY,))),
        Saved("all", "All open", everything),
    ]
    if turns:
        waiting = QueueFilter(statuses=turns, held=False)
        views.insert(0, Saved("next", "To do", waiting))
    return views


@dataclass(frozen=True, slots=True)
class Line:
    """One row as the page shows it."""

    id: str
    row: QueueRow
    step: NextStep
    left: Due
    holder: str
    is_mine: bool
    changed: bool = False


def lines_of(
    session: Session, rows: Sequence[QueueRow], view: View, *, changed: bool = False
) -> list[Line]:
    """Return rows with their next step, how urgent they are, and who has them."""
    hours = practice.working_hours(session)
    claimed = {row.order.claimed_by for row in rows if _is_claimed(row, view.now)}
    names = staff.names(session, {found for found in claimed if found})
    return [_line(row, names, hours, view, changed=changed) for row in rows]


def _line(
    row: QueueRow, names: dict[UUID, str], hours: WorkingHours, view: View, *, changed: bool
) -> Line:
    order = row.order
    step = next_step(
        order.status,
        labeled=order.labeled_at is not None,
        lots_out=row.lots_out,
        held=[(hold.code, hold.words, hold.owner) for hold in row.holds],
        given_up=row.given_up,
    )
    holder = names.get(order.claimed_by, "") if order.claimed_by else ""
    is_mine = bool(holder) and order.claimed_by == view.actor.id
    left = due(order.due_at, hours=hours, now=view.now)
    return Line(ids.encode("ord", order.id), row, step, left, holder, is_mine, changed)


def _is_claimed(row: QueueRow, now: datetime) -> bool:
    until = row.order.claimed_until
    return until is not None and until > now


class QueuePages(Controller):
    """The queue and taking work from it."""

    path = "/queue"

    @get("/", opt={"permission": Permission.READ_QUEUE}, sync_to_thread=True)
    def show(
        self,
        *,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
        now: Now,
        saved: Annotated[str, QueryParameter(name="view", required=False)] = "",
        status: Annotated[Status | None, QueryParameter(required=False)] = None,
        cursor: Cursor = None,
    ) -> Answer:
        """Show one of the saved views, the order due first first."""
        views = saved_views(actor)
        chosen = next((each for each in views if each.slug == saved), views[0])
        only = replace(chosen.only, statuses=(status,)) if status else chosen.only
        start = after(cursor, datetime, UUID)
        with db.transaction() as session:
            rows = queries.queue(session, only, after=start and (start[0], start[1]), limit=USUAL)
            page = page_of(rows, limit=USUAL, view=_same, key=_key)
            lines = lines_of(session, page.items, view)
            note_queue_read(session, [line.row.order.id for line in lines], by=actor, now=now)
            return view.page(
                "queue/index.html",
                actions=self._actions(view),
                views=views,
                chosen=chosen,
                wanted_status=status,
                statuses=OPEN,
                lines=lines,
                onward=page.next,
                started=cursor is not None,
            )

    @get("/rows/{order_id:str}", opt=ROW, sync_to_thread=True)
    def row(
        self, order_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor, now: Now
    ) -> Answer:
        """Show one row as it is now, marked as changed, in place of the one that is shown."""
        wanted = ids.decode("ord", order_id)
        with db.transaction() as session:
            lines = lines_of(session, queries.rows_of(session, [wanted]), view, changed=True)
            note_queue_read(session, [line.row.order.id for line in lines], by=actor, now=now)
            return view.part("queue/row.html", line=lines[0])

    @post("/next", opt={"permission": Permission.CLAIM_ORDER}, status_code=200, sync_to_thread=True)
    def take_next(self, view: CurrentView, db: Db, actor: CurrentActor, now: Now) -> Answer:
        """Take the order that is due first of those that wait for the person's role."""
        with db.transaction() as session:
            order = operations.claim_next(session, by=actor, now=now)
            return view.go(f"/orders/{ids.encode('ord', order.id)}", toast=f"Rx {order.number}")

    def _actions(self, view: View) -> list[Action]:
        if not (view.may(Permission.CLAIM_ORDER) and turns_of(view.actor)):
            return []
        return [Action("n", "Take the next", post="/queue/next", kind="primary", scan="NEXT")]


def _same(row: QueueRow) -> QueueRow:
    return row


def _key(row: QueueRow) -> tuple[Any, ...]:
    return row.order.due_at, row.order.id
