"""The print agent and its server, through the API as it is."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from pharmacy.infra import keys
from pharmacy.infra.printers import errands
from pharmacy.kernel import ids
from pharmacy.local.print_agent import Agent, ServerNotSecure, client_for
from pharmacy.orders.models import Order
from pharmacy.printing import operations, queries
from pharmacy.printing.models import LabelCopy
from pharmacy.printing.rules import CopyState
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import SETTINGS, AsRole, Client
from tests.factories.orders import Bench
from tests.factories.printing import LOOPBACK, PLACE, furnish, labelled_order, make_printer, spool

SERVER_JWK = dict(keys.jwk_of(errands.server_key(SETTINGS.secret).public_key()))


class ThroughTheClient(httpx.BaseTransport):
    """Carries an agent's requests to the application of the test."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.away = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("away")
        found = self.client.post(
            request.url.path,
            content=request.read(),
            headers={
                "Authorization": request.headers["Authorization"],
                "Content-Type": "application/json",
            },
        )
        return httpx.Response(found.status_code, content=found.content, request=request)


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


@pytest.fixture
def key(client: Client, as_role: AsRole) -> str:
    """The key of an agent called Main Street, as its administrator saw it once."""
    enrolled = client.post(
        "/api/v1/print-agents", headers=as_role(Role.ADMINISTRATOR), json={"name": "Main Street"}
    ).json()
    assert enrolled["server_key"] == SERVER_JWK
    return str(enrolled["key"])


@pytest.fixture
def order(bench: Bench, key: str) -> Order:
    """An order to be printed on the agent's printer."""
    agent_id = queries.agents(bench.session)[0].id
    furnish(bench.session, make_printer(bench.session, "folder:counter", agent_id=agent_id))
    return labelled_order(bench)


@pytest.fixture
def wire(client: Client) -> ThroughTheClient:
    return ThroughTheClient(client)


@pytest.fixture
def agent(key: str, wire: ThroughTheClient, tmp_path: Path) -> Iterator[Agent]:
    headers = {"Authorization": f"Bearer {key}"}
    with httpx.Client(base_url="http://server", headers=headers, transport=wire) as http:
        yield Agent(http, SERVER_JWK, LOOPBACK, tmp_path, clock=lambda: NOW)


def asked(bench: Bench, order: Order) -> list[LabelCopy]:
    return operations.print_order(
        bench.session, order.id, workstation=PLACE, by=bench.technician, now=NOW
    )


def test_an_agent_prints_what_is_asked_for_and_says_so(
    bench: Bench, order: Order, agent: Agent, tmp_path: Path
) -> None:
    copies = asked(bench, order)

    while agent.run_once():
        pass

    bench.session.expire_all()
    assert [copy.state for copy in copies] == [CopyState.PRINTED] * 3
    assert [path.stem for path in spool(tmp_path, "counter")] == sorted(
        ids.encode("cpy", copy.id) for copy in copies
    )


def test_no_job_of_the_worker_prints_on_an_agents_printer(bench: Bench, order: Order) -> None:
    asked(bench, order)

    found = bench.session.scalar(
        text("select count(*) from jobs where kind = 'printing.print_copy'")
    )
    assert found == 0


def test_an_agent_that_died_while_printing_asks_and_prints_nothing_twice(
    bench: Bench, order: Order, agent: Agent, tmp_path: Path, wire: ThroughTheClient
) -> None:
    copies = asked(bench, order)
    original = agent._report
    agent._report = lambda: None  # type: ignore[method-assign]  # dies before it can say so
    agent.run_once()
    agent._report = original  # type: ignore[method-assign]
    started_again = Agent(agent.client, SERVER_JWK, LOOPBACK, tmp_path, clock=lambda: NOW)

    while started_again.run_once():
        pass

    bench.session.expire_all()
    assert [copy.state for copy in copies] == [CopyState.PRINTED] * 3
    assert [copy.tries for copy in copies] == [1, 1, 1]
    assert len(spool(tmp_path, "counter")) == 3


def test_while_the_server_is_away_the_outcome_is_kept(
    bench: Bench, order: Order, agent: Agent, wire: ThroughTheClient
) -> None:
    copies = asked(bench, order)
    deliver = agent._deliver

    def deliver_and_lose_the_server(errand: dict[str, Any]) -> Any:
        wire.away = True
        return deliver(errand)

    agent._deliver = deliver_and_lose_the_server  # type: ignore[method-assign]
    with pytest.raises(httpx.ConnectError):
        agent.run_once()
    agent._deliver = deliver  # type: ignore[method-assign]
    wire.away = False

    while agent.run_once():
        pass

    bench.session.expire_all()
    assert {copy.state for copy in copies} == {CopyState.PRINTED}


def test_an_errand_of_another_server_is_not_run(
    bench: Bench, order: Order, agent: Agent, tmp_path: Path
) -> None:
    asked(bench, order)
    agent.server_jwk = dict(keys.jwk_of(errands.server_key("another").public_key()))

    assert not agent.run_once()

    assert spool(tmp_path, "counter") == []


def test_an_errand_that_was_kept_back_is_not_run(agent: Agent, bench: Bench, order: Order) -> None:
    asked(bench, order)
    agent.clock = lambda: NOW + errands.LASTS * 2

    assert not agent.run_once()


def test_an_agent_knows_nothing_of_other_printers(
    client: Client, as_role: AsRole, bench: Bench, order: Order
) -> None:
    copy = asked(bench, order)[0]

    refused = client.post(
        "/api/v1/print-agents/outcomes",
        headers=as_role(Role.PRINT_AGENT),
        json={"copy": ids.encode("cpy", copy.id), "tries": 1, "certainty": "printed"},
    )

    assert refused.status_code == 404


def test_an_agent_that_is_shut_out_fetches_nothing(
    client: Client, as_role: AsRole, key: str, bench: Bench
) -> None:
    agent_id = ids.encode("pag", queries.agents(bench.session)[0].id)
    client.post(f"/api/v1/print-agents/{agent_id}/disable", headers=as_role(Role.ADMINISTRATOR))

    refused = client.post(
        "/api/v1/print-agents/errands", headers={"Authorization": f"Bearer {key}"}, json={}
    )

    assert refused.status_code == 401


def test_an_agent_speaks_to_its_server_over_tls() -> None:
    with pytest.raises(ServerNotSecure):
        client_for("http://pharmacy.example", "key")


def test_a_copy_that_is_tried_again_goes_to_the_agent_and_not_to_the_worker(
    bench: Bench, order: Order
) -> None:
    copy = asked(bench, order)[0]
    copy.state = CopyState.SENDING
    bench.session.flush()
    copy.state = CopyState.FAILED
    bench.session.flush()

    operations.try_again(bench.session, copy.id, by=bench.technician, now=NOW)

    owed = bench.session.scalar(
        text("select count(*) from jobs where kind = 'printing.print_copy'")
    )
    assert owed == 0
    assert operations.begin(bench.session, copy.id, now=NOW) is None
