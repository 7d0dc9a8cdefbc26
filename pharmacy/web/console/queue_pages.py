"""The queue: what is next for whoever looks, then who else waits, the most urgent first."""

from dataclasses import dataclass
from typing import Final

from litestar import Controller, get, post
from litestar.di import Provide
from litestar.params import FromPath
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.order_reads import note_queue_read
from pharmacy.http.pages import USUAL, rows_of
from pharmacy.kernel import ids
from pharmacy.orders import operations, queries
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


def turn_of(session: Session, view: View) -> Turn:
    """Return what is next for whoever looks at the page."""
    now, actor = view.now, view.actor
    mine = QueueFilter(claimed_by=actor.id, claimed_at=now)
    held = queries.queue(session, mine, limit=IN_HAND)[:IN_HAND]
    found = queries.peek_next(session, turns_of(actor), by=actor, now=now)
    waiting = queries.rows_of(session, [found]) if found else []
    lines = lines_of(session, [*held, *waiting], view)
    return Turn(lines[: len(held)], lines[len(held)] if waiting else None)


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
            rows = queries.queue(session, asked.only, after=asked.start, limit=USUAL)
            page = rows_of(rows, limit=USUAL, key=lambda row: row.place)
            lines = lines_of(session, page.items, view)
            turn = turn_of(session, view) if chosen.slug == "next" and not asked.cursor else None
            first = [*turn.in_hand, *filter(None, [turn.waiting])] if turn else []
            seen = dict.fromkeys(line.row.order.id for line in [*first, *lines])
            note_queue_read(session, seen, by=actor, now=now)
            return view.page(
                "queue/index.html",
                actions=_actions(view, turn),
                views=asked.views,
                chosen=chosen,
                narrowing=narrowing,
                choices=CHOICES,
                lines=lines,
                turn=turn,
                onward=_onward(chosen, narrowing, page.next),
                started=asked.cursor is not None,
                arrivals=chosen.url(
                    narrowing, path=QueueArrivals.path, cursor=asked.cursor, until=page.next
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
            lines = lines_of(session, queries.rows_of(session, [wanted]), view, changed=True)
            return view.part("queue/row.html", line=lines[0])

    @post("/next", opt={"permission": Permission.CLAIM_ORDER}, status_code=200, sync_to_thread=True)
    def take_next(self, view: CurrentView, db: Db, actor: CurrentActor, now: Now) -> Answer:
        """Take the order that is due first of those that wait for the person's role."""
        with db.transaction() as session:
            order = operations.claim_next(session, by=actor, now=now)
            return view.go(f"/orders/{ids.encode('ord', order.id)}", toast=f"Rx {order.number}")


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


def _onward(chosen: Saved, narrowing: Narrowing, cursor: str | None) -> str:
    return chosen.url(narrowing, cursor=cursor) if cursor else ""
