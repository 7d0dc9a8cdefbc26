"""A page of the queue asks the database little, and as often for fifty orders as for one."""

from sqlalchemy.orm import Session

from pharmacy.http.pages import USUAL
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.orders import Bench
from tests.statements import statements

OF_EVERY_PAGE = 5
"""Who asks, what the pharmacy is called, the orders, their own views, and the look."""
OF_ROWS = 2
"""What the rows tell beside their orders, and their holds."""
AT_HOME = 2
"""What is in hand, and what is next."""


def asked(client: Client, session: Session, address: str, headers: Headers) -> list[str]:
    """Return the statements of a page, but for those that undo what a failed request did."""
    with statements(session) as sent:
        assert client.get(address, headers=headers).status_code == 200
    return [each for each in sent if "SAVEPOINT" not in each]


def test_a_page_of_fifty_orders_asks_as_often_as_a_page_of_one(
    client: Client, as_role: AsRole, bench: Bench, session: Session
) -> None:
    technician = as_role(Role.TECHNICIAN, browser=True)
    pages = {
        "/queue": OF_EVERY_PAGE + AT_HOME,
        "/queue?view=all": OF_EVERY_PAGE,
        "/queue?view=all&held=no&whose=nobody&due=week": OF_EVERY_PAGE,
    }

    def counts() -> dict[str, int]:
        return {each: len(asked(client, session, each, technician)) for each in pages}

    assert counts() == pages
    with_rows = {address: asks + OF_ROWS for address, asks in pages.items()}
    bench.order(Status.PLANNED)
    assert counts() == with_rows
    for _ in range(USUAL):
        bench.order(Status.RECEIVED).status = Status.PLANNED  # without its check, which takes long
    session.flush()
    assert counts() == with_rows
    assert client.get("/queue", headers=technician).text.count("data-row") == USUAL
