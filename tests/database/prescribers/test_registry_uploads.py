"""Registry files that an administrator sends: read in stretches, taken over whole or not at all."""

import io
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from pharmacy.infra import jobs
from pharmacy.infra.db import Database
from pharmacy.kernel.jobs import JobKind
from pharmacy.prescribers import operations, queries
from pharmacy.prescribers.models import (
    RegistryExclusion,
    RegistryImport,
    RegistryLicense,
    RegistryProvider,
    RegistryUpload,
    RegistryUploadPart,
    RegistryUploadRow,
)
from pharmacy.prescribers.operations import Described, registry_uploads
from pharmacy.prescribers.rules.uploads import (
    UploadEmpty,
    UploadPacked,
    UploadState,
    UploadTooLarge,
    UploadUnderWay,
)
from pharmacy.staff.rules import WORKER, Actor, PermissionMissing, Role
from pharmacy.workers import registries as worker
from pharmacy.workers.run import carry_out, run
from tests.conftest import NOW
from tests.factories.practice import make_site
from tests.factories.registry_files import (
    ANN,
    EXCLUDED,
    LEIE_HEADINGS,
    LICENSE_HEADINGS,
    LICENSED,
    NPPES_HEADINGS,
    TODAY,
    csv_text,
)
from tests.factories.staff import make_actor

