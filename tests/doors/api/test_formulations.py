"""Formulations over HTTP: two pharmacists, and what each version says."""

from typing import Any

from sqlalchemy.orm import Session

from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.titration import make_formulations

PATH = "/api/v1/formulations"
BODY: dict[str, Any] = {
    "strength_mg": "2.25",
    "capsule_size": "3",
    "filler": "microcrystalline-cellulose",
    "description": "white capsule",
    "overage": "0.03",
    "beyond_use_days": 180,
    "reason": "half steps for one clinic",
}


def test_two_pharmacists_put_a_version_in_force(client: Client, as_role: AsRole) -> None:
    first, second = as_role(Role.PHARMACIST), as_role(Role.PHARMACIST)

    proposed = client.post(f"{PATH}/proposals", headers=first, json=BODY)
    path = f"{PATH}/proposals/{proposed.json()['id']}/approval"
    alone = client.post(path, headers=first)
    approved = client.post(path, headers=second)

    assert (proposed.status_code, alone.status_code, approved.status_code) == (201, 409, 201)
    assert alone.json()["code"] == "second-person-needed"
    shown = client.get(f"{PATH}/{approved.json()['id']}", headers=as_role(Role.TECHNICIAN)).json()
    assert (shown["strength_mg"], shown["version"]) == ("2.25", 1)
    assert [step["title"] for step in shown["record"]["steps"]][:2] == ["Prepare", "Weigh"]
    assert len(set(shown["approved_by"])) == 2
    assert client.get(f"{PATH}/proposals", headers=first).json() == []


def test_an_incomplete_record_names_what_is_missing(client: Client, as_role: AsRole) -> None:
    pharmacist = as_role(Role.PHARMACIST)
    record = client.post(f"{PATH}/proposals", headers=pharmacist, json=BODY).json()["record"]

    refused = client.post(
        f"{PATH}/proposals",
        headers=pharmacist,
        json=BODY | {"record": record | {"storage": "", "steps": []}},
    )

    assert (refused.status_code, refused.json()["code"]) == (422, "formulation-record-incomplete")
    assert "storage" in refused.json()["detail"]
    assert "steps" in refused.json()["detail"]


def test_a_rejected_version_says_why(client: Client, as_role: AsRole) -> None:
    proposed = client.post(f"{PATH}/proposals", headers=as_role(Role.PHARMACIST), json=BODY).json()

    rejected = client.post(
        f"{PATH}/proposals/{proposed['id']}/rejection",
        headers=as_role(Role.PHARMACIST),
        json={"reason": "use 1.5 and 4.5"},
    )

    assert (rejected.status_code, rejected.json()["rejected_because"]) == (200, "use 1.5 and 4.5")


def test_what_is_in_force_is_listed(client: Client, session: Session, as_role: AsRole) -> None:
    make_formulations(session)
    technician = as_role(Role.TECHNICIAN)

    listed = client.get(PATH, headers=technician).json()
    one = client.get(PATH, headers=technician, params={"strength_mg": "1.5"}).json()

    assert [each["strength_mg"] for each in listed] == ["0.5", "1.5", "3", "4.5"]
    assert [each["strength_mg"] for each in one] == ["1.5"]
