"""A formula's draft by keyboard: written, a step changed and moved, and what cannot be is said."""

from collections.abc import Callable

from playwright.sync_api import expect
from sqlalchemy import text

from pharmacy.staff.rules import Role
from tests.browser.conftest import Console, User
from tests.browser.shown import OWN_DRAFT

SitDown = Callable[..., User]


def test_a_step_is_changed_and_moved_by_keyboard(user: SitDown, console: Console) -> None:
    assert callable(OWN_DRAFT)
    pharmacist = user(Role.PHARMACIST).go(OWN_DRAFT(console))
    page = pharmacist.page
    steps = page.locator("ol.draft h2")
    expect(steps).to_have_count(5)

    pharmacist.press("n")
    page.keyboard.type("Sieve", delay=70)
    page.fill("#s6-instruction", "Pass the powder through a 60 mesh sieve.")
    page.fill("#s6-checklist", "sieve is clean\nnothing stays on it")
    page.fill("#s6-minutes", "2")
    page.fill("#s6-place", "3")
    page.locator("#step-new button.primary").click()
    pharmacist.hears("The step is in the draft")

    expect(steps).to_have_count(6)
    expect(steps.nth(2)).to_contain_text("Sieve")
    pharmacist.press("j", "j", "j", "j", "Enter")
    page.fill("#s4-place", "2")
    page.locator("#step-4 button.primary").click()
    pharmacist.sees("come in this order")
    page.keyboard.press("Escape")
    with console.session() as session:
        found = text(
            "select record->'steps'->2 from formulation_proposals where strength_ug = 2500"
        )
        kept = session.scalar(found)
    assert kept["wait_minutes"] == 2
    assert kept["checklist"] == ["sieve is clean", "nothing stays on it"]
