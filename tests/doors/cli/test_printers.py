"""Printers from the command line."""

import pytest
from click.testing import CliRunner, Result

from pharmacy.cli import main
from pharmacy.infra.db import Database
from pharmacy.printing import operations, queries
from pharmacy.staff.rules import OPERATOR
from tests.conftest import NOW
from tests.factories.staff import PEPPER

ELSEWHERE = "ipp://203.0.113.7:631/ipp/print"
"""An address in no network that this server may print to."""


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    url = database.engine.url.set(drivername="postgresql")
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    monkeypatch.delenv("PHARMACY_PRINTER_NETWORKS", raising=False)
    with database.transaction() as session:
        operations.enrol_agent(session, "Branch", pepper=PEPPER, by=OPERATOR, now=NOW)


def add(*words: str) -> Result:
    return CliRunner().invoke(main, ("printers", "add", "Branch labels", ELSEWHERE, *words))


def test_an_agents_printer_may_be_where_the_server_cannot_reach(database: Database) -> None:
    alone = add()
    added = add("--agent", "Branch")

    assert "printer-address-forbidden" in alone.output
    assert added.exit_code == 0, added.output
    assert "printed through Branch" in added.stdout
    with database.transaction() as session:
        printer = queries.printer_named(session, "Branch labels")
        assert printer.agent_id == queries.agent_named(session, "Branch").id


def test_nobody_prints_through_an_agent_that_is_unknown_or_shut_out(database: Database) -> None:
    unknown = add("--agent", "Elsewhere")
    with database.transaction() as session:
        agent = queries.agent_named(session, "Branch")
        operations.disable_agent(session, agent.id, by=OPERATOR, now=NOW)
    shut_out = add("--agent", "Branch")

    assert "print-agent-not-found" in unknown.output
    assert "print-agent-not-found" in shut_out.output
    with database.transaction() as session:
        assert queries.printers(session) == []
