"""The trail through the door: filters, pages, and that reading it is on record."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.infra.audit import AuditEntry
from pharmacy.kernel import ids
from pharmacy.kernel.ids import new_id
from pharmacy.staff.rules import Actor, Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client
from tests.factories.staff import make_actor

PATH = "/api/v1/audit"
PATIENT, OTHER, ORDER = new_id(), new_id(), new_id()


@pytest.fixture
def pharmacist(session: Session) -> Actor:
    return make_actor(session, Role.PHARMACIST)


@pytest.fixture
def auditor(as_role: AsRole) -> dict[str, str]:
    return as_role(Role.AUDITOR)


def look(session: Session, by: Actor, patient: UUID, *, minutes: int = 0) -> None:
    audit.record(
        session,
        "order.read",
        by=by,
        at=NOW + timedelta(minutes=minutes),
        subject_kind="order",
        subject_id=ORDER,
        patient_id=patient,
    )


def test_who_looked_at_this_patient(
    client: Client, session: Session, pharmacist: Actor, auditor: dict[str, str]
) -> None:
    look(session, pharmacist, PATIENT)
    look(session, pharmacist, OTHER)

    page = client.get(PATH, headers=auditor, params={"patient": ids.encode("pat", PATIENT)})

    assert page.status_code == 200
    (entry,) = page.json()["items"]
    assert pharmacist.id is not None
    assert entry["action"] == "order.read"
    assert entry["by"] == ids.encode("acc", pharmacist.id)
    assert entry["subject"] == ids.encode("ord", ORDER)
    assert entry["patient"] == ids.encode("pat", PATIENT)


def test_every_filter_narrows(
    client: Client, session: Session, pharmacist: Actor, auditor: dict[str, str]
) -> None:
    for minutes in range(4):
        look(session, pharmacist, PATIENT, minutes=minutes)
    assert pharmacist.id is not None
    filters = {
        "subject": ids.encode("ord", ORDER),
        "by": ids.encode("acc", pharmacist.id),
        "action": "order.read",
        "since": (NOW + timedelta(minutes=1)).isoformat(),
        "until": (NOW + timedelta(minutes=3)).isoformat(),
    }

    found = client.get(PATH, headers=auditor, params=filters).json()["items"]
    none = client.get(PATH, headers=auditor, params={**filters, "action": "order.packed"}).json()

    assert [entry["at"] for entry in found] == ["2026-03-02T22:32:00Z", "2026-03-02T22:31:00Z"]
    assert none["items"] == []


def test_the_newest_come_first_in_pages_that_do_not_shift(
    client: Client, session: Session, pharmacist: Actor, auditor: dict[str, str]
) -> None:
    for _ in range(5):
        look(session, pharmacist, PATIENT)
    params = {"patient": ids.encode("pat", PATIENT), "limit": 2}
    first = client.get(PATH, headers=auditor, params=params).json()
    look(session, pharmacist, PATIENT)
    second = client.get(PATH, headers=auditor, params={**params, "cursor": first["next"]}).json()

    numbers = [entry["id"] for page in (first, second) for entry in page["items"]]
    assert numbers == sorted(numbers, reverse=True)
    assert len(set(numbers)) == 4


def test_reading_the_trail_is_on_record(
    client: Client, session: Session, auditor: dict[str, str]
) -> None:
    client.get(PATH, headers=auditor, params={"patient": ids.encode("pat", PATIENT)})

    entry = session.scalars(select(AuditEntry)).one()
    assert (entry.action, entry.patient_id) == ("audit.read", PATIENT)


@pytest.mark.parametrize("wanted", ["pat_x", "x", "_", "pat_" + "u" * 26])
def test_an_identifier_of_another_form_is_not_found(
    client: Client, auditor: dict[str, str], wanted: str
) -> None:
    assert client.get(PATH, headers=auditor, params={"patient": wanted}).status_code == 404


def test_the_chain_is_verified_through_the_door(
    client: Client, session: Session, pharmacist: Actor, auditor: dict[str, str]
) -> None:
    look(session, pharmacist, PATIENT)
    audit.seal(session, now=NOW)
    whole = client.get(f"{PATH}/verification", headers=auditor).json()
    session.execute(text("set local session_replication_role = replica"))
    session.execute(text("update audit_entries set action = 'label.read'"))
    broken = client.get(f"{PATH}/verification", headers=auditor).json()

    assert (whole["is_whole"], whole["entries"]) == (True, 1)
    assert whole["head"].startswith("1:")
    assert (broken["is_whole"], broken["broken_seal"]) == (False, 1)
