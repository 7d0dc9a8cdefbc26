"""Who is let in."""

from litestar import Litestar
from litestar.testing import TestClient

from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole


def test_a_signed_in_person_is_told_who_they_are(
    client: TestClient[Litestar], as_role: AsRole
) -> None:
    response = client.get("/api/v1/me", headers=as_role(Role.PHARMACIST))

    assert response.status_code == 200
    assert response.json()["roles"] == ["pharmacist"]


def test_nobody_is_told_to_sign_in(client: TestClient[Litestar]) -> None:
    response = client.get("/api/v1/me")

    assert response.status_code == 401
    assert response.json()["code"] == "not-signed-in"


def test_an_ehr_client_comes_in_with_its_key(client: TestClient[Litestar], as_role: AsRole) -> None:
    response = client.get("/api/v1/me", headers=as_role(Role.EHR_CLIENT))

    assert response.json()["roles"] == ["ehr-client"]