PEOPLE = [{**EXCLUDED, "FIRSTNAME": f"P{number:03}"} for number in range(60)]


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A part holds some two rows and a stretch some ten, so that rows lie across both."""
    monkeypatch.setattr(registry_uploads, "PART", 113)
    monkeypatch.setattr(registry_uploads, "STRETCH", 600)


def send(session: Session, body: str | bytes, *, by: Actor | None = None, **said: Any) -> Any:
    make_site(session) if session.scalar(text("select count(*) from site")) == 0 else None
    file = io.BytesIO(body.encode() if isinstance(body, str) else body)
    described = Described(**{"kind": "leie", "file_name": "UPDATED.csv", "file_date": TODAY} | said)
    by = by or make_actor(session, Role.ADMINISTRATOR)
    return operations.receive(session, file, described, by=by, now=NOW)


def through(session: Session, upload: RegistryUpload) -> int:
    """Read a file to its end; return in how many stretches."""
    count = 1
    while operations.go_on_importing(session, upload.id, by=WORKER, now=NOW) is jobs.Progress.MORE:
        count += 1
    return count


def counts(upload: RegistryUpload) -> tuple[int | None, ...]:
    return upload.rows_added, upload.rows_changed, upload.rows_closed


def number_of(session: Session, *tables: type[Any]) -> list[int]:
    return [session.scalar(select(func.count()).select_from(each)) or 0 for each in tables]


def test_a_list_is_taken_over_after_its_last_stretch_and_not_before(session: Session) -> None:
    upload = send(session, csv_text(LEIE_HEADINGS, PEOPLE))
    operations.go_on_importing(session, upload.id, by=WORKER, now=NOW)

    assert 0 < upload.rows_read < 60
    assert 0 < upload.bytes_read < upload.size
    assert number_of(session, RegistryExclusion, RegistryImport) == [0, 0]

    assert through(session, upload) > 3
    assert (upload.state, upload.rows_read, upload.bytes_read) == (
        UploadState.IMPORTED,
        60,
        upload.size,
    )
    assert number_of(session, RegistryExclusion, RegistryImport) == [60, 1]
    assert number_of(session, RegistryUploadPart, RegistryUploadRow) == [0, 0]
    [taken] = queries.newest_imports(session)
    assert (taken.file_name, taken.file_sha256, taken.rows_kept) == (
        "UPDATED.csv",
        upload.sha256,
        60,
    )


def test_what_was_added_changed_and_closed_is_counted(session: Session) -> None:
    """Of P000 to P059: P000 is reinstated later, P001 gone, P060 and P061 new."""
    through(session, send(session, csv_text(LEIE_HEADINGS, PEOPLE)))
    later = [{**PEOPLE[0], "WAIVERDATE": "20260101"}, *PEOPLE[2:]]
    later += [{**EXCLUDED, "FIRSTNAME": f"P{number:03}"} for number in (60, 61)]
    upload = send(session, csv_text(LEIE_HEADINGS, later))
    through(session, upload)

    assert counts(upload) == (2, 1, 1)


def test_a_board_s_own_headings_and_state_are_given_with_the_file(session: Session) -> None:
    own = [{**LICENSED, "license_number": f"T{number}"} for number in range(5)]
    head = [name for name in LICENSE_HEADINGS if name != "state"]
    for row in own:
        row.pop("state")
    body = csv_text(head, own).replace("status", "License Status", 1)
    how = {"kind": "licenses", "licenses_of": "TX", "columns": {"status": "License Status"}}
    through(session, send(session, body, **how))
    own[0]["status"], own[4]["license_number"] = "Revoked", "T9"
    upload = send(session, csv_text(head, own), **how | {"columns": {}})
    through(session, upload)

    assert counts(upload) == (1, 1, 1)
    revoked = session.get_one(RegistryLicense, ("TX", "T0"))
    session.refresh(revoked)
    assert revoked.status_raw == "Revoked"


def test_an_npi_that_was_deactivated_counts_as_closed(session: Session) -> None:
    body = "\N{BYTE ORDER MARK}" + csv_text(NPPES_HEADINGS, [ANN])
    through(session, send(session, body, kind="nppes"))
    gone = {**ANN, "NPI Deactivation Date": "02/02/2026"}
    other = {**ANN, "NPI": "1999999984"}
    upload = send(session, csv_text(NPPES_HEADINGS, [gone, other]), kind="nppes")
    through(session, upload)

    assert counts(upload) == (1, 1, 1)
    ann = session.get_one(RegistryProvider, "1234567893", populate_existing=True)
    assert [each["primary"] for each in ann.taxonomies] == [False, True]


def test_damaged_rows_are_named_by_line_and_the_file_is_refused(session: Session) -> None:
    """The heading is line 1, so that P010 stands on line 12."""
    people = [dict(each) for each in PEOPLE]
    people[10]["DOB"] = "1970Mai6"
    people[50]["EXCLDATE"] = "00000000"
    text_ = csv_text(LEIE_HEADINGS, people) + "too,few\r\n"
    upload = send(session, text_)
    through(session, upload)

    assert (upload.state, upload.refusal) == (UploadState.REFUSED, "registry-row-unreadable")
    assert [each["line"] for each in upload.refused] == [12, 52, 62]
    assert "1970" not in str(upload.refused)
    assert upload.refused_rows == 3
    assert number_of(session, RegistryExclusion, RegistryImport) == [0, 0]
    assert number_of(session, RegistryUploadPart, RegistryUploadRow) == [0, 0]


@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (lambda body: body.replace(b"EXCLDATE", b"DATE", 1), "registry-heading-missing"),
        (lambda body: body + b'"unclosed', "registry-row-unreadable"),
        (lambda body: body.replace(b"P040", b"P\0", 1), "registry-row-unreadable"),
        (lambda body: body.replace(b"P040", b"P\xff", 1), "registry-file-not-text"),
        (lambda body: body.split(b"\n", 1)[0] + b"\n", "registry-row-unreadable"),
        (lambda _: b"<!DOCTYPE html><html></html>", "registry-heading-missing"),
        (lambda body: b"\n".join(body.split(b"\n")[:20]) + b"\n", "registry-file-too-short"),
    ],
)
def test_a_damaged_file_leaves_everything_as_it_was(
    session: Session, damage: Any, code: str
) -> None:
    body = csv_text(LEIE_HEADINGS, PEOPLE).encode()
    through(session, send(session, body))

    upload = send(session, damage(body))
    through(session, upload)

    assert (upload.state, upload.refusal) == (UploadState.REFUSED, code)
    assert number_of(session, RegistryExclusion, RegistryImport) == [60, 1]


def test_rows_with_line_breaks_inside_lie_across_parts(session: Session) -> None:
    body = csv_text(LEIE_HEADINGS, [{**each, "ADDRESS": "1 Main\nSt"} for each in PEOPLE])
    upload = send(session, body)
    through(session, upload)

    assert (upload.state, upload.rows_read, upload.lines_read) == (UploadState.IMPORTED, 60, 121)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [(b"", UploadEmpty), (b"PK\x03\x04zip", UploadPacked), (b"x" * 2001, UploadTooLarge)],
)
def test_what_is_no_list_is_refused_at_once(
    session: Session, monkeypatch: pytest.MonkeyPatch, body: bytes, refusal: type[Exception]
) -> None:
    monkeypatch.setattr(registry_uploads, "MOST_BYTES", 2000)

    with pytest.raises(refusal):
        send(session, body)


def test_only_administrators_send_files_and_one_at_a_time(session: Session) -> None:
    with pytest.raises(PermissionMissing):
        send(session, "x", by=make_actor(session, Role.PHARMACIST))
    first = send(session, csv_text(LEIE_HEADINGS, PEOPLE))
    with pytest.raises(UploadUnderWay):
        send(session, csv_text(LEIE_HEADINGS, PEOPLE))

    session.execute(text("update jobs set state = 'dead'"))
    second = send(session, csv_text(LEIE_HEADINGS, PEOPLE))
    through(session, second)

    assert (first.state, second.state) == (UploadState.GIVEN_UP, UploadState.IMPORTED)
    with pytest.raises(DBAPIError, match="keeps what was found"):
        session.execute(text("update registry_uploads set rows_read = 0"))


def test_a_worker_that_dies_while_reading_costs_a_stretch_and_doubles_nothing(
    database: Database,
) -> None:
    with database.transaction() as session:
        upload_id = send(session, csv_text(LEIE_HEADINGS, PEOPLE)).id
        [job] = jobs.listing(session, kind=JobKind.IMPORT_REGISTRY)
    run(database, job.id, JobKind.IMPORT_REGISTRY, worker.read)
    with database.transaction() as session:  # it claims, and is never heard of again
        lost = jobs.claim(session, job.id, kind=JobKind.IMPORT_REGISTRY, worker="lost")
    assert lost is not None
    with database.transaction() as session:
        session.execute(text("update jobs set lease_until = now() - interval '1 s'"))
        jobs.sweep(session)
        session.execute(text("update jobs set run_at = now()"))
    run(database, job.id, JobKind.IMPORT_REGISTRY, worker.read)

    carry_out(database, lost, worker.read)  # it was only slow: what it does is undone
    for _ in range(60):
        run(database, job.id, JobKind.IMPORT_REGISTRY, worker.read)

    with database.transaction() as session:
        upload = session.get_one(RegistryUpload, upload_id)
        assert (upload.state, upload.rows_read) == (UploadState.IMPORTED, 60)
        assert number_of(session, RegistryExclusion, RegistryImport) == [60, 1]
        assert jobs.get(session, job.id).state is jobs.JobState.DONE
