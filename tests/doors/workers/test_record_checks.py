"""The clock has all records checked, once an hour, and what it finds is kept and told."""

from typing import Any

import pytest
from sqlalchemy import select, text

from pharmacy import invariants
from pharmacy.infra.db import Database
from pharmacy.infra.metrics import Metrics
from pharmacy.infra.record_checks import RecordCheck
from pharmacy.workers import ticks
from pharmacy.workers.names import CHECK

FORGOTTEN_JOB = text(
    "insert into jobs (kind, dedupe_key, ref_id, state, worker, lease_token, lease_until)"
    " values ('orders.check', 'k', gen_random_uuid(), 'running', 'gone:1', 1,"
    " now() - interval '1 hour')"
)


def checks(database: Database) -> list[tuple[int, dict[str, Any]]]:
    with database.transaction() as session:
        rows = session.execute(
            select(RecordCheck.invariants, RecordCheck.broken).order_by(RecordCheck.id)
        )
        return [(row.invariants, row.broken) for row in rows]


def test_several_ticks_within_an_hour_check_once(database: Database) -> None:
    ticks.tick(database, CHECK)
    ticks.tick(database, CHECK)

    assert checks(database) == [(len(invariants.ALL), {})]


def test_an_hour_later_it_checks_again(database: Database) -> None:
    ticks.tick(database, CHECK)
    with database.transaction() as session:
        session.execute(text("alter table record_checks disable trigger append_only"))
        session.execute(text("update record_checks set checked_at = now() - interval '1 hour'"))

    ticks.tick(database, CHECK)

    assert len(checks(database)) == 2


def test_what_contradicts_is_kept_by_name_and_shown_to_prometheus(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    with database.transaction() as session:
        session.execute(FORGOTTEN_JOB)

    ticks.tick(database, CHECK)

    assert checks(database) == [(len(invariants.ALL), {"no-lease-is-forgotten": 1})]
    page = Metrics(database).page().decode()
    assert "pharmacy_invariants_broken 1.0" in page
    assert "pharmacy_invariants_checked_seconds" in page


def test_what_was_found_is_not_rewritten(database: Database) -> None:
    ticks.tick(database, CHECK)

    with database.transaction() as session, pytest.raises(Exception, match="append-only"):
        session.execute(text("update record_checks set broken = '{}'"))
