"""
A picture of every page, for people to look at: `./run test tests/browser --screenshots=DIR`.

With `--screen=1024x768` they show what a tablet at the bench shows.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pharmacy.web.pages import STATIC
from tests.browser.conftest import Console, SitDown, running_console
from tests.browser.shown import SHOWN, Shown
from tests.doors.api.test_permissions import ROUTES

SCHEMES = ("light", "dark")
DARK = re.compile(r"dark[^{}]*{(?: :root[^{}]*{)?([^{}]*color-scheme: dark[^{}]*)}")
"""What the sheet says where the scheme is dark: because the system's is, or by choice."""
COLOUR = re.compile(r"|color-scheme: dark|--[\w-]+: #[0-9a-f]{6}|--shadow: .*")
TABLET_AT_TWICE_THE_SIZE = {"width": 683, "height": 384}
PARTS = {
    "/news",
    "/queue/arrivals",
    "/queue/rows/{order_id}",
    "/orders/{order_id}/news",
    "/admin/printers/{printer_id}/state",
    "/audit/chain/now",
    "/admin/registries/now",
    "/bench/recalls/{recall_id}/drawing",
} | {f"/bench/{{batch_id}}/{part}" for part in ("news", "capsules", "reading")}
"""What a page asks for after it was opened."""
ONWARD = {
    "/",
    "/orders/{order_id}/labels/{label_id}",
    "/orders/{order_id}/labels/{label_id}/sheets/{sheet}",
    "/orders/{order_id}/pictures/{picture_id}",
    "/bench/{batch_id}/worksheet",
    "/bench/{batch_id}/photos/{photo_id}",
    "/bench/powder/{lot_id}/certificate",
    "/bench/shells/{lot_id}/certificate",
    "/bench/{batch_id}/samples/{sample_id}/certificate",
    "/bench/recalls/letters/{notice_id}",
}
"""Leads to another page, or is a document or a picture of its own."""


def screen_of(request: pytest.FixtureRequest) -> dict[str, int]:
    """Return the size of the screen, as `--screen=WIDTHxHEIGHT` names it."""
    width, _, height = request.config.getoption("--screen").partition("x")
    return {"width": int(width), "height": int(height)}


@pytest.fixture(scope="module")
def console(stocked: Callable[[], str]) -> Iterator[Console]:
    """One for all pages: they are looked at, and nothing is done there."""
    with running_console(stocked()) as console:
        yield console


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.name)
def test_every_page_is_drawn_and_accessible_and_fits_a_tablet(
    user: SitDown, console: Console, request: pytest.FixtureRequest, shown: Shown
) -> None:
    """
    In either scheme; on the tablet, and on a laptop at twice the size, nothing lies aside.

    What axe finds besides colours it finds in the first scheme: the second is the same document.
    """
    somebody = user(color_scheme=SCHEMES[0], viewport=screen_of(request))
    somebody.come_in(shown.role).go(shown.path(console))
    assert somebody.status == shown.status
    somebody.press(*shown.keys)
    page = somebody.page

    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        somebody.settles()
        if folder := request.config.getoption("--screenshots"):
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{shown.name}-{scheme}.png", full_page=True)
        assert somebody.axe(colours_only=scheme != SCHEMES[0]) == []

    page.set_viewport_size(TABLET_AT_TWICE_THE_SIZE)
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) <= 0


def test_the_schemes_differ_in_colours_and_shadows_alone() -> None:
    """So what axe looks at besides them need not be looked at twice."""
    sheet = (STATIC / "console" / "console.css").read_text()
    assert sheet.count("dark") == 2 * len(DARK.findall(sheet)) > 0

    for block in DARK.findall(sheet):
        declared = [each.strip() for each in block.split(";")]
        assert [each for each in declared if not COLOUR.fullmatch(each)] == []


def form(template: str) -> str:
    """Return a regular expression for the paths of a route."""
    return re.sub(r"\{\w+\}", "[^/]+", template)


def test_every_page_is_among_those_that_are_shown(console: Console) -> None:
    shown = {each.path(console).partition("?")[0] for each in SHOWN}
    pages = {
        route.template
        for route in ROUTES
        if route.is_page and route.method == "GET" and route.template not in PARTS | ONWARD
    }

    missing = [page for page in pages if not any(re.fullmatch(form(page), each) for each in shown)]
    assert missing == []
