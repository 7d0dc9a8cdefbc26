"""Views of the queue. Each is an address, which names nobody and may be kept as a bookmark."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple, Self
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from pharmacy.orders.models import QueueView
from pharmacy.orders.queries import QueueFilter
from pharmacy.orders.rules import OPEN, Owner, Status
from pharmacy.orders.rules.claims import turns_of
from pharmacy.staff.rules import Actor, Role
from pharmacy.web.rendering import words_of


class Held(StrEnum):
    """Whether holds are open, and who must settle one."""

    NO = "no"
    ANYBODY = "anybody"
    PRESCRIBER = "prescriber"
    PHARMACIST = "pharmacist"
    TECHNICIAN = "technician"
    ADMINISTRATOR = "administrator"


class Whose(StrEnum):
    """Who works on it."""

    MINE = "mine"
    NOBODY = "nobody"


class DueBy(StrEnum):
    """Until when it is due."""

    LATE = "late"
    TODAY = "today"
    WEEK = "week"


HELD_WORDS: Final = {
    Held.NO: "Not on hold",
    Held.ANYBODY: "On hold",
    **{
        each: f"Waits for the {each}"
        for each in (Held.PRESCRIBER, Held.PHARMACIST, Held.TECHNICIAN, Held.ADMINISTRATOR)
    },
}
NARROWED_BY: Final = ("status", "held", "whose", "due")
WHOSE_WORDS: Final = {Whose.MINE: "Mine", Whose.NOBODY: "Nobody's"}
DUE_WORDS: Final = {
    DueBy.LATE: "Late",
    DueBy.TODAY: "Until tonight",
    DueBy.WEEK: "Within seven days",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """What somebody chose above the list; each narrows the view that is open."""

    status: Status | None = None
    held: Held | None = None
    whose: Whose | None = None
    due: DueBy | None = None

    @classmethod
    def read(cls, status: str, held: str, whose: str, due: str) -> Self:
        """Return what an address says; what nobody offers, as an old bookmark, narrows nothing."""
        return cls(
            status=Status(status) if status in set(Status) else None,
            held=Held(held) if held in set(Held) else None,
            whose=Whose(whose) if whose in set(Whose) else None,
            due=DueBy(due) if due in set(DueBy) else None,
        )

    def of(self, only: QueueFilter, *, actor: Actor, now: datetime, zone: str) -> QueueFilter:
        """Return a view's filter, narrowed."""
        if self.status is not None:
            only = replace(only, statuses=(self.status,))
        if self.held is not None:
            owner = None if self.held in {Held.NO, Held.ANYBODY} else Owner(self.held)
            only = replace(only, held=self.held is not Held.NO, hold_owner=owner)
        if self.whose is Whose.MINE:
            only = replace(only, claimed_by=actor.id, claimed_at=now)
        if self.whose is Whose.NOBODY:
            only = replace(only, unclaimed_at=now)
        if self.due is not None:
            only = replace(only, due_before=_before(self.due, now, zone))
        return only

    @property
    def chosen(self) -> dict[str, str]:
        """The choices that were made, as an address carries them."""
        given = ((each.name, getattr(self, each.name)) for each in fields(self))
        return {name: str(value) for name, value in given if value is not None}

    @property
    def words(self) -> str:
        """The choices as a person reads them."""
        return ", ".join(
            [
                *([words_of(self.status)] if self.status else []),
                *([HELD_WORDS[self.held]] if self.held else []),
                *([WHOSE_WORDS[self.whose]] if self.whose else []),
                *([DUE_WORDS[self.due]] if self.due else []),
            ]
        )


def _before(by: DueBy, now: datetime, zone: str) -> datetime:
    if by is DueBy.LATE:
        return now
    here = now.astimezone(ZoneInfo(zone))
    days = 1 if by is DueBy.TODAY else 7
    return (here + timedelta(days=days)).replace(hour=0, minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Saved:
    """A view of the queue that has an address of its own."""

    slug: str
    name: str
    only: QueueFilter

    def url(
        self, narrowing: Narrowing | None = None, *, path: str = "/queue", **place: str | None
    ) -> str:
        """
        Return the address of this view.

        Args:
            path: Of another page that takes the same address.
            place: Where its page begins (`cursor`) and ends (`until`), unless all of it is meant.
        """
        parts = {"view": self.slug, **(narrowing.chosen if narrowing else {})}
        return f"{path}?" + urlencode(parts | {name: at for name, at in place.items() if at})


def saved_views(actor: Actor, now: datetime) -> list[Saved]:
    """Return the views that a person's role works from; the first is where they start."""
    views: list[Saved] = []
    if turns := tuple(sorted(turns_of(actor))):
        waiting = QueueFilter(statuses=turns, held=False, not_packed_by=actor.id)
        if Role.PHARMACIST not in actor.roles:
            waiting = replace(waiting, not_packed_by=None)
        views.append(Saved("next", "To do", waiting))
        views.append(Saved("mine", "Mine", QueueFilter(claimed_by=actor.id, claimed_at=now)))
    if Role.PHARMACIST in actor.roles:
        asked = QueueFilter(hold_owner=Owner.PRESCRIBER)
        views += [
            Saved("first-check", "First check", QueueFilter(statuses=(Status.REVIEW,))),
            Saved("second-check", "Second check", QueueFilter(statuses=(Status.FINAL_CHECK,))),
            Saved("asked", "Asked the prescriber", asked),
        ]
    return [
        *views,
        Saved("ready", "Ready", QueueFilter(statuses=(Status.READY,))),
        Saved("held", "On hold", QueueFilter(held=True)),
        Saved("all", "All open", QueueFilter(statuses=OPEN)),
    ]


class Tab(NamedTuple):
    """A view as the queue's page offers it."""

    name: str
    address: str
    is_open: bool = False
    words: str = ""
    """Which view it is, and to what it is narrowed."""


def own_tab(kept: QueueView, views: Sequence[Saved], here: str = "") -> Tab:
    """Return a view that a person keeps; one that their role has no more becomes the first."""
    filters = kept.filters
    saved = next((each for each in views if each.slug == filters.get("view")), views[0])
    narrowing = Narrowing.read(*(filters.get(each, "") for each in NARROWED_BY))
    address = saved.url(narrowing)
    words = ": ".join(each for each in (saved.name, narrowing.words) if each)
    return Tab(kept.name, address, address == here, words)


def tabs(kept: Sequence[QueueView], views: Sequence[Saved], chosen: Saved, here: str) -> list[Tab]:
    """Return a person's own views, then those of their role; one of them is open at most."""
    mine = [own_tab(each, views, here) for each in kept]
    is_mine = any(each.is_open for each in mine)
    return mine + [
        Tab(each.name, each.url(), each.slug == chosen.slug and not is_mine) for each in views
    ]
