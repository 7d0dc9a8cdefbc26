"""Licences, policies and coded reasons over HTTP."""

from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client

LICENSE = {"number": "99-1234", "expires_on": "2027-12-31", "scope": "collect"}


def test_a_licence_is_recorded_and_renewed_by_an_administrator(
    client: Client, as_role: AsRole
) -> None:
    administrator, pharmacist = as_role(Role.ADMINISTRATOR), as_role(Role.PHARMACIST)
    url = "/api/v1/licenses/OK"

    assert client.put(url, headers=pharmacist, json=LICENSE).status_code == 403
    client.put(url, headers=administrator, json=LICENSE)
    client.put(url, headers=administrator, json=LICENSE | {"scope": "ship"})

    listed = client.get("/api/v1/licenses", headers=pharmacist).json()
    assert listed == [{"state": "OK"} | LICENSE | {"scope": "ship"}]


def test_a_policy_changes_for_a_reason_that_is_shown(client: Client, as_role: AsRole) -> None:
    administrator = as_role(Role.ADMINISTRATOR)
    url = "/api/v1/policies/working_hours"
    value = ["mon-fri 08:00-18:00"]

    changed = client.put(url, headers=administrator, json={"value": value, "reason": "longer"})
    wrong = client.put(url, headers=administrator, json={"value": ["late"], "reason": "x"})
    shown = client.get(url, headers=as_role(Role.TECHNICIAN)).json()

    assert changed.status_code == 200
    assert (wrong.status_code, wrong.json()["code"]) == (422, "policy-value-invalid")
    assert (shown["value"], shown["default"]) == (value, ["mon-fri 09:00-17:00"])
    assert [each["reason"] for each in shown["changes"]] == ["longer"]


def test_an_unknown_policy_is_refused(client: Client, as_role: AsRole) -> None:
    answer = client.get("/api/v1/policies/no_such", headers=as_role(Role.TECHNICIAN))

    assert (answer.status_code, answer.json()["code"]) == (422, "policy-unknown")


def test_a_reason_is_put_into_use_and_listed(client: Client, as_role: AsRole) -> None:
    pharmacist = as_role(Role.PHARMACIST)
    url = "/api/v1/reasons/send-back/seal-broken"

    made = client.put(url, headers=pharmacist, json={"words": "The seal is broken."})
    listed = client.get("/api/v1/reasons?purpose=send-back", headers=pharmacist).json()

    assert made.status_code == 200
    assert "seal-broken" in [each["code"] for each in listed]
    assert {each["purpose"] for each in listed} == {"send-back"}
