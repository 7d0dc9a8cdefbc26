"""Letters of a recall: worded with its opening, some drawn at once, the others by a worker."""

import hashlib

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.infra.audit import AuditEntry
from pharmacy.infra.jobs import Progress
from pharmacy.infra.jobs.table import Job
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders.rules import Status
from pharmacy.patients.models import Patient
from pharmacy.recalls import operations, queries
from pharmacy.recalls.models import Recall, RecallNotice
from pharmacy.recalls.operations import drafting, drawing
from pharmacy.recalls.queries import LetterNotDrawn
from pharmacy.recalls.rules.letters import Letter
from pharmacy.recalls.rules.timers import LotKind, NoticeTo
from pharmacy.staff.rules import WORKER
from tests.conftest import NOW
from tests.factories.inventory import stock_the_clinic
from tests.factories.orders import Bench
from tests.factories.patients import move


@pytest.fixture
def bench(session: Session) -> Bench:
    """With four patients who took capsules of one lot home."""
    bench = Bench(session, stock=False)
    bench.lots = stock_the_clinic(session, 2_000)
    for _ in range(4):
        bench.order(Status.HANDED_OVER)
    return bench


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two letters are drawn at once, and three in a stretch."""
    monkeypatch.setattr(drafting, "AT_ONCE", 2)
    monkeypatch.setattr(drawing, "STRETCH", 3)


def recall(bench: Bench) -> Recall:
    return operations.open_recall(
        bench.session,
        LotKind.CAPSULE,
        bench.lots[1_500].id,
        reason="The capsules of this lot are too light.",
        serious=True,
        notice_at=NOW,
        by=bench.pharmacist,
        now=NOW,
    )


def owed(session: Session, opened: Recall) -> int:
    found = select(Job).where(Job.ref_id == opened.id, Job.kind == JobKind.DRAW_LETTERS)
    return len(session.scalars(found).all())


def draw(session: Session, opened: Recall) -> jobs.Progress:
    return operations.draw_letters(session, opened.id, by=WORKER, now=NOW)


def test_the_boards_letter_is_drawn_with_the_opening_and_a_worker_draws_the_rest(
    bench: Bench, session: Session
) -> None:
    """Four patients, their one prescriber and the Board: six letters, two of them at once."""
    opened = recall(bench)

    assert queries.progress(session, opened.id) == queries.Progress(6, 0, 0, drawn=2)
    assert owed(session, opened) == 1
    notices = queries.notices(session, opened.id)
    [board] = [each for each in notices if each.recipient is NoticeTo.BOARD]
    assert board.drawn_at == NOW
    waiting = next(each for each in notices if each.drawn_at is None)
    with pytest.raises(LetterNotDrawn):
        queries.drawn_letter(waiting)

    assert [draw(session, opened), draw(session, opened)] == [Progress.MORE, Progress.DONE]

    assert queries.progress(session, opened.id).drawn == 6
    for each in queries.notices(session, opened.id):
        pages = queries.drawn_letter(each)
        assert pages.startswith(b"%PDF-")
        assert each.pdf_sha256 == hashlib.sha256(pages).digest()
    told = select(AuditEntry.detail).where(AuditEntry.action == "recall.letters-drawn")
    assert session.scalars(told).all() == [{"letters": 6}]


def test_a_job_told_of_twice_draws_no_letter_anew(bench: Bench, session: Session) -> None:
    opened = recall(bench)
    draw(session, opened)
    draw(session, opened)
    before = {each.id: each.pdf_sha256 for each in queries.notices(session, opened.id)}

    assert draw(session, opened) is Progress.DONE

    assert {each.id: each.pdf_sha256 for each in queries.notices(session, opened.id)} == before


def test_a_letter_says_what_was_so_when_it_was_drafted(bench: Bench, session: Session) -> None:
    """Whoever moves before a worker comes is written to as the recall found them."""
    opened = recall(bench)
    waiting = [each for each in queries.notices(session, opened.id) if each.drawn_at is None]
    [one, *_] = [each for each in waiting if each.patient_id]
    patient = session.get_one(Patient, one.patient_id)
    there = patient.address_line
    move(session, patient, address_line="9 Elsewhere Road")

    draw(session, opened)
    draw(session, opened)

    assert one.content is not None
    assert there in Letter.of_data(one.content).to


def test_a_small_recall_has_its_letters_at_once(
    bench: Bench, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafting, "AT_ONCE", 6)

    opened = recall(bench)

    assert queries.progress(session, opened.id).drawn == 6
    assert owed(session, opened) == 0


def test_an_address_too_long_for_a_line_is_written_by_hand_and_stops_no_recall(
    bench: Bench, session: Session
) -> None:
    for patient in session.scalars(select(Patient)).all():
        move(session, patient, address_line="W" * 60)

    opened = recall(bench)
    draw(session, opened)

    contents = [each.content for each in queries.notices(session, opened.id) if each.patient_id]
    lines = {Letter.of_data(each).to[1] for each in contents if each}
    assert lines == {"____________________ (write by hand: it is too long for a line)"}


@pytest.mark.parametrize(
    "statement",
    [
        "update recall_notices set content = '{}'",
        "update recall_notices set vials = vials + 1 where drawn_at is null",
        "update recall_notices set drawn_at = drawn_at + interval '1 s' where pdf is not null",
        "delete from recall_notices where drawn_at is null",
        "delete from recall_notices where drawn_at is not null",
    ],
)
def test_the_database_too_lets_nobody_reword_or_redraw_a_letter(
    bench: Bench, session: Session, statement: str
) -> None:
    recall(bench)
    session.flush()

    with pytest.raises(IntegrityError, match="is not rewritten"):
        session.execute(text(statement))


def test_a_letter_is_drawn_whole_or_not(bench: Bench, session: Session) -> None:
    recall(bench)
    session.flush()

    with pytest.raises(IntegrityError, match="ck_recall_notices_drawn_whole"):
        session.execute(
            update(RecallNotice).where(RecallNotice.drawn_at.is_(None)).values(drawn_at=NOW)
        )
