"""Steps of a batch and laboratory samples from the command line, by people who sign in there."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select

from pharmacy.cli import main
from pharmacy.compounding import queries
from pharmacy.compounding.models import Batch
from pharmacy.infra.audit import AuditEntry
from pharmacy.infra.db import Database
from pharmacy.kernel import ids
from pharmacy.staff.models import SignInSession
from pharmacy.staff.rules import Role
from tests.factories.compounding import PHOTO, Laboratory
from tests.factories.staff import hashed, make_account

PASSWORD = "five quiet purple lanterns"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    url = database.engine.url.set(drivername="postgresql")
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))
    with database.transaction() as session:
        for name, role in (
            ("tom", Role.TECHNICIAN),
            ("kim", Role.PHARMACIST),
            ("ada", Role.AUDITOR),
        ):
            make_account(session, role, username=name, password_hash=hashed(PASSWORD))


@pytest.fixture
def batch(database: Database) -> Batch:
    with database.transaction() as session:
        return Laboratory(session).plan(is_prepared=False)


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def signed(username: str, *words: str, password: str = PASSWORD) -> Result:
    return CliRunner().invoke(main, (*words, "--as", username), input=f"{password}\n")


def test_a_technician_takes_every_part_of_a_step(
    database: Database, batch: Batch, tmp_path: Path
) -> None:
    name = ids.encode("bat", batch.id)
    picture = tmp_path / "bench.png"
    picture.write_bytes(PHOTO)
    with database.transaction() as session:
        first = queries.step_states(session, batch.id)[0]
        items = [each for each in queries.checks(session, batch.id) if each.step_no == 1]

    early = signed("tom", "batches", "finish", name, "1")
    ticked = [signed("tom", "batches", "tick", name, "1", str(each.no)) for each in items]
    kept = signed("tom", "batches", "photo", name, "1", str(picture))
    finished = signed("tom", "batches", "finish", name, "1")
    shown = run("batches", "steps", name).stdout

    assert items
    assert "batch-step-incomplete" in early.output
    assert {each.exit_code for each in (*ticked, kept, finished)} == {0}
    assert f" 1 [x] {first.title}" in shown
    assert f"      1 [x] {items[0].words}" in shown
    assert " 2 [ ] " in shown


def test_a_timer_is_not_shortened_from_the_shell(database: Database) -> None:
    with database.transaction() as session:
        laboratory = Laboratory(session)
        batch = laboratory.weighed(laboratory.plan())
        laboratory.do_step(batch, "weigh")
        timed = next(
            each
            for each in queries.step_states(session, batch.id)
            if each.wait is not None and not each.is_done
        )
    name, step = ids.encode("bat", batch.id), str(timed.no)

    started = signed("tom", "batches", "start-timer", name, step)
    finished = signed("tom", "batches", "finish-timer", name, step)

    assert started.exit_code == 0, started.output
    assert "batch-timer-running" in finished.output


def test_a_username_alone_takes_no_step(database: Database, batch: Batch) -> None:
    words = ("batches", "tick", ids.encode("bat", batch.id), "1", "1")

    wrong = signed("tom", *words, password="a guess of somebody")
    powerless = signed("ada", *words)

    assert "sign-in-refused" in wrong.output
    assert "permission-missing" in powerless.output
    with database.transaction() as session:
        assert not any(each.ticked_at for each in queries.checks(session, batch.id))
        failures = select(func.count()).where(AuditEntry.action == "account.sign-in-failed")
        assert session.scalar(failures) == 1


def test_the_session_of_a_command_ends_with_it(database: Database, batch: Batch) -> None:
    name = ids.encode("bat", batch.id)

    done = signed("tom", "batches", "tick", name, "1", "1")
    refused = signed("tom", "batches", "tick", name, "99", "1")

    assert done.exit_code == 0, done.output
    assert "batch-step-not-found" in refused.output
    with database.transaction() as session:
        ends = session.scalars(select(SignInSession.ended_at)).all()
    assert len(ends) == 2
    assert None not in ends


def test_a_sample_is_sent_and_its_assay_written_down(database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        batch = Laboratory(session).made()
    name = ids.encode("bat", batch.id)
    report = tmp_path / "report.pdf"
    report.write_bytes(b"%PDF-1.4 a laboratory's report")
    why = ("--kind", "composite-assay", "--cause", "quarterly", "--laboratory", "Example Analytics")
    sending = ("samples", "send", name, *why, "--capsules")

    few = signed("kim", *sending, "9")
    unentitled = signed("tom", *sending, "10")
    sent = signed("kim", *sending, "10")
    sample = sent.stdout.split()[0]
    answering = ("samples", "result", sample, "99.4", "--certificate", str(report))
    answered = signed("kim", *answering)

    assert "laboratory-sample-too-small" in few.output
    assert "permission-missing" in unentitled.output
    assert f"{sample}: passed" in answered.stdout
    assert "passed (99.4 % of the label)" in run("samples", "list", name).stdout
    assert "laboratory-result-known" in signed("kim", *answering).output


def test_a_figure_that_is_no_number_is_refused(tmp_path: Path) -> None:
    report = tmp_path / "report.pdf"
    report.write_bytes(b"%PDF-1.4")
    sample = ids.encode("smp", ids.new_id())

    asked = signed("kim", "samples", "result", sample, "NaN", "--certificate", str(report))

    assert asked.exit_code == 2
    assert "NaN is not a number" in asked.output


def test_what_the_policy_asks_for_is_listed(database: Database) -> None:
    with database.transaction() as session:
        batch = Laboratory(session).made()

    assert f"of batch {batch.number}" in run("samples", "due").stdout
