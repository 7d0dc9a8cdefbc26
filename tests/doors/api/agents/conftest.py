"""A print agent beside a printer, and the server that it asks: the application as it is."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from sqlalchemy.orm import Session

from pharmacy.infra import keys
from pharmacy.infra.printers import errands
from pharmacy.infra.printers import ipp as ipp_sender
from pharmacy.local.print_agent import Agent
from pharmacy.local.print_journal import Journal
from pharmacy.local.printer import IppPrinterSimulator
from pharmacy.orders.models import Order
from pharmacy.printing import operations, queries
from pharmacy.printing.models import LabelCopy
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import SETTINGS, AsRole, Client, Clock
from tests.factories.orders import Bench
from tests.factories.printing import LOOPBACK, PLACE, furnish, labelled_order, make_printer
from tests.services import memory_or_disk

SERVER_JWK = dict(keys.jwk_of(errands.server_key(SETTINGS.secret).public_key()))


class Wire(httpx.BaseTransport):
    """Carries an agent's requests to the application of the test; a test may meddle with it."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.away = False
        self.refuses: dict[str, int] = {}
        """Statuses that are answered at the ends of paths, whatever is asked."""
        self.replays: bytes | None = None
        """An old errand that is answered instead of a new one."""
        self.errand = b""
        """The last errand that came through."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("away")
        asked = request.url.path.rpartition("/")[2]
        if status := self.refuses.get(asked):
            return httpx.Response(status, request=request)
        if asked == "errands" and self.replays is not None:
            return httpx.Response(200, content=self.replays, request=request)
        found = self.client.post(
            request.url.path,
            content=request.read(),
            headers={
                "Authorization": request.headers["Authorization"],
                "Content-Type": "application/json",
            },
        )
        if asked == "errands" and found.content:
            self.errand = found.content
        return httpx.Response(found.status_code, content=found.content, request=request)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ipp_sender, "WATCH_SECONDS", 0)


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


@pytest.fixture
def printer() -> Iterator[IppPrinterSimulator]:
    """A printer with a book of its own."""
    with IppPrinterSimulator() as printer:
        yield printer


@pytest.fixture
def key(client: Client, as_role: AsRole) -> str:
    """The key of an agent called Main Street, as its administrator saw it once."""
    enrolled = client.post(
        "/api/v1/print-agents", headers=as_role(Role.ADMINISTRATOR), json={"name": "Main Street"}
    ).json()
    assert enrolled["server_key"] == SERVER_JWK
    return str(enrolled["key"])


@pytest.fixture
def order(bench: Bench, key: str, printer: IppPrinterSimulator) -> Order:
    """An order to be printed on the agent's printer."""
    agent_id = queries.agents(bench.session)[0].id
    furnish(bench.session, make_printer(bench.session, printer.address, agent_id=agent_id))
    return labelled_order(bench)


@pytest.fixture
def wire(client: Client) -> Wire:
    return Wire(client)


StartAgent = Callable[[], Agent]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where an agent keeps its journal, which it writes through to the disk at every step."""
    made = memory_or_disk()
    yield made
    shutil.rmtree(made)


@pytest.fixture
def start_agent(key: str, wire: Wire, clock: Clock, folder: Path) -> Iterator[StartAgent]:
    """What starts the agent, and starts it again: its journal stays."""
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url="http://server", headers=headers, transport=wire) as http:

        def start() -> Agent:
            journal = Journal(folder / "agent.sqlite")
            return Agent(http, SERVER_JWK, LOOPBACK, folder, journal, clock=clock)

        yield start


@pytest.fixture
def agent(start_agent: StartAgent) -> Agent:
    return start_agent()


def asked(bench: Bench, order: Order) -> list[LabelCopy]:
    """Have the order's three labels printed."""
    return operations.print_order(
        bench.session, order.id, workstation=PLACE, by=bench.technician, now=NOW
    )


def run_all(agent: Agent, bench: Bench) -> None:
    """Have the agent do all there is."""
    while agent.run_once():
        pass
    bench.session.expire_all()


def die(*_: object) -> None:
    """Stand in the place of what an agent never came to do."""
    raise KeyboardInterrupt
