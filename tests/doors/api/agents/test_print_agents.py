"""The print agent and its server: signed errands, each once, and outcomes that are not lost."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from pharmacy.infra import keys
from pharmacy.infra.jobs import Job
from pharmacy.infra.printers import errands
from pharmacy.kernel import ids
from pharmacy.kernel.jobs import JobKind
from pharmacy.local.print_agent import Agent, ServerNotSecure, client_for
from pharmacy.local.printer import IppPrinterSimulator
from pharmacy.orders.models import Order
from pharmacy.printing import operations, queries
from pharmacy.printing.models import LabelCopy, PrintErrand
from pharmacy.printing.rules import CopyState
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.agents.conftest import SERVER_JWK, StartAgent, Wire, asked, die, run_all
from tests.doors.api.conftest import AsRole, Client
from tests.factories.orders import Bench

PRINTED_ALL = [CopyState.PRINTED] * 3


def times(printer: IppPrinterSimulator, copies: list[LabelCopy]) -> list[int]:
    """Return how often each copy came out, by the printer's own book."""
    return [printer.paper.times(ids.encode("cpy", copy.id)) for copy in copies]


def owed_jobs(bench: Bench) -> int:
    jobs = select(func.count()).select_from(Job).where(Job.kind == JobKind.PRINT_COPY)
    return bench.session.scalars(jobs).one()


def test_an_agent_prints_what_is_asked_for_and_says_so(
    bench: Bench, order: Order, agent: Agent, printer: IppPrinterSimulator
) -> None:
    copies = asked(bench, order)

    run_all(agent, bench)

    assert [copy.state for copy in copies] == PRINTED_ALL
    assert times(printer, copies) == [1, 1, 1]


def test_no_job_of_the_worker_prints_on_an_agents_printer(bench: Bench, order: Order) -> None:
    asked(bench, order)

    assert owed_jobs(bench) == 0


