"""Staff, clients and the audit from the command line, on a database of the test's own."""

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from pharmacy.cli import main
from pharmacy.infra.db import Database
from pharmacy.staff import queries
from pharmacy.staff.rules import Role


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    url = database.engine.url.set(drivername="postgresql")
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    monkeypatch.setenv("PHARMACY_SECRET", "a pepper for tests")


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def test_the_first_administrators_token_is_printed_alone(database: Database) -> None:
    result = run("staff", "first-admin")

    assert result.exit_code == 0
    assert len(result.stdout.strip()) == 43
    assert "15 minutes" in result.stderr


def test_somebody_is_added_granted_and_disabled(database: Database) -> None:
    kim = ("kim.lee", "--name", "Kim Lee", "--initials", "KL", "--role", "technician")

    assert run("staff", "add", *kim).exit_code == 0
    assert run("staff", "grant", "kim.lee", "--role", "pharmacist").exit_code == 0
    with database.transaction() as session:
        member = queries.members(session, limit=10)[0]
    assert member.roles == (Role.PHARMACIST,)
    assert "waits for its owner's password" in run("staff", "list").stdout
    assert run("staff", "disable", "Kim.Lee").exit_code == 0
    assert "disabled" in run("staff", "list").stdout


def test_a_refusal_is_words_and_a_remedy_and_no_traceback() -> None:
    result = run("staff", "disable", "nobody")

    assert result.exit_code == 1
    assert result.stderr.startswith("not-found: there is no such account")
    assert "Traceback" not in result.output


def test_a_clinics_key_is_shown_once_and_works(database: Database) -> None:
    run("clients", "add", "Bayou Clinic")
    run("clients", "enrol", "Bayou Clinic", "1234567893")

    key = run("clients", "key", "Bayou Clinic", "--days", "30").stdout.strip()

    assert key.startswith("ldn_live_")
    assert "1234567893" in run("clients", "list").stdout
    assert run("clients", "revoke", "Bayou Clinic", key.split("_")[2]).exit_code == 0


def test_the_audit_is_sealed_verified_and_shown() -> None:
    run("clients", "add", "Bayou Clinic")

    assert "sealed 1 entries" in run("audit", "seal").stdout
    whole = run("audit", "verify")
    assert whole.exit_code == 0
    assert "whole: 1 seals over 1 entries" in whole.stdout
    assert "client.added" in run("audit", "tail").stdout
    head = whole.stdout.rpartition("head: ")[2].strip()
    assert run("audit", "verify", "--head", head).exit_code == 0


def test_a_broken_chain_ends_with_one_and_names_the_seal(database: Database) -> None:
    run("clients", "add", "Bayou Clinic")
    run("audit", "seal")
    with database.transaction() as session:
        session.execute(text("set local session_replication_role = replica"))
        session.execute(text("update audit_entries set action = 'x'"))

    result = run("audit", "verify")

    assert result.exit_code == 1
    assert "BROKEN at seal 1" in result.stderr


@pytest.mark.parametrize("group", ["staff", "clients", "audit"])
def test_help_teaches_with_an_example(group: str) -> None:
    result = run(group, "--help")

    assert result.exit_code == 0
    assert "Commands:" in result.stdout
