"""The pages of printers: adding one for an agent, and a test label that comes in by itself."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.printers import Certainty, Delivery
from pharmacy.kernel.ids import encode
from pharmacy.printing import operations, queries
from pharmacy.printing.models import Printer, TrialPrint
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client
from tests.doors.web.test_oversight import send
from tests.factories.practice import make_site
from tests.factories.printing import make_agent, make_printer

POLLS = 'hx-trigger="load delay:1s"'


@pytest.fixture(autouse=True)
def site(session: Session) -> None:
    make_site(session)


def test_a_test_label_comes_in_by_itself(client: Client, as_role: AsRole, session: Session) -> None:
    technician = as_role(Role.TECHNICIAN, browser=True)
    printer = make_printer(session)
    at = f"/admin/printers/{encode('prn', printer.id)}"

    status, answer = send(client, f"{at}/test", technician)
    under_way = client.get(at, headers=technician).text
    test = session.scalars(select(TrialPrint)).one()
    operations.begin_test(session, test.id, now=NOW)
    wrong = Delivery(Certainty.NOT_SENT, ("media-empty",))
    operations.end_test(session, test.id, wrong, now=NOW)
    over = client.get(f"{at}/state", headers=technician).text

    assert status == 200
    assert at in answer
    assert POLLS in under_way
    assert "The test label is about to be sent." in under_way
    assert POLLS not in over
    assert "Nothing was printed. Labels are out: put in a new roll." in over


def test_from_the_labels_page_a_test_leads_to_its_printer(
    client: Client, as_role: AsRole, session: Session
) -> None:
    printer = encode("prn", make_printer(session).id)
    technician = as_role(Role.TECHNICIAN, browser=True)

    status, answer = send(client, "/labels/test", technician, printer=printer)

    assert status == 200
    assert f"/admin/printers/{printer}" in answer
    assert len(session.scalars(select(TrialPrint)).all()) == 1


def test_a_printer_is_given_to_an_agent_as_it_is_added(
    client: Client, as_role: AsRole, session: Session
) -> None:
    make_agent(session)
    agent = queries.agents(session)[0]
    agent.seen_at, agent.withheld = NOW - timedelta(minutes=3), 2
    administrator = as_role(Role.ADMINISTRATOR, browser=True)
    page = client.get("/admin/printers", headers=administrator).text

    status, _ = send(
        client,
        "/admin/printers",
        administrator,
        name="Far counter",
        address="ipp://10.9.9.9:631/ipp/print",
        language="pdf",
        dpi="203",
        stock="4x2",
        agent=encode("pag", agent.id),
    )

    assert "Who prints on it" in page
    assert "It has 2 outcomes that were refused: read its log." in page
    assert status == 200
    printer = session.scalars(select(Printer)).one()
    assert printer.agent_id == agent.id
    shown = client.get(f"/admin/printers/{encode('prn', printer.id)}", headers=administrator).text
    assert agent.name in shown
