"""What every verb of an order's page has in common."""

from collections.abc import Callable
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.order_reads import visible
from pharmacy.http.order_versions import require_seen_by_person
from pharmacy.infra.db import Database
from pharmacy.kernel import ids
from pharmacy.orders import queries
from pharmacy.web.view import Answer, View

Words = Annotated[str, Meta(max_length=500)]
Needed = Annotated[str, Meta(min_length=1, max_length=500)]
Code = Annotated[str, Meta(min_length=1, max_length=60)]
Step = Callable[[Session, UUID], object]
PATH: Final = "/orders/{order_id:str}"
QUEUE: Final = "/queue"
UNDONE: Final = "Undone."
"""The reason that is kept of what somebody took back a moment later."""


class ReasonForm(msgspec.Struct, frozen=True):
    """A coded reason, and words."""

    reason: Code
    words: Words = ""


def take_step(
    view: View,
    db: Database,
    order_id: str,
    step: Step,
    *,
    toast: str,
    onward: str = "",
    undo: Callable[[Any], str] | None = None,
) -> Answer:
    """
    Take one step in one transaction, then show the order as it is now, or go on.

    Args:
        toast: What was done; back at the queue, where no order is open, its number comes first.
        undo: Makes of what the step returned where, below the order's address, undoing is posted.
    """
    wanted = ids.decode("ord", order_id)
    with db.transaction() as session:
        order = visible(queries.lock(session, wanted), view.actor)
        seen = view.request.headers.get("if-match")
        require_seen_by_person(session, order, seen, by=view.actor, now=view.now)
        done = step(session, wanted)
        back = undo(done) if undo else ""
        told = f"Rx {order.number} {toast.lower()}" if onward == QUEUE else toast
    at = f"/orders/{order_id}"
    return view.go(onward or at, toast=told, undo=at + back if back else "")
