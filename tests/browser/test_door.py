"""Coming in, and what every page has."""

from pharmacy.staff.rules import Role
from tests.browser.conftest import SitDown
from tests.browser.people import PIN


def test_somebody_signs_in_and_sees_what_is_to_be_done(user: SitDown) -> None:
    technician = user(Role.TECHNICIAN)

    technician.sees("Take the next")
    technician.sees("Ionescu, Ana")


def test_a_wrong_password_says_what_to_do(user: SitDown) -> None:
    stranger = user()
    stranger.go("/sign-in")
    stranger.page.fill("[name=username]", "terry")
    stranger.page.fill("[name=password]", "guessed it is not")
    stranger.press("Enter")

    stranger.sees("do not open a session")


def test_the_keys_that_a_page_has_are_listed(user: SitDown) -> None:
    technician = user(Role.TECHNICIAN)

    technician.press("?")

    assert technician.page.locator("#keys").inner_text().count("Take the next") == 1


def test_a_locked_console_shows_nothing_and_keeps_what_was_typed(user: SitDown) -> None:
    technician = user(Role.TECHNICIAN).go("/account")
    technician.page.fill("[name=new]", "half a password")
    technician.page.locator("h1").click()

    technician.press("Shift+L")
    technician.sees("Locked")
    assert technician.page.locator("[name=new]").count() == 0
    technician.page.keyboard.type("0000")
    technician.press("Enter")
    technician.sees("That is not your PIN or password")
    technician.page.keyboard.type(PIN)
    technician.press("Enter")
    technician.page.wait_for_selector("[name=new]")

    assert technician.page.input_value("[name=new]") == "half a password"


def test_pages_are_accessible(user: SitDown) -> None:
    technician = user(Role.TECHNICIAN)
    for path in ("/queue", "/queue?view=all", "/account", "/nowhere"):
        technician.go(path)
        assert technician.axe() == [], path
