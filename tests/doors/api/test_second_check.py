"""The second check over HTTP: what is shown, how it is signed, and how pictures come and go."""

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from pharmacy.dispensing import queries as checks
from pharmacy.infra.audit import AuditEntry
from pharmacy.infra.jobs import Job
from pharmacy.inventory.models import CapsuleLot
from pharmacy.kernel.ids import encode
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders import operations
from pharmacy.orders.models import Container, Order
from pharmacy.orders.rules import Status
from pharmacy.patients.models import Patient
from pharmacy.prescribers.models import RegistryImport, RegistryProvider
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client, Clock, Headers
from tests.factories.orders import Bench
from tests.factories.prescribers import KNOWN_TO_NPPES, NppesService
from tests.factories.staff import hashed, make_account, make_session

PASSWORD = "lamp orbit quiet fern"
BYTES = {"content-type": "application/octet-stream"}


@pytest.fixture
def pharmacist(session: Session) -> Headers:
    """Somebody with a password, who signed in ten minutes ago."""
    account = make_account(session, Role.PHARMACIST, password_hash=hashed(PASSWORD))
    token = make_session(session, account, at=NOW - timedelta(minutes=10))
    return {"Authorization": f"Bearer {token}"}


def url(order: Order, *rest: str) -> str:
    return "/".join(["/api/v1/orders", encode("ord", order.id), *rest])


def release(client: Client, order: Order, headers: Headers, **body: str) -> tuple[int, str]:
    check = client.get(url(order, "second-check"), headers=headers).json()
    match = {"If-Match": f'"{check["version"]}"'}
    signed = {"record_sha256": check["record_sha256"]} | body
    response = client.post(url(order, "release"), headers={**headers, **match}, json=signed)
    return response.status_code, response.json().get("code", response.json().get("status"))


def test_a_release_asks_for_the_password_anew(
    bench: Bench, client: Client, pharmacist: Headers
) -> None:
    order = bench.order(Status.FINAL_CHECK)

    assert release(client, order, pharmacist) == (428, "proof-needed")
    assert release(client, order, pharmacist, password="something else") == (401, "proof-refused")
    assert release(client, order, pharmacist, record_sha256="00" * 32, password=PASSWORD) == (
        409,
        "record-changed",
    )
    assert release(client, order, pharmacist) == (200, "ready")  # shown a moment ago


def test_wrong_passwords_are_counted_and_end_the_session(
    bench: Bench, client: Client, session: Session, pharmacist: Headers
) -> None:
    order = bench.order(Status.FINAL_CHECK)
    check = client.get(url(order, "second-check"), headers=pharmacist).json()
    headers = {**pharmacist, "If-Match": f'"{check["version"]}"'}
    body = {"record_sha256": check["record_sha256"], "password": "a wrong one, again"}

    answers = [
        client.post(url(order, "release"), headers=headers, json=body).status_code for _ in range(6)
    ]

    assert answers == [401] * 6
    failed = select(AuditEntry).where(AuditEntry.action == "session.proof-failed")
    assert len(session.scalars(failed).all()) == 5
    assert client.get("/api/v1/me", headers=pharmacist).status_code == 401


def test_pictures_come_in_as_bytes_and_go_out_locked_down(
    bench: Bench, client: Client, session: Session, as_role: AsRole, clock: Clock
) -> None:
    order = bench.order(Status.LABELING)
    technician = as_role(Role.TECHNICIAN)
    taken = io.BytesIO()
    Image.new("RGB", (8, 8)).save(taken, "PNG")

    sent = client.post(
        url(order, "pictures"), headers={**technician, **BYTES}, content=taken.getvalue()
    )
    shown = client.get(sent.json()["url"], headers=technician)

    assert sent.status_code == 201
    assert Image.open(io.BytesIO(shown.content)).size == (8, 8)
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["x-content-type-options"] == "nosniff"
    listed = client.get(url(order, "pictures"), headers=technician).json()
    assert [each["id"] for each in listed] == [sent.json()["id"]]
    read = select(AuditEntry.patient_id).where(AuditEntry.action == "picture.read")
    assert session.scalars(read).all() == [order.patient_id]


def test_a_picture_of_another_order_is_not_found_under_this_one(
    bench: Bench, client: Client, as_role: AsRole
) -> None:
    order, other = bench.order(Status.LABELING), bench.order(Status.LABELING)
    technician = as_role(Role.TECHNICIAN)
    taken = io.BytesIO()
    Image.new("RGB", (8, 8)).save(taken, "PNG")
    headers = {**technician, **BYTES}
    kept = client.post(url(order, "pictures"), headers=headers, content=taken.getvalue()).json()

    assert client.get(url(other, "pictures", kept["id"]), headers=technician).status_code == 404


def test_the_second_check_is_one_answer(
    bench: Bench, client: Client, session: Session, pharmacist: Headers
) -> None:
    order = bench.order(Status.FINAL_CHECK)

    view = client.get(url(order, "second-check"), headers=pharmacist).json()

    found = checks.second_check(session, order.id)
    patient = session.get_one(Patient, order.patient_id)
    lots = session.scalars(select(Container.lot_id).where(Container.order_id == order.id))
    numbers = {session.get_one(CapsuleLot, each).lot_number for each in lots}
    assert view["signed"]["patient"]["name"] == f"{patient.given} {patient.family}"
    assert [each["text"] for each in view["steps"]] == [
        f"Take {dose} mg at bedtime for 28 days." for dose in ("1.5", "3", "4.5")
    ]
    assert [each["id"] for each in view["containers"]] == bench.codes(order)
    assert {each["scanned_at"] for each in view["containers"]} == {"2026-03-02T22:30:00Z"}
    assert sorted(each["number"] for each in view["lots"]) == sorted(numbers)
    assert view["signed_sha256"] == found.evidence.payload_sha256.hex()
    assert view["record_sha256"] == found.record_sha256().hex()


def test_a_refused_release_owes_a_check_that_asks_the_registrys_service(
    bench: Bench, client: Client, session: Session, pharmacist: Headers
) -> None:
    order = bench.order(Status.FINAL_CHECK)
    session.execute(delete(RegistryProvider))
    session.execute(delete(RegistryImport).where(RegistryImport.kind == "nppes"))

    refused = release(client, order, pharmacist, password=PASSWORD)
    owed = session.scalars(
        select(Job).where(Job.ref_id == order.id, Job.kind == JobKind.CHECK_ORDER)
    ).all()
    operations.check(session, order.id, now=NOW, nppes=NppesService(KNOWN_TO_NPPES))

    assert refused == (409, "order-gate-closed")
    assert len(owed) == 2, "its first, and the one that the refusal owes"
    assert release(client, order, pharmacist, password=PASSWORD) == (200, "ready")
