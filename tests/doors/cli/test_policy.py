"""Policies from the command line."""

import pytest
from click.testing import CliRunner, Result

from pharmacy.cli import main
from pharmacy.infra.db import Database
from pharmacy.practice import queries
from tests.conftest import NOW


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    url = database.engine.url.set(drivername="postgresql")
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["policy", *words])


def test_a_value_is_set_with_a_reason_and_shown(database: Database) -> None:
    assert run("set", "refill_percent", "80", "--reason", "insurer").exit_code == 0
    assert run("set", "minimum_weighable_mg", "0.05", "--reason", "measured").exit_code == 0

    with database.transaction() as session:
        policy = queries.policy(session)
    assert (policy.refill_percent, str(policy.minimum_weighable_mg)) == (80, "0.05")
    assert "* refill_percent = 80" in run("list").stdout
    shown = run("show", "refill_percent").stdout
    assert "default: 75" in shown
    assert "insurer" in shown


@pytest.mark.parametrize("words", [("refill_percent", "many"), ("nothing", "1")])
def test_a_wrong_value_or_name_is_refused_in_words(words: tuple[str, str]) -> None:
    result = run("set", *words, "--reason", "because")

    assert result.exit_code == 1
    assert result.stderr.startswith("policy-")


def test_the_pharmacy_is_described_and_licensed(database: Database) -> None:
    described = {
        "--name": "Example Compounding Pharmacy",
        "--npi": "1999999984",
        "--address-line": "1 Example Street",
        "--city": "Houston",
        "--state": "TX",
        "--postal-code": "77002",
        "--phone": "+1-555-010-0100",
        "--phone-hours": "9 to 5",
        "--time-zone": "America/Chicago",
    }

    assert run("site", *(word for pair in described.items() for word in pair)).exit_code == 0
    assert run("license", "nv", "--number", "P-1", "--expires-on", "2027-01-31").exit_code == 0

    with database.transaction() as session:
        assert queries.site(session).city == "Houston"
        assert queries.licensed_in(session, "NV", NOW.date())


def test_a_states_rule_about_parts_is_kept_with_its_source(database: Database) -> None:
    refused = run("partials", "nj", "--refused", "--source", "an example of a rule")
    assert refused.exit_code == 0
    assert run("partials", "oh", "--allowed").stderr.startswith("rule-source-needed")

    with database.transaction() as session:
        (rule,) = queries.partial_rules(session)
    assert (rule.state, rule.is_allowed) == ("NJ", False)
    assert "NJ  refused  an example of a rule" in run("partials").stdout
