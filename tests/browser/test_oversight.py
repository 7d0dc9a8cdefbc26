"""Keeping watch, by keyboard alone."""

from sqlalchemy import select

from pharmacy.infra.jobs import Job, JobState
from pharmacy.printing.models import LabelCopy
from pharmacy.printing.rules import CopyState
from pharmacy.staff.rules import Role
from tests.browser.conftest import SitDown


def test_a_label_that_got_lost_is_found_and_printed_anew_by_keyboard(user: SitDown) -> None:
    technician = user(Role.TECHNICIAN)
    technician.press("g", "l")
    technician.sees("Look at the printer, then say what you found.")

    technician.press("j", "Enter")
    technician.sees("In hand")
    technician.press("d", "Enter")
    technician.sees("Damaged: print another copy")
    technician.press("p")
    technician.press("ArrowDown", "Tab", "Tab", "Enter")
    technician.sees("Printing: throw earlier copies away")

    with technician.console.session() as session:
        copies = session.scalars(select(LabelCopy).where(LabelCopy.copy_no == 2)).all()
        assert [(each.state, each.reason) for each in copies] == [(CopyState.QUEUED, "damaged")]


def test_a_job_is_retried_from_what_needs_somebody_by_keyboard(user: SitDown) -> None:
    administrator = user(Role.ADMINISTRATOR)
    administrator.sees("1 job was given up")

    administrator.press("4")
    administrator.sees("TimeoutError")
    administrator.press("j", "Enter")
    administrator.sees("Mend the cause first")
    administrator.press("t")
    administrator.sees("It is tried again now")

    with administrator.console.session() as session:
        assert session.scalars(select(Job).where(Job.state == JobState.DEAD)).all() == []


def test_a_username_that_is_taken_is_said_in_the_dialog_and_nothing_typed_is_lost(
    user: SitDown,
) -> None:
    administrator = user(Role.ADMINISTRATOR).go("/admin/staff")
    administrator.press("n")
    page = administrator.page
    page.fill("#add [name=display_name]", "Another Kim Lee")
    page.fill("#add [name=username]", "kim.lee")
    page.fill("#add [name=initials]", "AK")
    page.check("#add [name=roles][value=technician]")
    page.click("#add form button.primary")

    page.locator("#add .trouble").wait_for()
    assert "username is taken" in page.locator("#add .trouble").inner_text()
    assert page.input_value("#add [name=display_name]") == "Another Kim Lee"

    page.fill("#add [name=username]", "kim.lee2")
    page.click("#add form button.primary")
    administrator.sees("It is shown only now")
    assert len(page.locator("#token").inner_text()) > 20
    assert administrator.axe() == []


def test_who_looked_is_one_key_from_the_order(user: SitDown) -> None:
    auditor = user(Role.AUDITOR)
    auditor.go(auditor.console.page_of("to pack too"))

    auditor.press("w")

    auditor.sees("People and programs that looked")
    auditor.sees("order.read")
