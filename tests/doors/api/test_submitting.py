"""A clinic's system sends signed prescriptions and reads them back."""

from uuid import uuid4

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.task import Task
from sqlalchemy import func, select

from pharmacy.infra.audit import AuditEntry
from pharmacy.infra.jobs import Job
from pharmacy.kernel import ids
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders.models import Order
from pharmacy.prescriptions.models import Evidence
from pharmacy.staff.rules import Role
from tests.factories.bundles import fresh_bundle, resource, sample_bundle, signed, step
from tests.factories.practice import make_site
from tests.factories.prescribers import JORDAN, make_key

URL = "/api/v1/prescriptions"
JOSE = {"Content-Type": "application/jose"}
FHIR = {"Accept": "application/fhir+json"}


@pytest.fixture
def key(session):
    make_site(session)
    return make_key(session)


@pytest.fixture
def clinic(as_role):
    return as_role(Role.EHR_CLIENT, npi=JORDAN)


@pytest.fixture
def submitted(client, key, clinic):
    response = client.post(URL, content=signed(sample_bundle(), key), headers=clinic | JOSE)
    assert response.status_code == 201
    return response


def test_a_prescription_becomes_an_order_whose_check_is_owed(session, submitted):
    order_id = ids.decode("ord", submitted.json()["order"])
    order = session.get(Order, order_id)
    job = session.scalars(select(Job)).one()

    assert submitted.headers["location"] == f"/api/v1/orders/{submitted.json()['order']}"
    assert [each["kind"] for each in submitted.json()["prescriptions"]] == [
        "titration",
        "maintenance",
    ]
    assert (order.fill_no, order.number) == (1, submitted.json()["number"])
    assert (job.kind, job.ref_id) == (JobKind.CHECK_ORDER, order_id)


def test_the_same_bytes_again_get_the_same_answer(session, client, key, clinic, submitted):
    again = client.post(URL, content=signed(sample_bundle(), key), headers=clinic | JOSE)

    assert (again.status_code, again.content) == (201, submitted.content)
    assert again.headers["location"] == submitted.headers["location"]
    assert session.scalar(select(func.count()).select_from(Job)) == 1


def test_a_physician_may_send_for_themselves(client, key, as_role):
    headers = as_role(Role.PHYSICIAN, npi=JORDAN)

    sent = client.post(URL, content=signed(sample_bundle(), key), headers=headers | JOSE)

    assert sent.status_code == 201


def test_an_ehr_gets_a_task(client, key, clinic):
    token = signed(sample_bundle(), key)
    first = client.post(URL, content=token, headers=clinic | JOSE | FHIR)
    again = client.post(URL, content=token, headers=clinic | JOSE | FHIR)

    assert first.headers["content-type"] == "application/fhir+json"
    assert first.content == again.content
    task = Task.model_validate_json(first.content)
    assert (task.status, task.intent) == ("accepted", "order")
    assert [each.identifier.value for each in task.basedOn] == [
        "RX-2026-000123-1",
        "RX-2026-000123-2",
    ]


def test_an_ehr_is_told_where_its_bundle_is_wrong(client, key, clinic):
    def twice_a_day(bundle):
        step(bundle, 2)["timing"]["repeat"]["frequency"] = 2

    bad = signed(sample_bundle(twice_a_day), key)
    answer = client.post(URL, content=bad, headers=clinic | JOSE | FHIR)

    assert answer.status_code == 422
    (issue,) = OperationOutcome.model_validate_json(answer.content).issue
    assert issue.details.coding[0].code == "rx-step-frequency"
    assert issue.expression == [
        "Bundle.entry[0].resource.dosageInstruction[1].timing.repeat",
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/jose+json"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {},
        JOSE | {"Content-Encoding": "gzip"},
    ],
)
def test_only_a_plain_token_is_taken(session, client, key, clinic, headers):
    token = signed(sample_bundle(), key)

    assert client.post(URL, content=token, headers=clinic | headers).status_code == 415
    assert session.scalar(select(func.count()).select_from(Evidence)) == 0


def test_nothing_at_all_is_no_token(client, key, clinic):
    answer = client.post(URL, content=b"", headers=clinic | JOSE)

    assert (answer.status_code, answer.json()["code"]) == (400, "RX-SIG-001")


def test_a_request_with_a_key_is_answered_once(session, client, key, clinic):
    headers = clinic | JOSE | {"Idempotency-Key": str(uuid4())}
    token = signed(sample_bundle(), key)
    first = client.post(URL, content=token, headers=headers)
    again = client.post(URL, content=token, headers=headers)
    other = client.post(URL, content=signed(fresh_bundle(), key), headers=headers)

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert other.status_code in {409, 422}
    assert session.scalar(select(func.count()).select_from(Order)) == 1


@pytest.mark.parametrize("more", [{}, {"Idempotency-Key": "a-key-of-ours"}])
def test_a_refused_attempt_is_remembered_without_its_content(session, client, key, clinic, more):
    def elsewhere(bundle):
        resource(bundle, "Organization")["identifier"][0]["value"] = "1999999992"

    bad = signed(sample_bundle(elsewhere), key)
    answer = client.post(URL, content=bad, headers=clinic | JOSE | more)

    assert answer.status_code == 422
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "prescription.refused")
    ).one()
    assert entry.detail["code"] == "RX-SIG-030"
    assert entry.detail.keys() == {"code", "token_sha256"}
    assert session.scalar(select(func.count()).select_from(Evidence)) == 0


def test_a_prescription_can_be_read_with_its_proof(session, client, clinic, submitted):
    first, second = submitted.json()["prescriptions"]
    found = client.get(first["url"], headers=clinic).json()

    assert [(each["dose_mg"], each["days"]) for each in found["steps"]] == [
        ("1.5", 28),
        ("3", 28),
        ("4.5", 28),
    ]
    assert found["followed_by"] == second["id"]
    assert found["disagreements"] == []
    assert found["proof"]["decision"] == "accepted"
    assert client.get(second["url"], headers=clinic).json()["follows"] == first["id"]


def test_the_signed_bytes_can_be_read(client, key, as_role, submitted):
    pharmacist = as_role(Role.PHARMACIST)
    url = submitted.json()["prescriptions"][0]["url"]
    found = client.get(f"{url}/evidence", headers=pharmacist).json()

    assert found["jws"] == signed(sample_bundle(), key).decode()
    assert found["verifications"][0]["kid"] == key.kid


def test_reading_is_written_down(session, client, as_role, submitted):
    url = submitted.json()["prescriptions"][0]["url"]
    client.get(url, headers=as_role(Role.PHARMACIST))
    client.get(f"{url}/evidence", headers=as_role(Role.AUDITOR))

    read = select(AuditEntry).where(AuditEntry.action.in_(["prescription.read", "evidence.read"]))
    entries = session.scalars(read.order_by(AuditEntry.id)).all()
    assert [entry.action for entry in entries] == ["prescription.read", "evidence.read"]
    assert {entry.patient_id for entry in entries} == {entries[0].patient_id}


def test_another_prescribers_prescription_looks_like_none(client, as_role, submitted):
    url = submitted.json()["prescriptions"][0]["url"]
    stranger = as_role(Role.EHR_CLIENT, npi="1999999992")

    for path in (url, f"{url}/evidence", f"{URL}/rx_00000000000000000000000000", f"{URL}/x"):
        assert client.get(path, headers=stranger).status_code == 404
