"""`pharmacy jobs`, on a database of the test's own."""

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, text

from pharmacy.cli import main
from pharmacy.infra import jobs
from pharmacy.infra.audit import AuditEntry
from pharmacy.infra.db import Database
from pharmacy.kernel.ids import encode, new_id
from pharmacy.kernel.jobs import JobKind


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    url = database.engine.url.set(drivername="postgresql")
    monkeypatch.setenv("DATABASE_URL", url.render_as_string(hide_password=False))


KINDS = (JobKind.CHECK_ORDER, JobKind.RENDER_LABELS, JobKind.SCHEDULE_REFILL)


@pytest.fixture
def about(database: Database) -> list[str]:
    """Three jobs, the second of which is dead; return what they are about."""
    references = [new_id() for _ in range(3)]
    with database.transaction() as session:
        for reference, kind in zip(references, KINDS, strict=True):
            jobs.add(session, kind, ref_id=reference)
            session.flush()
        session.execute(
            text(
                "update jobs set state = 'dead', attempts = 8, worker = 'bench:42',"
                " last_error = 'GlyphMissing glyph-missing at pharmacy/labels/pdf/pen.py:12'"
                " where id = 2"
            )
        )
    return [encode("ord", reference) for reference in references]


def run(*words: str) -> Result:
    return CliRunner().invoke(main, ["jobs", *words])


def test_the_list_sums_up_what_is_not_done_and_names_the_newest_first(about: list[str]) -> None:
    head, *lines = run("list").stdout.splitlines()

    assert head.startswith("2 ready (longest wait ")
    assert head.endswith("0 running, 1 dead")
    assert [line.split()[0] for line in lines] == ["3", "2", "1"]
    assert all(order in line for order, line in zip(reversed(about), lines, strict=True))


def test_the_list_is_narrowed_by_state_and_kind(about: list[str]) -> None:
    [dead] = run("list", "--state", "dead").stdout.splitlines()[1:]
    [refill] = run("list", "--kind", "refills.schedule").stdout.splitlines()[1:]

    assert "labels.render" in dead
    assert dead.endswith("8/8  GlyphMissing glyph-missing at pharmacy/labels/pdf/pen.py:12")
    assert refill.split()[0] == "3"
    assert run("list", "--state", "asleep").exit_code == 2


def test_one_job_is_shown_with_all_that_is_known(about: list[str]) -> None:
    shown = run("show", "2").stdout

    assert f"about:        {about[1]}" in shown
    assert "attempts:     8 of 8" in shown
    assert "worker:       bench:42" in shown
    assert "last error:   GlyphMissing" in shown
    assert "not before:" not in shown


def test_a_dead_job_is_retried_and_the_trail_says_so(about: list[str], database: Database) -> None:
    result = run("retry", "2")

    assert result.exit_code == 0
    assert "state:        ready" in result.stdout
    assert "attempts:     0 of 8" in result.stdout
    with database.transaction() as session:
        entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.by_kind, entry.detail["job"]) == ("job.retried", "operator", 2)


@pytest.mark.parametrize(
    ("words", "code"),
    [(("retry", "1"), "job-not-dead"), (("show", "9"), "not-found"), (("retry", "9"), "not-found")],
)
def test_what_cannot_be_done_is_refused_in_words(
    about: list[str], words: tuple[str, ...], code: str
) -> None:
    result = run(*words)

    assert result.exit_code == 1
    assert result.stderr.startswith(f"{code}:")
    assert "Traceback" not in result.output