def test_an_agent_that_died_before_it_said_so_says_so_when_it_is_started_again(
    *,
    bench: Bench,
    order: Order,
    agent: Agent,
    printer: IppPrinterSimulator,
    start_agent: StartAgent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copies = asked(bench, order)
    monkeypatch.setattr(agent, "_report", lambda: None)
    agent.run_once()

    run_all(start_agent(), bench)

    assert [copy.state for copy in copies] == PRINTED_ALL
    assert [copy.tries for copy in copies] == [1, 1, 1]
    assert times(printer, copies) == [1, 1, 1]


def test_an_agent_that_died_at_its_printer_asks_and_prints_nothing_twice(
    *,
    bench: Bench,
    order: Order,
    agent: Agent,
    printer: IppPrinterSimulator,
    start_agent: StartAgent,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copies = asked(bench, order)
    monkeypatch.setattr(type(agent.journal), "keep", die)
    with pytest.raises(KeyboardInterrupt):
        agent.run_once()
    monkeypatch.undo()

    run_all(start_agent(), bench)

    assert [copy.state for copy in copies] == PRINTED_ALL
    assert times(printer, copies) == [1, 1, 1]


def test_while_the_server_is_away_the_outcome_is_kept(
    *,
    bench: Bench,
    order: Order,
    agent: Agent,
    wire: Wire,
    printer: IppPrinterSimulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    copies = asked(bench, order)
    deliver = agent._deliver

    def deliver_and_lose_the_server(errand: dict[str, Any]) -> Any:
        wire.away = True
        return deliver(errand)

    monkeypatch.setattr(agent, "_deliver", deliver_and_lose_the_server)
    with pytest.raises(httpx.ConnectError):
        agent.run_once()
    monkeypatch.undo()
    wire.away = False

    run_all(agent, bench)

    assert [copy.state for copy in copies] == PRINTED_ALL
    assert times(printer, copies) == [1, 1, 1]


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_an_outcome_that_the_server_refuses_is_kept_told_of_and_told_again(
    bench: Bench, order: Order, agent: Agent, wire: Wire, status: int
) -> None:
    copies = asked(bench, order)
    wire.refuses["outcomes"] = status
    for _ in copies:
        run_all(agent, bench)
    agent.run_once()
    assert [copy.state for copy in copies] == [CopyState.SENDING] * 3
    assert queries.agents(bench.session)[0].withheld == 3
    wire.refuses.clear()

    run_all(agent, bench)
    assert [copy.state for copy in copies] == [CopyState.SENDING] * 3, "it does not hammer"
    agent.clock = lambda: NOW + timedelta(minutes=10)
    run_all(agent, bench)

    assert [copy.state for copy in copies] == PRINTED_ALL
    assert queries.agents(bench.session)[0].withheld == 0


def test_a_test_label_goes_to_the_agent_too(
    *,
    client: Client,
    as_role: AsRole,
    bench: Bench,
    order: Order,
    agent: Agent,
    printer: IppPrinterSimulator,
) -> None:
    headers = as_role(Role.TECHNICIAN)
    at = ids.encode("prn", queries.printers(bench.session)[0].id)
    test = client.post(f"/api/v1/printers/{at}/test", headers=headers).json()

    run_all(agent, bench)

    heard = client.get(f"/api/v1/printers/{at}/tests/{test['id']}", headers=headers).json()
    assert heard["state"] == "printed"
    assert printer.paper.times(test["id"]) == 1


def test_administrators_see_what_an_agent_withholds(
    *, client: Client, as_role: AsRole, bench: Bench, order: Order, agent: Agent, wire: Wire
) -> None:
    asked(bench, order)
    wire.refuses["outcomes"] = 422
    for _ in range(4):
        agent.run_once()

    seen = client.get("/api/v1/print-agents", headers=as_role(Role.ADMINISTRATOR)).json()

    assert [each["withheld"] for each in seen["items"]] == [3]


def test_an_agent_that_is_shut_out_keeps_what_it_has_to_say(
    bench: Bench, order: Order, agent: Agent, wire: Wire
) -> None:
    asked(bench, order)
    wire.refuses["outcomes"] = 401

    with pytest.raises(httpx.HTTPStatusError):
        agent.run_once()

    assert len(agent.journal.owed(now=NOW)) == 1
    assert agent.journal.withheld() == 0


def test_an_errand_of_another_server_is_not_run(
    bench: Bench, order: Order, agent: Agent, printer: IppPrinterSimulator
) -> None:
    asked(bench, order)
    agent.server_jwk = dict(keys.jwk_of(errands.server_key("another").public_key()))

    assert not agent.run_once()

    assert printer.asked_to_print == 0


def test_an_errand_that_was_kept_back_is_not_run(
    agent: Agent, bench: Bench, order: Order, printer: IppPrinterSimulator
) -> None:
    asked(bench, order)
    agent.clock = lambda: NOW + errands.LASTS * 2

    assert not agent.run_once()

    assert printer.asked_to_print == 0


def test_an_errand_is_not_run_again_though_its_time_is_not_over(
    agent: Agent, bench: Bench, order: Order, wire: Wire, printer: IppPrinterSimulator
) -> None:
    asked(bench, order)
    agent.run_once()
    wire.replays = wire.errand

    for _ in range(3):
        assert not agent.run_once()

    assert printer.asked_to_print == 1


def test_an_agent_sends_a_try_once_whatever_the_server_says(
    agent: Agent, bench: Bench, order: Order, printer: IppPrinterSimulator, wire: Wire
) -> None:
    """The agent's own journal holds even against a server that gives the same try out again."""
    copies = asked(bench, order)
    agent.run_once()
    errand = json.loads(wire.errand[errands.SIGNATURE_BYTES :])

    again = errands.read(wire.errand, SERVER_JWK, nonce=errand["nonce"], now=NOW)
    agent._deliver(again)

    assert times(printer, copies)[0] == 1
    assert printer.asked_to_print == 1


def test_a_question_has_one_answer(
    client: Client, bench: Bench, order: Order, key: str, printer: IppPrinterSimulator
) -> None:
    asked(bench, order)
    question = {"headers": {"Authorization": f"Bearer {key}"}, "json": {"nonce": "n" * 32}}

    first = client.post("/api/v1/print-agents/errands", **question)
    again = client.post("/api/v1/print-agents/errands", **question)

    assert first.status_code == 200
    assert (again.status_code, again.json()["code"]) == (409, "print-question-answered")


def test_the_database_gives_a_try_of_a_copy_out_once(bench: Bench, order: Order) -> None:
    agent_id = queries.agents(bench.session)[0].id
    copy = asked(bench, order)[0]
    errand = {"agent_id": agent_id, "ref_id": copy.id, "tries": 1, "given_at": NOW}
    bench.session.add(PrintErrand(nonce="a", only_ask=False, **errand))
    bench.session.add(PrintErrand(nonce="b", only_ask=True, **errand))
    bench.session.flush()

    bench.session.add(PrintErrand(nonce="c", only_ask=False, **errand))
    with pytest.raises(IntegrityError, match="uq_print_errands_sent"):
        bench.session.flush()


def test_an_agent_knows_nothing_of_other_printers(
    client: Client, as_role: AsRole, bench: Bench, order: Order
) -> None:
    copy = asked(bench, order)[0]

    refused = client.post(
        "/api/v1/print-agents/outcomes",
        headers=as_role(Role.PRINT_AGENT),
        json={"document": ids.encode("cpy", copy.id), "tries": 1, "certainty": "printed"},
    )

    assert refused.status_code == 404


def test_an_agent_that_is_shut_out_fetches_nothing(
    client: Client, as_role: AsRole, key: str, bench: Bench
) -> None:
    agent_id = ids.encode("pag", queries.agents(bench.session)[0].id)
    client.post(f"/api/v1/print-agents/{agent_id}/disable", headers=as_role(Role.ADMINISTRATOR))

    refused = client.post(
        "/api/v1/print-agents/errands",
        headers={"Authorization": f"Bearer {key}"},
        json={"nonce": "n" * 32},
    )

    assert refused.status_code == 401


def test_an_agent_speaks_to_its_server_over_tls() -> None:
    with pytest.raises(ServerNotSecure):
        client_for("http://pharmacy.example", "key")


def test_a_copy_that_is_tried_again_goes_to_the_agent_and_not_to_the_worker(
    bench: Bench, order: Order
) -> None:
    copy = asked(bench, order)[0]
    for state in (CopyState.SENDING, CopyState.FAILED):
        copy.tries += state is CopyState.SENDING
        copy.state = state
        bench.session.flush()

    operations.try_again(bench.session, copy.id, by=bench.technician, now=NOW)

    assert owed_jobs(bench) == 0
    assert operations.begin(bench.session, copy.id, now=NOW) is None
