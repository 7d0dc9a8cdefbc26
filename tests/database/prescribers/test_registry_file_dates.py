"""Of which day a registry's file is, and what is remembered of it."""

import hashlib
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.prescribers import queries
from pharmacy.prescribers.operations import import_leie, import_licenses, import_nppes
from pharmacy.prescribers.operations.registry_takeover import (
    FileDateUnknown,
    FileOutOfOrder,
)
from pharmacy.staff.rules import OPERATOR
from tests.conftest import NOW
from tests.factories.practice import make_site
from tests.factories.registry_files import (
    ANN,
    EXCLUDED,
    HOW,
    LEIE_HEADINGS,
    LICENSE_HEADINGS,
    LICENSED,
    NPPES_HEADINGS,
    TODAY,
    file,
)


@pytest.fixture(autouse=True)
def site(session: Session) -> None:
    make_site(session)


def test_the_files_hash_and_day_are_kept_and_audited(session: Session, tmp_path: Path) -> None:
    path = file(tmp_path, LEIE_HEADINGS, EXCLUDED, name="UPDATED.csv")

    one = import_leie(session, path, **HOW).imports[0]

    assert one.file_sha256 == hashlib.sha256(path.read_bytes()).digest()
    assert (one.file_name, one.file_date, one.rows_kept) == ("UPDATED.csv", TODAY, 1)
    entry = session.scalars(select(AuditEntry)).one()
    assert entry.detail["sha256"] == one.file_sha256.hex()


def test_a_files_day_is_the_one_in_its_name(session: Session, tmp_path: Path) -> None:
    name = "npidata_pfile_20050523-20260208.csv"
    path = file(tmp_path, NPPES_HEADINGS, ANN, name=name)

    one = import_nppes(session, path, by=OPERATOR, now=NOW).imports[0]

    assert one.file_date == date(2026, 2, 8)


def test_without_a_name_that_tells_a_file_is_as_old_as_its_newest_row(
    session: Session, tmp_path: Path
) -> None:
    older = {**EXCLUDED, "EXCLDATE": "20260119"}
    path = file(tmp_path, LEIE_HEADINGS, older, EXCLUDED)

    one = import_leie(session, path, by=OPERATOR, now=NOW).imports[0]

    assert one.file_date == date(2026, 1, 19)


def test_a_boards_file_without_a_day_is_refused(session: Session, tmp_path: Path) -> None:
    with pytest.raises(FileDateUnknown):
        import_licenses(session, file(tmp_path, LICENSE_HEADINGS, LICENSED), by=OPERATOR, now=NOW)


@pytest.mark.parametrize("days", [-1, 3])
def test_a_file_older_than_ours_or_from_the_future_is_refused(
    session: Session, tmp_path: Path, days: int
) -> None:
    path = file(tmp_path, LEIE_HEADINGS, EXCLUDED)
    import_leie(session, path, **HOW)

    with pytest.raises(FileOutOfOrder):
        import_leie(session, path, **{**HOW, "file_date": TODAY + timedelta(days=days)})


def test_many_rows_pass_and_the_progress_is_told(session: Session, tmp_path: Path) -> None:
    people = ({**EXCLUDED, "FIRSTNAME": f"P{n}"} for n in range(20_000))
    path = file(tmp_path, LEIE_HEADINGS, *people)
    told: list[int] = []

    imported = import_leie(session, path, **HOW, tell=told.append)

    assert (imported.rows_read, imported.rows_kept) == (20_000, 20_000)
    assert sum(told) == path.stat().st_size
    assert queries.newest_imports(session)[0].rows_read == 20_000
