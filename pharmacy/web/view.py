"""What a page needs besides its own content, and the few ways in which a door answers a browser."""

import gzip
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final, Self
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec
from litestar import MediaType, Request, Response
from litestar.concurrency import sync_to_thread
from litestar.di import NamedDependency
from litestar.params import SkipValidation
from litestar.response import Redirect

from pharmacy.http import browser
from pharmacy.http.dependencies import Clock
from pharmacy.http.edge import PAGE_POLICY
from pharmacy.infra.db import Database
from pharmacy.kernel.refusals import Invalid
from pharmacy.kernel.working_time import WorkingHours
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import DEFAULTS, Policy
from pharmacy.settings import Settings
from pharmacy.staff.rules import ANONYMOUS, Actor, Permission
from pharmacy.web import navigation
from pharmacy.web.rendering import render

WORTH_PACKING: Final = 1400
HEADERS: Final = {
    "Content-Security-Policy": PAGE_POLICY,  # also where no route said so, as on a page of nothing
    "Referrer-Policy": "same-origin",  # without any, browsers hide from us which page sent a form
}
HTML: Final = "text/html"
THEMES: Final = ("auto", "light", "dark")
STATION: Final = "station"
THEME: Final = "theme"
UTC_ZONE: Final = "UTC"

RESERVED: Final = frozenset("gL?/")
"""Keys that mean the same on every page, so that no verb there would ever hear them."""

Answer = Response[Any]


class InstantUnreadable(Invalid):
    """A date and time that is none."""

    code = "instant-unreadable"
    remedy = "Give the day and the time by the pharmacy's clock."


@dataclass(frozen=True, slots=True)
class Action:
    """
    A verb of a page: a button with its key, of which the `?` overlay tells.

    Either `href` leads somewhere, or `post` does something, or `opens` shows the dialog of that id.
    """

    key: str
    label: str
    href: str = ""
    post: str = ""
    opens: str = ""
    kind: str = "plain"
    """`primary` for the one next action, `danger` for what cannot be taken back, or `plain`."""
    scan: str = ""
    """The action barcode that does the same: `SAVE` for ACT-SAVE."""
    why_not: str = ""
    """Why it cannot be done now; the button is shown, says so, and does nothing."""

    def __post_init__(self) -> None:
        assert self.key not in RESERVED, f"every page hears {self.key!r} itself"


@dataclass(frozen=True, slots=True)
class Chrome:
    """What every page knows of the pharmacy: its name in the top bar, its clock, its policies."""

    pharmacy: str = "LDN pharmacy"
    zone: str = UTC_ZONE
    policy: Policy = DEFAULTS

    @property
    def hours(self) -> WorkingHours:
        """When somebody is there."""
        return self.policy.hours(self.zone)


