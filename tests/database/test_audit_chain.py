"""The audit chain: what was sealed cannot change unseen, and sealing holds nobody up."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.infra.audit import Head, chain
from pharmacy.infra.db import Database
from pharmacy.staff.rules import WORKER
from tests.conftest import NOW

ORDER = UUID("018f0000-0000-7000-8000-000000000001")


def write(session: Session, number: int = 3) -> None:
    for count in range(number):
        audit.record(
            session,
            "order.read",
            by=WORKER,
            at=NOW + timedelta(seconds=count),
            subject_kind="order",
            subject_id=ORDER,
            detail={"fill": count, "codes": ["b", "a"]},
        )


@contextmanager
def as_intruder(session: Session) -> Iterator[Session]:
    """Whoever may do everything, and switches the triggers off."""
    session.execute(text("set local session_replication_role = replica"))
    yield session
    session.execute(text("set local session_replication_role = origin"))


@pytest.fixture
def sealed(session: Session) -> Session:
    """A session that sees nine entries under three seals."""
    for _ in range(3):
        write(session)
        assert audit.seal(session, now=NOW) == 3
    return session


def test_an_untouched_chain_is_whole(sealed: Session) -> None:
    found = audit.verify(sealed)

    assert found.is_whole
    assert (found.seals, found.entries, found.unsealed) == (3, 9, 0)
    assert found.head is not None
    assert found.head.seq == 3


def test_an_empty_chain_is_whole(session: Session) -> None:
    assert audit.verify(session).is_whole


def test_the_bytes_of_an_entry_never_change(session: Session) -> None:
    """Written out by hand from the description in `chain`: a later release must say the same."""
    write(session, 1)
    row = session.execute(chain.columns()).one()

    assert (
        chain.line(row)
        == (
            f'[{row.id},"2026-03-02T22:30:00.000000+00:00","order.read","worker",null,"order",'
            f'"{ORDER}",null,{{"codes":["b","a"],"fill":0}}]\n'
        ).encode()
    )


def test_the_hash_of_a_seal_never_changes() -> None:
    link = chain.Link(1, 0, chain.NOTHING, chain.NOTHING, datetime(2026, 3, 2, tzinfo=UTC))

    assert link.sha256.hex() == HASH_BY_SHA256SUM


HASH_BY_SHA256SUM = "60eda2e4a4e6d92b7b8f229adde907c1a23d170b76d71ba18a47bcf77643154a"
"""`printf '[1,0,"00…","00…","2026-03-02T00:00:00.000000+00:00"]\\n' | sha256sum`"""


def test_sealing_twice_is_harmless(sealed: Session) -> None:
    assert audit.seal(sealed, now=NOW) == 0
    assert audit.verify(sealed).seals == 3


def test_a_batch_has_its_limit_and_the_next_one_goes_on(session: Session) -> None:
    write(session, 5)

    assert [audit.seal(session, now=NOW, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    assert audit.verify(session).is_whole


@pytest.mark.parametrize(
    "change",
    [
        "action = 'order.released'",
        "at = at + interval '1 microsecond'",
        "by_kind = 'staff'",
        f"by_id = '{ORDER}'",
        "subject_kind = 'label'",
        "subject_id = null",
        f"patient_id = '{ORDER}'",
        """detail = '{"fill": 1, "codes": ["a", "b"]}'""",
        "seal_seq = 3",
        "seal_seq = 9",
        "seal_seq = null",
    ],
)
def test_a_changed_entry_is_found(sealed: Session, change: str) -> None:
    with as_intruder(sealed):
        sealed.execute(
            text(
                f"update audit_entries set {change} where id ="
                " (select min(id) + 1 from audit_entries where seal_seq = 2)"
            )
        )

    broken = audit.verify(sealed).broken

    assert broken is not None
    assert broken.seq == 2


def test_an_entry_under_a_seal_that_never_was_is_found(sealed: Session) -> None:
    with as_intruder(sealed):
        sealed.execute(text("update audit_entries set seal_seq = 0 where seal_seq = 2"))

    assert audit.verify(sealed).broken == audit.Broken(0, "entries name a seal that is not there")


def test_a_deleted_entry_is_found(sealed: Session) -> None:
    with as_intruder(sealed):
        sealed.execute(
            text("delete from audit_entries where id = (select max(id) from audit_entries)")
        )

    broken = audit.verify(sealed).broken

    assert broken == audit.Broken(3, "it covers 3 entries, but 2 are there")


def test_an_inserted_entry_is_found(sealed: Session) -> None:
    with as_intruder(sealed):
        sealed.execute(
            text(
                "insert into audit_entries (at, action, by_kind, subject_kind, seal_seq)"
                " values (now(), 'order.read', 'staff', 'order', 1)"
            )
        )

    broken = audit.verify(sealed).broken

    assert broken == audit.Broken(1, "it covers 3 entries, but 4 are there")


@pytest.mark.parametrize(
    ("change", "seq"),
    [
        ("delete from audit_seals where seq = 2", 2),
        ("update audit_seals set sealed_at = now() where seq = 2", 2),
        ("update audit_seals set sha256 = decode(repeat('00', 32), 'hex') where seq = 2", 2),
        ("update audit_seals set entries = 4 where seq = 1", 1),
        ("update audit_seals set seq = 4 where seq = 3", 3),
        ("delete from audit_seals where seq = 1", 1),
        ("delete from audit_seals where seq = 3", 3),
        ("delete from audit_seals", 1),
    ],
)
def test_a_changed_seal_is_found(sealed: Session, change: str, seq: int) -> None:
    with as_intruder(sealed):
        sealed.execute(text(change))

    broken = audit.verify(sealed).broken

    assert broken is not None
    assert broken.seq == seq


def test_a_chain_that_was_cut_off_is_found_by_a_head_written_down(sealed: Session) -> None:
    head = audit.verify(sealed).head
    with as_intruder(sealed):
        sealed.execute(text("delete from audit_entries where seal_seq = 3"))
        sealed.execute(text("delete from audit_seals where seq = 3"))

    assert audit.verify(sealed).is_whole
    assert audit.verify(sealed, known=head).broken == audit.Broken(
        3, "the chain ends before the seal that was written down"
    )


def test_a_chain_that_was_written_anew_is_found_by_a_head_written_down(sealed: Session) -> None:
    known = Head(2, bytes(32))

    assert audit.verify(sealed, known=known).broken == audit.Broken(
        2, "it is not the seal that was written down"
    )


@pytest.mark.parametrize(
    "change",
    [
        "update audit_entries set action = 'x'",
        "update audit_entries set seal_seq = 1, action = 'x'",
        "delete from audit_entries",
        "truncate audit_entries",
        "delete from audit_seals",
    ],
)
def test_the_database_refuses_what_an_ordinary_connection_tries(
    session: Session, change: str
) -> None:
    write(session)

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(change))


def test_writers_and_sealer_do_not_wait_for_each_other(database: Database) -> None:
    """They are in one thread: a wait would last until its lock timeout ends the test."""

    def impatient(session: Session) -> Session:
        session.execute(text("set local lock_timeout = '2s'"))
        return session

    with database.transaction() as early, database.transaction() as late:
        write(impatient(early), 1)
        write(impatient(late), 1)
        late.commit()
        with database.transaction() as sealer, database.transaction() as other_sealer:
            assert audit.seal(impatient(sealer), now=NOW) == 1
            assert audit.seal(impatient(other_sealer), now=NOW) == 0
            write(early, 1)
        early.commit()
        with database.transaction() as sealer:
            assert audit.seal(impatient(sealer), now=NOW) == 2
            assert audit.verify(sealer).is_whole
