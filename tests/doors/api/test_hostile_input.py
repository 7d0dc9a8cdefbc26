"""What nobody sends who means well: it is refused in our words, and harms nobody else."""

import base64
import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from pharmacy.kernel.ids import encode
from pharmacy.orders.rules import Status
from pharmacy.patients.models import Patient
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.orders import Bench
from tests.factories.prescribers import make_prescriber
from tests.factories.prescriptions import make_prescription

ROUTES = [
    (Role.PHARMACIST, "/api/v1/prescribers/%00"),
    (Role.PHARMACIST, "/api/v1/prescribers/%00/checks"),
    (Role.AUDITOR, "/api/v1/audit?action=%00"),
    (Role.PHARMACIST, "/static/docs.html%00"),
]
HUGE = [[10**30], [2**63], [-1]]


def cursor(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(("role", "address"), ROUTES)
def test_nul_in_an_address_is_refused_before_anything_is_asked_of_the_database(
    client: Client, as_role: AsRole, role: Role, address: str
) -> None:
    response = client.get(address, headers=as_role(role))

    assert (response.status_code, response.json()["code"]) == (400, "address-malformed")


@pytest.mark.parametrize("values", HUGE)
@pytest.mark.parametrize(
    ("role", "path"), [(Role.AUDITOR, "/api/v1/audit"), (Role.PHARMACIST, "/api/v1/jobs")]
)
def test_a_cursor_beyond_every_row_is_not_one_of_ours(
    client: Client, as_role: AsRole, role: Role, path: str, values: list[Any]
) -> None:
    response = client.get(path, params={"cursor": cursor(values)}, headers=as_role(role))

    assert (response.status_code, response.json()["code"]) == (400, "malformed-cursor")


def test_a_refusal_repeats_nothing_that_was_sent(client: Client, as_role: AsRole) -> None:
    sent = "Avery-Testpatient"

    response = client.get(f"/api/v1/audit?subject={sent}_x", headers=as_role(Role.AUDITOR))

    assert response.status_code == 404
    assert sent not in response.text


def test_a_compressed_body_is_refused_on_every_route(client: Client, as_role: AsRole) -> None:
    headers = {**as_role(Role.ADMINISTRATOR), "Content-Encoding": "gzip"}

    response = client.post("/api/v1/staff", json={}, headers=headers)

    assert (response.status_code, response.json()["code"]) == (415, "wrong-media-type")


@pytest.mark.parametrize(
    ("deadline_at", "status"),
    [
        ("2026-12-01T00:00:00", 400),
        ("9999-12-31T23:59:59-14:00", 422),
        ("0001-01-01T00:00:00+14:00", 422),
    ],
)
def test_one_hold_with_an_impossible_deadline_does_not_take_the_queue_from_everybody(
    client: Client, session: Session, as_role: AsRole, deadline_at: str, status: int
) -> None:
    order = Bench(session).order(Status.PLANNED)
    technician = as_role(Role.TECHNICIAN)
    body = {"code": "call-back", "words": "Call.", "deadline_at": deadline_at}

    held = client.post(
        f"/api/v1/orders/{encode('ord', order.id)}/holds", json=body, headers=technician
    )

    assert held.status_code == status
    assert client.get("/api/v1/orders", headers=technician).status_code == 200


@pytest.mark.parametrize("first_dose_on", ["0001-01-01", "9999-12-31"])
def test_an_order_is_not_approved_for_a_day_beyond_the_calendar(
    client: Client, session: Session, as_role: AsRole, first_dose_on: str
) -> None:
    bench = Bench(session)
    order = bench.order(Status.REVIEW)
    bench.decide(order)

    response = client.post(
        f"/api/v1/orders/{encode('ord', order.id)}/approval",
        json={"first_dose_on": first_dose_on},
        headers={**as_role(Role.PHARMACIST), "If-Match": f'"{order.version}"'},
    )

    assert (response.status_code, response.json()["code"]) == (422, "dates-impossible")


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
@pytest.mark.parametrize("topic", ["opioids", "surgery"])
def test_an_answer_with_a_day_beyond_the_calendar_is_refused(
    client: Client, session: Session, as_role: AsRole, day: str, topic: str
) -> None:
    order = Bench(session).order(Status.REVIEW)
    taken = {"medicines": [{"name": "oxycodone", "last_taken_on": day}]}
    details = taken if topic == "opioids" else {"on": day}
    answer = {"topic": topic, "answer": "yes", "details": details}

    response = client.post(
        f"/api/v1/patients/{encode('pat', order.patient_id)}/health",
        json={"source": "patient-phone", "answers": [answer]},
        headers=as_role(Role.TECHNICIAN),
    )

    assert (response.status_code, response.json()["code"]) == (422, "health-answer-invalid")


def test_signing_for_anothers_identifier_opens_nothing_of_theirs(
    client: Client, session: Session, as_role: AsRole
) -> None:
    """Identifiers are guessed easily; whose they are shows in name and birth date."""
    bench, attacker = Bench(session), "1999999901"
    make_prescriber(session, attacker)
    order = bench.order(Status.REVIEW)
    forged = make_prescription(
        session,
        npi=attacker,
        patient=session.get_one(Patient, order.patient_id),
        disagreements=[{"code": "patient-details-differ", "words": "W.", "step": None}],
    )
    theirs = bench.order(Status.REVIEW, prescription=forged)
    outsider = as_role(Role.PHYSICIAN, npi=attacker)
    path = f"/api/v1/orders/{encode('ord', theirs.id)}"

    health = f"/api/v1/patients/{encode('pat', order.patient_id)}/health"
    assert client.get(health, headers=outsider).status_code == 404
    assert client.get(path, headers=outsider).json()["patient"]["name"] is None
    findings = client.get(f"{path}/findings", headers=outsider)
    assert (findings.status_code, findings.json()["code"]) == (403, "patient-unsettled")