@dataclass(frozen=True)
class View:
    """One request's way to answer a browser. Parameter `view: CurrentView`."""

    request: Request[Any, Any, Any]
    settings: Settings
    clock: Clock
    now: datetime
    chrome: Chrome
    held: browser.Browser | None = field(default=None)

    @property
    def actor(self) -> Actor:
        return self.held.actor if self.held else ANONYMOUS

    @property
    def is_partial(self) -> bool:
        """Whether a part of an open page asks, rather than a browser that goes to a page."""
        return "hx-request" in self.request.headers

    def may(self, permission: Permission) -> bool:
        """Say whether the person may do something; a page shows no verb that is not theirs."""
        return permission in self.actor.permissions

    def page(
        self,
        template: str,
        *,
        status: int = HTTPStatus.OK,
        actions: Sequence[Action] = (),
        **context: Any,
    ) -> Answer:
        """Answer with a whole page, whose template extends `layout.html`."""
        return self.html(self._rendered(template, actions=actions, **context), status=status)

    def part(self, template: str, *, status: int = HTTPStatus.OK, **context: Any) -> Answer:
        """Answer with a part of a page, which htmx puts into its place."""
        return self.html(self._rendered(template, actions=(), **context), status=status)

    def instant(self, text: str, *, field: str) -> datetime:
        """
        Return an instant that a person gave by the pharmacy's clock: `2026-03-02T14:30`.

        Raises:
            InstantUnreadable: There is no such day or time.
        """
        try:
            given = datetime.fromisoformat(text)
        except ValueError as error:
            raise InstantUnreadable("there is no such instant", field=field) from error
        return given.replace(tzinfo=ZoneInfo(self.chrome.zone)).astimezone(UTC)

    def go(self, url: str, *, toast: str = "", undo: str = "") -> Answer:
        """
        Answer a change that was done: the browser goes to a page and says what happened.

        Args:
            undo: The address to which undoing is posted, where the domain allows it.
        """
        if not self.is_partial:
            return Redirect(url, status_code=303)
        where = {"path": url, "target": "#page", "select": "#page", "swap": "outerHTML show:top"}
        headers = {"HX-Location": header_json(where)}
        if toast:
            headers["HX-Trigger"] = header_json({"console:toast": {"text": toast, "undo": undo}})
        return Response(b"", status_code=HTTPStatus.OK, headers=headers, media_type=MediaType.HTML)

    def leave(self, url: str) -> Answer:
        """Have the browser load a page anew, with nothing of the present one left."""
        if not self.is_partial:
            return Redirect(url, status_code=303)
        return Response(b"", headers={"HX-Redirect": url}, media_type=MediaType.HTML)

    def html(
        self, text: str, *, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None
    ) -> Answer:
        """Answer with HTML, packed where the browser takes it."""
        body = text.encode()
        given = {"Vary": "Accept-Encoding, HX-Request", **HEADERS, **(headers or {})}
        packs = "gzip" in self.request.headers.get("accept-encoding", "")
        if packs and len(body) > WORTH_PACKING:
            body, given["Content-Encoding"] = gzip.compress(body, 5, mtime=0), "gzip"
        return Response(body, status_code=status, headers=given, media_type="text/html")

    def _rendered(self, template: str, **context: Any) -> str:
        cookies = self.request.cookies
        theme = cookies.get(THEME, "")
        areas = navigation.areas_of(self.actor)
        path = self.request.url.path
        return render(
            template,
            view=self,
            actor=self.actor,
            csrf=self.held.csrf if self.held else "",
            has_pin=bool(self.held and self.held.has_pin),
            pharmacy=self.chrome.pharmacy,
            zone=self.chrome.zone,
            now=self.now,
            areas=areas,
            here=next((each for each in areas if path.startswith(each.url)), None),
            path=path,
            theme=theme if theme in THEMES else "auto",
            station=cookies.get(STATION, ""),
            lock_minutes=self.settings.lock_minutes,
            hears_news=self.may(Permission.READ_QUEUE),
            **context,
        )


CurrentView = NamedDependency[SkipValidation[View]]
"""Parameter `view`: pages, parts and answers for a browser."""


def header_json(value: object) -> str:
    """Return JSON that an HTTP header can carry, whatever alphabet its words are in."""
    text = msgspec.json.encode(value).decode()
    return "".join(letter if letter.isascii() else _escaped(letter) for letter in text)


def _escaped(letter: str) -> str:
    units = letter.encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def local_url(url: str) -> str:
    """Return an address inside the console; anything else becomes the start."""
    inside = url.startswith("/") and not url.startswith(("//", "/\\"))
    return quote(url, safe="/?&=%._-~") if inside else "/"


class Viewing:
    """Makes views; knows what is the same for every request."""

    def __init__(self, settings: Settings, database: Database, clock: Clock) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._known: Chrome | None = None

    def __deepcopy__(self, _: object) -> Self:
        """Litestar copies a router's dependencies for each route; this one holds the database."""
        return self

    async def view(self, request: Request[Any, Any, Any]) -> View:
        """Return the view of a request."""
        chrome = await sync_to_thread(self._chrome)
        held = request.scope["state"].get(browser.IN_STATE)
        return View(request, self._settings, self._clock, self._clock(), chrome, held)

    def plain_view(
        self, request: Request[Any, Any, Any], chrome: Chrome, held: browser.Browser | None
    ) -> View:
        """Return a view that asks the database nothing: it may be what is in trouble."""
        return View(
            request, self._settings, self._clock, self._clock(), self._known or chrome, held
        )

    def _chrome(self) -> Chrome:
        with self._database.glance() as session, suppress(practice.SiteMissing):
            site, policy = practice.site_and_policy(session)
            self._known = Chrome(site.name, site.time_zone, policy)
            return self._known
        return Chrome()
