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
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.factories.orders import Bench
from tests.factories.staff import make_account


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


@pytest.fixture
def powder(database: Database) -> str:
    """The naltrexone in a vial that a patient took home; kim is a pharmacist, tom is none."""
    with database.transaction() as session:
        bench = Bench(session)
        bench.order(Status.HANDED_OVER)
        make_account(session, Role.PHARMACIST, username="kim")
        make_account(session, Role.TECHNICIAN, username="tom")
        return encode("ing", bench.lots[1_500].active_lot_id)


def opening(powder: str, username: str) -> tuple[str, ...]:
    at = ("--notice-at", "2026-03-02T14:30")
    return ("recalls", "open", powder, "--reason", "too little", "--serious", *at, "--as", username)


def test_a_recall_goes_from_its_opening_to_its_end(powder: str) -> None:
    opened = run(*opening(powder, "kim"))
    recall = opened.stdout.split()[0]
    letters = [line.split()[0] for line in run("recalls", "letters", recall).stdout.splitlines()]
    ending = ("recalls", "close", recall, "--note", "all told", "--as", "kim")
    unfinished = run(*ending)
    unsent = run("recalls", "answer", letters[0], "none-left", "--as", "kim")
    sent = [run("recalls", "sent", letter, "phone", "--as", "kim") for letter in letters]
    answered = run("recalls", "answer", letters[0], "none-left", "--as", "kim")
    done = run("recalls", "done", recall, "notify-recipients-and-board", "--as", "kim")
    closed = run(*ending)

    assert "3 letters drafted." in opened.stdout
    # Twelve hours after the notice.
    assert "notify-recipients-and-board is due by 2026-03-03 02:30Z." in opened.stdout
    assert "recall-unfinished" in unfinished.output
    assert "recall-notice-not-sent" in unsent.output
    assert [each.exit_code for each in (*sent, answered, done, closed)] == [0] * 6
    assert "letters 3, sent 3, answered 1" in run("recalls", "list").stdout
    assert f"{recall} is closed." in closed.stdout
    assert "recall-closed" in run(*ending).output


def test_harm_starts_the_time_to_report_it(powder: str) -> None:
    recall = run(*opening(powder, "kim")).stdout.split()[0]
    letter = run("recalls", "letters", recall).stdout.split()[0]
    run("recalls", "sent", letter, "phone", "--as", "kim")

    told = run("recalls", "answer", letter, "harm-reported", "--as", "kim")

    assert "report-to-medwatch is due by" in told.stdout


def test_a_technicians_name_recalls_nothing(powder: str) -> None:
    refused = run(*opening(powder, "tom"))

    assert refused.exit_code == 1
    assert "permission-missing" in refused.output
    assert run("recalls", "list").stdout == ""


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
