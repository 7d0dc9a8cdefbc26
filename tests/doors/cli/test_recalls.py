"""Traces, recalls and formulations from the command line."""

import pytest
from click.testing import CliRunner, Result

from pharmacy.cli import main
from pharmacy.infra.db import Database
from pharmacy.kernel.ids import encode
from pharmacy.orders import queries as orders
from pharmacy.orders.rules import Status
from pharmacy.recalls import operations
from pharmacy.recalls.rules.timers import LotKind
from tests.conftest import NOW
from tests.factories.orders import Bench


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    url = database.engine.url.set(drivername="postgresql")
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def test_a_lot_is_traced_both_ways_and_its_recall_listed(database: Database) -> None:
    with database.transaction() as session:
        bench = Bench(session)
        order = bench.order(Status.HANDED_OVER)
        powder_id = bench.lots[1_500].active_lot_id
        vial = encode("ctr", orders.containers(session, order.id)[0].id)
        operations.open_recall(
            session,
            LotKind.INGREDIENT,
            powder_id,
            reason="too little",
            serious=True,
            notice_at=NOW,
            by=bench.pharmacist,
            now=NOW,
        )

    down = run("recalls", "trace", encode("ing", powder_id))
    up = run("recalls", "trace", vial)
    listed = run("recalls", "list")

    assert vial in down.stdout
    assert "naltrexone-hydrochloride, lot" in up.stdout
    assert "recalled" in up.stdout
    assert "letters 3, sent 0, answered 0" in listed.stdout
    assert "OVERDUE" in listed.stdout


def test_formulations_in_force_are_listed_and_shown(database: Database) -> None:
    with database.transaction() as session:
        Bench(session, stock=False, registries=False)

    assert "1.5 mg" in run("formulations", "list").stdout
    assert "geometric" in run("formulations", "show", "1.5").stdout
    assert run("formulations", "show", "2").exit_code == 1


@pytest.mark.parametrize("group", ["recalls", "formulations"])
def test_help_teaches_with_an_example(group: str) -> None:
    result = run(group, "--help")

    assert result.exit_code == 0
    assert "Examples:" in result.stdout
