"""Idempotency-Key: one effect, one answer, however often and however fast it is sent."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from litestar import Controller, post
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from pharmacy.app import create_app
from pharmacy.http.dependencies import Db
from pharmacy.infra import idempotency
from pharmacy.infra.db import Database
from pharmacy.infra.idempotency import IdempotencyKey
from pharmacy.kernel.refusals import Conflict
from pharmacy.staff.models import EhrClient
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import SETTINGS, AsRole, Client, Clock
from tests.factories.staff import make_account, make_session

PATH = "/api/v1/ehr-clients"
KEY = "0192f0c1-one-key"
SUBMITTERS = 100


def clients(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(EhrClient)) or 0


@pytest.fixture
def keyed(as_role: AsRole) -> dict[str, str]:
    return {**as_role(Role.ADMINISTRATOR), "Idempotency-Key": KEY}


def test_the_same_request_gets_the_same_answer_and_one_effect(
    client: Client, session: Session, keyed: dict[str, str]
) -> None:
    first, second = (client.post(PATH, headers=keyed, json={"name": "Clinic"}) for _ in "ab")

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    assert "idempotency-replayed" not in first.headers
    assert second.headers["idempotency-replayed"] == "true"
    assert second.headers["content-type"] == first.headers["content-type"]
    assert clients(session) == 1


def test_a_commit_that_the_database_did_not_live_to_see_is_answered_like_any_other_absence(
    client: Client, keyed: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise OperationalError("commit", {}, Exception("the connection is lost"))

    monkeypatch.setattr(idempotency, "keep", lost)

    response = client.post(PATH, headers=keyed, json={"name": "Clinic"})

    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert response.headers["retry-after"]


@pytest.mark.parametrize("other", ["body", "path", "version"])
def test_a_key_stands_for_one_request_only(
    client: Client, session: Session, keyed: dict[str, str], other: str
) -> None:
    found = client.post(PATH, headers=keyed, json={"name": "Clinic"}).json()
    path, body, headers = PATH, {"name": "Clinic"}, keyed
    if other == "body":
        body = {"name": "Another"}
    elif other == "path":
        path = f"{PATH}/{found['id']}/disable"
    else:
        headers = {**keyed, "If-Match": '"2"'}

    response = client.post(path, headers=headers, json=body)

    assert response.status_code == 422
    assert response.json()["code"] == "idempotency-key-reused"
    assert clients(session) == 1


def test_a_key_is_its_callers_own(client: Client, session: Session, as_role: AsRole) -> None:
    for name in ("One", "Two"):
        headers = {**as_role(Role.ADMINISTRATOR), "Idempotency-Key": KEY}
        assert client.post(PATH, headers=headers, json={"name": name}).status_code == 201

    assert clients(session) == 2


def test_a_refusal_leaves_the_key_free(
    client: Client, session: Session, keyed: dict[str, str]
) -> None:
    """What was refused had no effect: sent again, it is judged again."""
    session.add(EhrClient(name="Clinic"))
    session.flush()
    refused = client.post(PATH, headers=keyed, json={"name": "Clinic"})
    session.execute(text("delete from ehr_clients"))
    accepted = client.post(PATH, headers=keyed, json={"name": "Clinic"})

    assert (refused.status_code, accepted.status_code) == (409, 201)


def test_an_answer_with_a_secret_is_not_kept(
    client: Client, session: Session, keyed: dict[str, str]
) -> None:
    body = {
        "username": "kim.lee",
        "display_name": "Kim",
        "initials": "KL",
        "roles": ["technician"],
    }
    first, second = (client.post("/api/v1/staff", headers=keyed, json=body) for _ in "ab")

    assert first.status_code == 201
    assert second.json()["code"] == "answer-not-kept"
    assert session.scalars(select(IdempotencyKey.body)).all() == [None]


def test_a_key_is_forgotten_after_a_day(
    client: Client, session: Session, keyed: dict[str, str], clock: Clock
) -> None:
    client.post(PATH, headers=keyed, json={"name": "Clinic"})

    assert idempotency.forget_old(session, now=NOW + timedelta(hours=24)) == 0
    assert idempotency.forget_old(session, now=NOW + timedelta(hours=24, seconds=1)) == 1


def test_an_old_key_may_be_used_anew(
    client: Client, session: Session, as_role: AsRole, clock: Clock
) -> None:
    account = make_account(session, Role.ADMINISTRATOR)
    for days, name in ((0, "One"), (2, "Two")):
        clock.now = NOW + timedelta(days=days)
        token = make_session(session, account, at=clock.now)
        headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": KEY}
        assert client.post(PATH, headers=headers, json={"name": name}).status_code == 201


@pytest.mark.parametrize("key", ["short", "with a space in it", "x" * 201, "ключ-ключ"])
def test_a_key_of_another_form_is_refused(client: Client, as_role: AsRole, key: str) -> None:
    headers = {**as_role(Role.ADMINISTRATOR), "Idempotency-Key": key.encode()}

    response = client.post(PATH, headers=headers, json={"name": "Clinic"})

    assert response.status_code == 400
    assert response.json()["code"] == "malformed-idempotency-key"


class Failing(Controller):
    """Fails after its transaction has ended well."""

    path = "/api/v1/failing"
    opt = {"signed_in": True}

    @post("/", sync_to_thread=True)
    def add(self, db: Db) -> None:
        with db.transaction() as session:
            session.add(EhrClient(name="Clinic"))
        raise RuntimeError("between effect and answer")

    @post("/refusing", sync_to_thread=True)
    def refuse(self, db: Db) -> None:
        with db.transaction() as session:
            session.add(EhrClient(name="Clinic"))
        raise Conflict("between effect and answer")


def administrators_headers(database: Database) -> dict[str, str]:
    with database.transaction() as session:
        token = make_session(session, make_account(session, Role.ADMINISTRATOR))
    return {"Authorization": f"Bearer {token}", "Idempotency-Key": KEY}


def send(app: Any, path: str, *, headers: dict[str, str], times: int = 1) -> list[httpx.Response]:
    async def all_at_once() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as sender:
            return await asyncio.gather(
                *(sender.post(path, headers=headers, json={"name": "Clinic"}) for _ in range(times))
            )

    return asyncio.run(all_at_once())


@pytest.mark.parametrize(("path", "status"), [("", 500), ("/refusing", 409)])
def test_without_an_answer_there_is_no_effect(database: Database, path: str, status: int) -> None:
    app = create_app(SETTINGS, database=database, clock=lambda: NOW, controllers=[Failing])
    headers = administrators_headers(database)

    responses = [send(app, f"/api/v1/failing{path}", headers=headers)[0] for _ in "ab"]

    assert [response.status_code for response in responses] == [status, status]
    with database.transaction() as session:
        assert clients(session) == 0


def test_a_hundred_at_once_have_one_effect_and_one_answer(database: Database) -> None:
    app = create_app(SETTINGS, database=database, clock=lambda: NOW)
    headers = administrators_headers(database)

    responses = send(app, PATH, headers=headers, times=SUBMITTERS)

    assert {response.status_code for response in responses} == {201}
    assert len({response.content for response in responses}) == 1
    with database.transaction() as session:
        assert clients(session) == 1


def test_who_waits_too_long_for_the_same_key_is_told_so(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "WAITS", "50ms")
    app = create_app(SETTINGS, database=database, clock=lambda: NOW)
    headers = administrators_headers(database)
    with database.transaction() as session:
        caller = session.scalar(text("select id from accounts"))
        key = idempotency.Key(caller, KEY, b"")
        idempotency.claim(session, key, now=NOW)

        response = send(app, PATH, headers=headers)[0]

    assert response.status_code == 409
    assert response.json()["code"] == "idempotency-key-in-flight"
