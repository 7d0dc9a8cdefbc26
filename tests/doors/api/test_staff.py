"""Signing in and out, and keeping accounts and clients, through the door."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.kernel import ids
from pharmacy.staff.models import Account, SignInSession
from pharmacy.staff.operations import accounts, signing_in
from pharmacy.staff.rules import OPERATOR, Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client
from tests.factories.staff import make_account, make_session

WORDS = "lamp orbit quiet fern"
KIM = {
    "username": "kim.lee",
    "display_name": "Kim Lee",
    "initials": "KL",
    "roles": ["pharmacist"],
}


def sign_in(client: Client, password: str = WORDS, username: str = "kim.lee") -> dict[str, str]:
    body = {"username": username, "password": password}
    return client.post("/api/v1/sign-in", json=body).json()


def with_token(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_an_account_from_invitation_to_sign_out(client: Client, as_role: AsRole) -> None:
    added = client.post("/api/v1/staff", headers=as_role(Role.ADMINISTRATOR), json=KIM)
    assert added.status_code == 201
    assert added.json()["account"]["has_password"] is False

    chosen = client.post(
        "/api/v1/password", json={"token": added.json()["token"], "password": WORDS}
    )
    assert chosen.status_code == 204

    opened = sign_in(client)
    assert opened["idle_minutes"] == 15
    assert opened["expires_at"] == "2026-03-03T10:30:00+00:00"
    me = client.get("/api/v1/me", headers=with_token(opened["token"]))
    assert me.json()["roles"] == ["pharmacist"]

    left = client.post("/api/v1/sign-out", headers=with_token(opened["token"]))
    assert left.status_code == 204
    assert client.get("/api/v1/me", headers=with_token(opened["token"])).status_code == 401


def test_the_first_administrator_comes_in_with_the_command_lines_token(
    client: Client, session: Session
) -> None:
    token = accounts.first_administrator_token(session, by=OPERATOR, now=NOW)
    body = {name: KIM[name] for name in ("username", "display_name", "initials")}

    made = client.post("/api/v1/setup", json={**body, "token": token, "password": WORDS})

    assert made.status_code == 201
    assert made.json()["roles"] == ["administrator"]
    assert "token" in sign_in(client)


def test_a_guessed_token_makes_no_administrator(client: Client, session: Session) -> None:
    body = {name: KIM[name] for name in ("username", "display_name", "initials")}

    made = client.post("/api/v1/setup", json={**body, "token": "x" * 43, "password": WORDS})

    assert made.status_code == 403
    assert session.scalars(select(Account)).all() == []


def test_wrong_password_unknown_name_and_waiting_account_get_one_answer(
    client: Client, session: Session
) -> None:
    account = make_account(session, Role.TECHNICIAN, username="kim.lee")
    wrong = sign_in(client, "wrong")
    unknown = sign_in(client, username="nobody")
    for _ in range(5):
        waiting = sign_in(client, "wrong")

    assert wrong == unknown == waiting
    assert wrong["code"] == "sign-in-refused"
    assert account.failed_sign_ins == 5


def test_a_failure_is_remembered_though_the_answer_is_a_refusal(
    client: Client, session: Session
) -> None:
    make_account(session, Role.TECHNICIAN, username="kim.lee")
    sign_in(client, "wrong")

    assert session.scalars(select(AuditEntry.action)).all() == ["account.sign-in-failed"]


def test_more_passwords_than_can_be_checked_are_put_off(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing_in, "WAITS_SECONDS", 0)
    for _ in range(signing_in.AT_ONCE):
        signing_in.PLACES.acquire()
    try:
        response = client.post("/api/v1/sign-in", json={"username": "kim", "password": WORDS})
    finally:
        signing_in.PLACES.release(signing_in.AT_ONCE)

    assert response.status_code == 503
    assert response.json()["code"] == "too-many-sign-ins"


def test_a_changed_role_is_in_force_at_once(
    client: Client, session: Session, as_role: AsRole
) -> None:
    kim = make_account(session, Role.AUDITOR)
    headers = with_token(make_session(session, kim))
    assert client.get("/api/v1/audit", headers=headers).status_code == 200

    path = f"/api/v1/staff/{ids.encode('acc', kim.id)}/roles"
    changed = client.post(path, headers=as_role(Role.ADMINISTRATOR), json={"roles": ["technician"]})

    assert changed.json()["roles"] == ["technician"]
    assert client.get("/api/v1/audit", headers=headers).status_code == 401


def test_a_disabled_account_is_out_at_once(
    client: Client, session: Session, as_role: AsRole
) -> None:
    kim = make_account(session, Role.TECHNICIAN)
    headers = with_token(make_session(session, kim))

    path = f"/api/v1/staff/{ids.encode('acc', kim.id)}/disable"
    disabled = client.post(path, headers=as_role(Role.ADMINISTRATOR))

    assert disabled.json()["is_disabled"] is True
    assert client.get("/api/v1/me", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"roles": ["administrator", "pharmacist"]},
        {"roles": ["physician"]},
        {"roles": ["operator"]},
        {"roles": ["worker"]},
        {"npi": "1234567893"},
    ],
)
def test_roles_that_do_not_fit_are_refused(
    client: Client, as_role: AsRole, change: dict[str, object]
) -> None:
    response = client.post(
        "/api/v1/staff", headers=as_role(Role.ADMINISTRATOR), json={**KIM, **change}
    )

    assert response.status_code == 422
    assert response.json()["code"] == "roles-clash"


def test_using_a_session_keeps_it_open(client: Client, session: Session, as_role: AsRole) -> None:
    headers = as_role(Role.TECHNICIAN)
    row = session.scalars(select(SignInSession)).one()
    row.last_seen_at = NOW.replace(minute=20)
    session.flush()

    client.get("/api/v1/me", headers=headers)
    session.expire_all()

    assert row.last_seen_at == NOW


def test_accounts_come_in_pages(client: Client, session: Session, as_role: AsRole) -> None:
    headers = as_role(Role.ADMINISTRATOR)
    for _ in range(4):
        make_account(session, Role.TECHNICIAN)
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = client.get("/api/v1/staff", headers=headers, params=params).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page.get("next")

    assert len(seen) == len(set(seen)) == 5
    assert seen == sorted(seen)


@pytest.mark.parametrize("cursor", ["x", "!!!!", "WzFd", "W10", "e30", "A" * 600, "bnVsbA"])
def test_a_cursor_that_we_did_not_give_out_is_refused(
    client: Client, as_role: AsRole, cursor: str
) -> None:
    response = client.get(
        "/api/v1/staff", headers=as_role(Role.ADMINISTRATOR), params={"cursor": cursor}
    )

    assert response.status_code == 400
    assert response.json()["code"] == "malformed-cursor"


def test_a_clinics_system_from_its_name_to_its_key(client: Client, as_role: AsRole) -> None:
    headers = as_role(Role.ADMINISTRATOR)
    path = "/api/v1/ehr-clients"
    added = client.post(path, headers=headers, json={"name": "Bayou Clinic"}).json()
    own = f"{path}/{added['id']}"
    enrolled = client.post(f"{own}/enrolments", headers=headers, json={"npi": "1234567893"})
    key = client.post(f"{own}/keys", headers=headers, json={"days": 30}).json()["key"]

    assert enrolled.json()["npis"] == ["1234567893"]
    assert client.get("/api/v1/me", headers=with_token(key)).json()["id"] == added["id"]

    key_id = key.split("_")[2]
    assert client.post(f"{own}/keys/{key_id}/revocation", headers=headers).status_code == 204
    assert client.get("/api/v1/me", headers=with_token(key)).status_code == 401


def test_a_key_with_another_secret_opens_nothing(client: Client, as_role: AsRole) -> None:
    key = as_role(Role.EHR_CLIENT)["Authorization"].removeprefix("Bearer ")
    last = "A" if key[-1] != "A" else "B"

    for forged in (key[:-1] + last, key + "A", key.replace("ldn_test", "ldn_live")):
        assert client.get("/api/v1/me", headers=with_token(forged)).status_code == 401
