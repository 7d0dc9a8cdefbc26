"""Questions and answers over HTTP: a clinic sees those to its own prescribers."""

import pytest
from sqlalchemy.orm import Session

from pharmacy.kernel.ids import encode
from pharmacy.orders.rules import Status
from pharmacy.patients.models import Patient
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.bundles import fresh_bundle, resource, signed
from tests.factories.orders import Bench
from tests.factories.prescribers import JORDAN

BODY = {"kind": "dose", "words": "3 mg or 30 mg?", "field": "dosageInstruction[1]"}


@pytest.fixture
def clinic(as_role: AsRole) -> Headers:
    return as_role(Role.EHR_CLIENT, npi=JORDAN)


def test_a_clinic_reads_its_questions_and_answers_them(
    bench: Bench, client: Client, clinic: Headers, as_role: AsRole
) -> None:
    order = bench.order(Status.REVIEW)
    url = f"/api/v1/orders/{encode('ord', order.id)}/clarifications"
    asked = client.post(url, headers=as_role(Role.PHARMACIST), json=BODY)

    waiting = client.get("/api/v1/clarifications", headers=clinic).json()["items"]
    others = as_role(Role.EHR_CLIENT, npi="1999999901")
    answered = client.post(
        f"{url}/{asked.json()['id']}/answer", headers=clinic, json={"words": "3 mg."}
    )

    assert asked.status_code == 201
    assert [each["words"] for each in waiting] == ["3 mg or 30 mg?"]
    assert client.get("/api/v1/clarifications", headers=others).json()["items"] == []
    foreign = client.post(
        f"{url}/{asked.json()['id']}/answer", headers=others, json={"words": "30 mg."}
    )
    assert foreign.status_code == 404
    assert (answered.json()["state"], answered.json()["answer"]) == ("answered", "text")
    assert client.get("/api/v1/clarifications", headers=clinic).json()["items"] == []


def test_a_clinic_answers_with_a_new_signature(
    bench: Bench, client: Client, session: Session, clinic: Headers, as_role: AsRole
) -> None:
    jose = {**clinic, "content-type": "application/jose"}
    first = client.post(
        "/api/v1/prescriptions", headers=jose, content=signed(fresh_bundle(), bench.key)
    ).json()
    url = f"/api/v1/orders/{first['order']}/clarifications"
    asked = client.post(url, headers=as_role(Role.PHARMACIST), json=BODY).json()
    mrn = session.query(Patient.identifier_value).order_by(Patient.id.desc()).first()[0]

    def same_patient(bundle: dict) -> None:
        resource(bundle, "Patient")["identifier"][0]["value"] = mrn

    replaced = client.post(
        f"{url}/{asked['id']}/prescription",
        headers=jose,
        content=signed(fresh_bundle(same_patient), bench.key),
    )

    assert replaced.status_code == 201, replaced.text
    assert replaced.json()["order"] != first["order"]
    old = client.get(f"/api/v1/orders/{first['order']}", headers=clinic).json()
    assert old["status"] == "cancelled"
