"""The queue: what is next for whoever looks, then who else waits, the most urgent first."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final
from uuid import UUID

from litestar import Controller, get, post
from litestar.di import Provide
from litestar.params import FromPath
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.order_reads import note_queue_read
from pharmacy.http.pages import USUAL, Page, rows_of
from pharmacy.kernel import ids
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.queries import QueueFilter
from pharmacy.orders.rules import OPEN
from pharmacy.orders.rules.claims import turns_of
from pharmacy.staff.rules import Permission
from pharmacy.web.console.queue import Line, lines_of
from pharmacy.web.console.queue_arrivals import QueueArrivals
from pharmacy.web.console.queue_asked import CurrentAsked, asked_of
from pharmacy.web.console.queue_views import (
    DUE_WORDS,
    HELD_WORDS,
    WHOSE_WORDS,
    Narrowing,
    Saved,
    tabs,
)
from pharmacy.web.rendering import words_of
from pharmacy.web.view import Action, Answer, CurrentView, View

ROW: Final = {"permission": Permission.READ_QUEUE, "unattended": True}
"""Rows ask for themselves when they change: nobody need sit there."""
IN_HAND: Final = 3
"""Orders in somebody's hands that the page shows first; the others are under "Mine"."""
CHOICES: Final = (
    ("status", "Status", [(each, words_of(each)) for each in OPEN]),
    ("held", "Holds", list(HELD_WORDS.items())),
    ("whose", "Who has it", list(WHOSE_WORDS.items())),
    ("due", "Due", list(DUE_WORDS.items())),
)


@dataclass(frozen=True, slots=True)
class Turn:
    """What is next for one person."""

    in_hand: list[Line]
    """What they took and did not finish, the first due first."""
    waiting: Line | None
    """What they would be given if they asked."""


def turn_of(session: Session, view: View) -> tuple[Sequence[Order], Sequence[Order]]:
    """Return what is in the hands of whoever looks, and what they would be given."""
    now, actor = view.now, view.actor
    mine = QueueFilter(claimed_by=actor.id, claimed_at=now)
    held = queries.orders_in(session, mine, limit=IN_HAND)[:IN_HAND]
    found = queries.peek_next(session, turns_of(actor), by=actor, now=now)
    return held, [found] if found else []


class QueuePages(Controller):
    """The queue and taking work from it."""

    path = "/queue"
    dependencies = {"asked": Provide(asked_of, sync_to_thread=False)}

    @get("/", opt={"permission": Permission.READ_QUEUE}, sync_to_thread=True)
    def show(
        self, view: CurrentView, db: Db, actor: CurrentActor, now: Now, asked: CurrentAsked
    ) -> Answer:
        """Show one of the views, narrowed as the address says, the order due first first."""
        chosen, narrowing = asked.chosen, asked.narrowing
        with db.transaction() as session:
            turn, page, seen = _found(session, view, asked)
            kept = queries.own_views(session, actor.id) if actor.id else []
            offered = tabs(kept, asked.views, chosen, chosen.url(narrowing))
            has_tab = any(each.is_open for each in offered[: len(kept)])
            keeps = bool(narrowing.chosen) and not has_tab
            note_queue_read(session, seen, by=actor, now=now)
            return view.page(
                "queue/index.html",
                actions=[*_actions(view, turn), *_own(keeps=keeps, has_some=bool(kept))],
                tabs=offered,
                keeps=keeps,
                chosen=chosen,
                narrowing=narrowing,
                choices=CHOICES,
                lines=page.items,
                turn=turn,
                onward=_onward(chosen, narrowing, page.next),
                started=asked.cursor is not None,
                arrivals=chosen.url(
                    narrowing,
                    path=QueueArrivals.path,
                    cursor=asked.cursor,
                    until=page.next,
                    since=now.isoformat() if asked.cursor else None,
                ),
            )

    @get("/rows/{order_id:str}", opt=ROW, sync_to_thread=True)
    def row(self, order_id: FromPath[str], view: CurrentView, db: Db) -> Answer:
        """
        Show one row as it is now, marked as changed, in place of the one that is shown.

        Who the patient is stays as the page shows it and is not sent, so that this is no look at
        anybody: a screen that nobody sits at asks, too.
        """
        wanted = ids.decode("ord", order_id)
        with db.transaction() as session:
            lines = lines_of(queries.rows_of(session, [wanted]), view, changed=True)
            return view.part("queue/row.html", line=lines[0])

    @post("/next", opt={"permission": Permission.CLAIM_ORDER}, status_code=200, sync_to_thread=True)
    def take_next(self, view: CurrentView, db: Db, actor: CurrentActor, now: Now) -> Answer:
        """Take the order that is due first of those that wait for the person's role."""
        with db.transaction() as session:
            order = operations.claim_next(session, by=actor, now=now)
            at = f"/orders/{ids.encode('ord', order.id)}"
            return view.go(at, toast=f"Rx {order.number} is yours")


def _found(
    session: Session, view: View, asked: CurrentAsked
) -> tuple[Turn | None, Page[Line], dict[UUID, None]]:
    """Return what is in hand and next, a page of the view, and which orders these show."""
    at_home = asked.chosen.slug == "next" and not asked.cursor
    held, waiting = turn_of(session, view) if at_home else ([], [])
    orders = queries.orders_in(session, asked.only, after=asked.start, limit=USUAL)
    rows = queries.with_context(session, [*held, *waiting, *orders])
    lines = iter(lines_of(rows, view))
    in_hand = list(islice(lines, len(held)))
    turn = Turn(in_hand, next(islice(lines, 1)) if waiting else None) if at_home else None
    page = rows_of(list(lines), limit=USUAL, key=lambda line: line.row.place)
    seen = dict.fromkeys(order.id for order in [*held, *waiting, *orders[:USUAL]])
    return turn, page, seen


def _actions(view: View, turn: Turn | None) -> list[Action]:
    if not (view.may(Permission.CLAIM_ORDER) and turns_of(view.actor)):
        return []
    in_hand = turn.in_hand if turn else []
    kind = "plain" if in_hand else "primary"
    found = [Action("n", "Take the next", post="/queue/next", kind=kind, scan="NEXT")]
    if in_hand:
        at = f"/orders/{in_hand[0].id}"
        found.insert(0, Action("c", "Continue", href=at, kind="primary"))
    return found


def _own(*, keeps: bool, has_some: bool) -> list[Action]:
    """Return the verbs of one's own views."""
    keep = [Action("v", "Keep this view", opens="keep-view")] if keeps else []
    return keep + ([Action("y", "My views", href="/queue/views")] if has_some else [])


def _onward(chosen: Saved, narrowing: Narrowing, cursor: str | None) -> str:
    return chosen.url(narrowing, cursor=cursor) if cursor else ""
