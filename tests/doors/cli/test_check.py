"""`pharmacy check`, on a database of the test's own."""

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from pharmacy import invariants
from pharmacy.cli import main
from pharmacy.infra.db import Database


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    url = database.engine.url.set(drivername="postgresql")
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))


def check(*words: str) -> Result:
    return CliRunner().invoke(main, ["check", *words])


def test_records_that_agree_are_said_to_agree() -> None:
    result = check("--verbose")

    assert result.exit_code == 0
    assert f"{len(invariants.ALL)} invariants hold." in result.stdout
    assert "capsules-balance: Of every lot" in result.stdout


def test_rows_that_contradict_each_other_are_named_by_their_ids(database: Database) -> None:
    with database.transaction() as session:
        session.execute(
            text(
                "insert into jobs (kind, ref_id, dedupe_key, state, lease_until)"
                " select 'orders.check', gen_random_uuid(), n::text, 'running',"
                " now() - interval '1 hour' from generate_series(1, 25) as n"
            )
        )

    result = check()

    assert result.exit_code == 1
    assert "BROKEN  no-lease-is-forgotten" in result.stderr
    assert "job 1 kind=orders.check" in result.stderr
    assert "and 5 more" in result.stderr
    assert f"1 of {len(invariants.ALL)} invariants are broken." in result.stderr
