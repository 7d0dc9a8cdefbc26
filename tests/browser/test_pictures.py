"""A picture of every page, for people to look at: `./run test tests/browser --screenshots=DIR`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pharmacy.staff.rules import Role
from tests.browser.conftest import User
from tests.browser.shown import SHOWN, Shown

SitDown = Callable[..., User]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.name)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_drawn_and_accessible(
    user: SitDown, request: pytest.FixtureRequest, shown: Shown, scheme: str
) -> None:
    somebody = user(shown.role, color_scheme=scheme)
    somebody.go(shown.path(somebody.console))
    for key in shown.keys:
        somebody.press(key)
    somebody.page.wait_for_timeout(150)

    if folder := request.config.getoption("--screenshots"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        picture = Path(folder) / f"{shown.name}-{scheme}.png"
        somebody.page.screenshot(path=picture, full_page=True)
    assert somebody.axe() == []


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.name)
def test_no_page_scrolls_sideways_on_a_tablet_or_at_twice_the_size(
    user: SitDown, shown: Shown
) -> None:
    somebody = user(shown.role, viewport={"width": 683, "height": 384})
    somebody.go(shown.path(somebody.console))

    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert somebody.page.evaluate(wide) <= 0


def test_every_role_that_signs_in_has_a_page() -> None:
    assert {shown.role for shown in SHOWN} >= {Role.TECHNICIAN, Role.PHARMACIST}
