"""
What came into the part of the queue that somebody looks at, and what left it.

An open page stays as it is, so that nothing moves under anybody's hands: it says how many orders
are new and how many are gone, and the person decides when to see them. What is told are numbers.
"""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from litestar import Controller, get
from litestar.di import Provide
from litestar.params import QueryParameter

from pharmacy.http.dependencies import Db
from pharmacy.http.pages import LONGEST_CURSOR, USUAL
from pharmacy.kernel import ids
from pharmacy.orders import queries
from pharmacy.staff.rules import Permission
from pharmacy.web.console.queue_asked import CurrentAsked, asked_of, place_of
from pharmacy.web.view import Answer, CurrentView, header_json

ALONE: Final = {"permission": Permission.READ_QUEUE, "unattended": True}
MOST_NEW: Final = 99
"""More than these are not counted one by one."""
ROWS: Final = rf"(?:ord_[0-9a-z]{{26}}:[0-9]{{1,9}}(?:,|$)){{0,{USUAL}}}"
"""The rows that a page shows, each with its version: `ord_…:7,ord_…:2`."""


class QueueArrivals(Controller):
    """How an open page of the queue differs from the same page now."""

    path = "/queue/arrivals"
    dependencies = {"asked": Provide(asked_of, sync_to_thread=False)}

    @get("/", opt=ALONE, sync_to_thread=True)
    def arrivals(
        self,
        *,
        view: CurrentView,
        db: Db,
        asked: CurrentAsked,
        until: Annotated[str, QueryParameter(required=False, max_length=LONGEST_CURSOR)] = "",
        shown: Annotated[str, QueryParameter(required=False, pattern=f"^{ROWS}$")] = "",
        since: Annotated[datetime | None, QueryParameter(required=False)] = None,
    ) -> Answer:
        """
        Say how many orders came and went since a page was shown; have rows that changed ask anew.

        Args:
            until: The page's last row, where others follow it.
            shown: Its rows, each with the version of the order that it shows.
            since: When a later page was shown: what came before it is due sooner than all of it.
        """
        rows = _rows_in(shown)
        still_here = replace(asked.only, order_ids=tuple(rows))
        with db.transaction() as session:
            present = queries.members(
                session,
                asked.only,
                after=asked.start,
                until=place_of(until or None),
                limit=USUAL + MOST_NEW + 1,
            )
            sooner = 0
            if asked.start is not None and since is not None:
                sooner = queries.came_before(
                    session, asked.only, asked.start, since=since, limit=MOST_NEW + 1
                )
            here = queries.members(session, still_here, limit=USUAL)
            known = queries.versions(session, rows)
        answer = view.part(
            "queue/arrivals.html",
            came=len(present - rows.keys()),
            left=len(rows.keys() - here),
            most=MOST_NEW,
            sooner=sooner,
            start=asked.chosen.url(asked.narrowing),
        )
        changed = [each for each, seen in rows.items() if known.get(each, seen) != seen]
        if changed:
            told = {"rows": [ids.encode("ord", each) for each in changed]}
            answer.headers["HX-Trigger"] = header_json({"console:changed": told})
        return answer


def _rows_in(shown: str) -> dict[UUID, int]:
    rows = (each.partition(":") for each in shown.split(",") if each)
    return {ids.decode("ord", order_id): int(version) for order_id, _, version in rows}
