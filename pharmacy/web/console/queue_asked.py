"""Which part of the queue an address asks for: a view, what narrows it, where a page begins."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar.di import NamedDependency
from litestar.params import QueryParameter, SkipValidation

from pharmacy.http.pages import Cursor, after
from pharmacy.orders.queries import QueueFilter
from pharmacy.web.console.queue_views import Narrowing, Saved, saved_views
from pharmacy.web.view import CurrentView

Place = tuple[datetime, UUID]
"""Where an order stands in the queue: when it is due, and its id."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A page of the queue, as an address describes it."""

    views: list[Saved]
    """Those that the person may choose from."""
    chosen: Saved
    narrowing: Narrowing
    only: QueueFilter
    cursor: str | None

    @property
    def start(self) -> Place | None:
        """After which row it begins. Raises MalformedCursor."""
        return place_of(self.cursor)


CurrentAsked = NamedDependency[SkipValidation[Asked]]
"""Parameter `asked`, of the controllers that show the queue."""


def asked_of(
    *,
    view: CurrentView,
    saved: Annotated[str, QueryParameter(name="view", required=False)] = "",
    status: Annotated[str, QueryParameter(required=False)] = "",
    held: Annotated[str, QueryParameter(required=False)] = "",
    whose: Annotated[str, QueryParameter(required=False)] = "",
    due: Annotated[str, QueryParameter(required=False)] = "",
    cursor: Cursor = None,
) -> Asked:
    """Return what an address asks for; what it says wrongly, as an old bookmark may, is nothing."""
    views = saved_views(view.actor, view.now)
    chosen = next((each for each in views if each.slug == saved), views[0])
    narrowing = Narrowing.read(status, held, whose, due)
    only = narrowing.of(chosen.only, actor=view.actor, now=view.now, zone=view.chrome.zone)
    return Asked(views, chosen, narrowing, only, cursor)


def place_of(cursor: str | None) -> Place | None:
    """Return the place that a cursor carries. Raises MalformedCursor."""
    found = after(cursor, datetime, UUID)
    return found and (found[0], found[1])
