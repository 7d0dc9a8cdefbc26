"""What patients answered, and what screening found, over HTTP."""

from typing import Any

from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.kernel.ids import encode
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.patients.models import Patient
from pharmacy.patients.rules import Topic
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole
from tests.factories.patients import make_patient
from tests.factories.practice import make_site
from tests.factories.prescriptions import make_prescription
from tests.factories.screening import screen_fill

Client = TestClient[Litestar]
ALL_NO = [{"topic": topic.value, "answer": "no"} for topic in Topic]


def health(patient: Patient) -> str:
    return f"/api/v1/patients/{encode('pat', patient.id)}/health"


def answers(*changed: dict[str, Any]) -> dict[str, Any]:
    topics = {one["topic"] for one in changed}
    return {
        "source": "patient-phone",
        "answers": [*changed, *(one for one in ALL_NO if one["topic"] not in topics)],
    }


def make_order(session: Session) -> Order:
    make_site(session)
    prescription = make_prescription(session)
    order = Order(
        prescription_id=prescription.id,
        fill_no=1,
        authorised_fills=1,
        patient_id=prescription.patient_id,
        npi=prescription.npi,
        status=Status.REVIEW,
        received_at=NOW,
        due_at=NOW,
        status_since=NOW,
    )
    session.add(order)
    session.flush()
    screen_fill(session, prescription)
    return order


def test_every_question_is_shown_and_what_was_not_asked_has_no_answer(
    client: Client, session: Session, as_role: AsRole
) -> None:
    patient = make_patient(session)

    answer = client.get(health(patient), headers=as_role(Role.PHARMACIST))

    assert answer.status_code == 200, answer.text
    topics = answer.json()["topics"]
    assert [one["topic"] for one in topics] == [topic.value for topic in Topic]
    assert all(one["question"].endswith("?") and one["answer"] is None for one in topics)
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry is not None
    assert (entry.action, entry.patient_id) == ("patient.health-read", patient.id)


def test_answers_screen_the_patients_open_orders_again(
    client: Client, session: Session, as_role: AsRole
) -> None:
    order = make_order(session)
    patient = session.get_one(Patient, order.patient_id)
    path = f"/api/v1/orders/{encode('ord', order.id)}/findings"
    headers = as_role(Role.PHARMACIST)
    before = client.get(path, headers=headers).json()["findings"]

    opioid = {
        "topic": "opioids",
        "answer": "yes",
        "details": {"medicines": [{"name": "oxycodone", "last_taken_on": "2026-03-01"}]},
    }
    recorded = client.post(health(patient), json=answers(opioid), headers=headers)

    after = client.get(path, headers=headers).json()["findings"]
    assert len(before) == len(Topic) - 1  # of the last step only who had one is asked
    assert recorded.status_code == 201, recorded.text
    assert recorded.json()["orders_screened"] == [encode("ord", order.id)]
    assert [(one["rule"], one["severity"], one["is_settled"]) for one in after] == [
        ("R02", "block", False)
    ]
    assert after[0]["inputs"]["earliest_first_dose"] == "2026-03-11"


def test_a_block_is_overridden_by_a_pharmacist_who_asked_the_prescriber(
    client: Client, session: Session, as_role: AsRole
) -> None:
    order = make_order(session)
    patient = session.get_one(Patient, order.patient_id)
    headers = as_role(Role.PHARMACIST)
    immune = {
        "topic": "immunosuppressants",
        "answer": "yes",
        "details": {"medicines": [{"name": "prednisone", "rxnorm": "8640"}]},
    }
    client.post(health(patient), json=answers(immune), headers=headers)
    order_id = encode("ord", order.id)
    (finding,) = client.get(f"/api/v1/orders/{order_id}/findings", headers=headers).json()[
        "findings"
    ]
    path = f"/api/v1/findings/{finding['id']}/decision"
    body = {"decision": "override", "reason": "Low dose, three weeks."}

    without = client.post(path, json=body, headers=headers)
    with_contact = client.post(
        path,
        json={**body, "prescriber_contact": "Dr. T., by phone, 16:40: go on."},
        headers=headers,
    )

    assert (without.status_code, without.json()["code"]) == (
        422,
        "finding-prescriber-contact-missing",
    )
    assert with_contact.status_code == 200, with_contact.text
    assert with_contact.json()["is_settled"] is True


def test_an_answer_that_contradicts_itself_is_refused(
    client: Client, session: Session, as_role: AsRole
) -> None:
    patient = make_patient(session)
    wrong = {"topic": "liver", "answer": "no", "details": {"kinds": ["liver-failure"]}}

    answer = client.post(health(patient), json=answers(wrong), headers=as_role(Role.TECHNICIAN))

    assert (answer.status_code, answer.json()["code"]) == (422, "health-answer-invalid")


def test_a_clinic_sees_its_own_patients_and_findings_only(
    client: Client, session: Session, as_role: AsRole
) -> None:
    order = make_order(session)
    patient = session.get_one(Patient, order.patient_id)
    own, other = as_role(Role.EHR_CLIENT), as_role(Role.EHR_CLIENT, npi="1999999984")
    findings = f"/api/v1/orders/{encode('ord', order.id)}/findings"

    assert client.get(health(patient), headers=own).status_code == 200
    assert client.get(findings, headers=own).status_code == 200
    hidden = client.get(health(patient), headers=other)
    assert (hidden.status_code, hidden.json()["code"]) == (404, "patient-not-found")
    hidden = client.get(findings, headers=other)
    assert (hidden.status_code, hidden.json()["code"]) == (404, "order-not-found")
    nothing = client.get("/api/v1/patients/pat_none/health", headers=own)
    assert nothing.status_code == 404
