"""The words of labels over HTTP: who reads, writes and approves them."""

from sqlalchemy.orm import Session

from pharmacy.kernel import ids
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.labels import make_spanish
from tests.factories.patients import make_patient

LABEL = "/api/v1/label-texts/es/label"


def test_spanish_ships_as_a_draft_and_english_in_force(client: Client, as_role: AsRole) -> None:
    response = client.get("/api/v1/label-texts/", headers=as_role(Role.ADMINISTRATOR))

    assert response.json() == [
        {"language": "en", "is_approved": True},
        {"language": "es", "is_approved": False},
    ]


def test_a_part_shows_each_text_beside_the_english_one(client: Client, as_role: AsRole) -> None:
    found = client.get(LABEL, headers=as_role(Role.PHARMACIST)).json()

    by_key = {each["key"]: each for each in found["texts"]}
    assert by_key["route"]["english"] == "By mouth."
    assert by_key["route"]["text"] == "Por la boca."
    assert found["editions"] == []
    leaflet = client.get("/api/v1/label-texts/es/leaflet", headers=as_role(Role.PHARMACIST))
    assert leaflet.json()["measured"].startswith("Fernández Huerta")


def test_one_pharmacist_writes_and_another_approves(client: Client, as_role: AsRole) -> None:
    writer, approver = as_role(Role.PHARMACIST), as_role(Role.PHARMACIST)
    changes = {"route": make_spanish()["route"].replace("Por la boca", "Se traga")}

    drafted = client.post(
        f"{LABEL}/editions", headers=writer, json={"reason": "Clearer", "changes": changes}
    )
    assert (drafted.status_code, drafted.json()["status"]) == (201, "draft")
    own = client.post(f"{LABEL}/editions/1/approval", headers=writer)
    assert own.status_code == 409
    approved = client.post(f"{LABEL}/editions/1/approval", headers=approver)
    assert (approved.status_code, approved.json()["status"]) == (200, "approved")
    again = client.post(f"{LABEL}/editions/1/rejection", headers=approver, json={"reason": "No"})
    assert again.json()["type"] == "/problems/label-texts-decided"


def test_a_text_that_fills_in_something_else_is_refused(client: Client, as_role: AsRole) -> None:
    response = client.post(
        f"{LABEL}/editions",
        headers=as_role(Role.PHARMACIST),
        json={"reason": "Shorter", "changes": {"step": "Paso"}},
    )

    assert response.status_code == 422
    assert response.json()["type"] == "/problems/label-text-unlike"


def test_a_pharmacist_says_how_a_patient_reads(
    client: Client, as_role: AsRole, session: Session
) -> None:
    patient = ids.encode("pat", make_patient(session).id)
    body = {"language": "es", "large_print": True, "reason": "Asked for on the phone."}

    refused = client.post(
        f"/api/v1/patients/{patient}/reading", headers=as_role(Role.TECHNICIAN), json=body
    )
    response = client.post(
        f"/api/v1/patients/{patient}/reading", headers=as_role(Role.PHARMACIST), json=body
    )

    assert refused.status_code == 403
    assert response.json() == {
        "patient": patient,
        "language": "es",
        "large_print": True,
        "orders_drawn_again": [],
    }
