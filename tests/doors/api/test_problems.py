"""Every error has one form, a code that stays, and nothing of what was sent."""

import io
import json
import logging
from collections.abc import Iterator
from datetime import timedelta

import pytest
import structlog
from litestar import Controller, get, post
from litestar.params import FromPath
from litestar.testing import TestClient
from sqlalchemy.orm import Session

from pharmacy.app import create_app
from pharmacy.http.dependencies import Db
from pharmacy.infra import logs
from pharmacy.infra.db import Database
from pharmacy.kernel.refusals import Conflict, Unavailable
from pharmacy.patients.models import Patient
from pharmacy.staff.models import EhrClient
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import SETTINGS, AsRole, Client, Clock, OneSession

CANARY = "Zyxwvutsrq"
"""Stands for a patient's name wherever one could slip through."""
STAFF = "/api/v1/staff"


class Stumbling(Controller):
    """Goes wrong in every way."""

    path = "/stumble"
    opt = {"public": True}

    @get("/crash", sync_to_thread=True)
    def crash(self) -> None:
        name = CANARY
        raise RuntimeError(f"{name} is not on file")

    @get("/clash", sync_to_thread=True)
    def clash(self, db: Db) -> None:
        with db.transaction() as session:
            session.add_all([EhrClient(name=CANARY), EhrClient(name=CANARY)])
            session.flush()

    @get("/not-null", sync_to_thread=True)
    def not_null(self, db: Db) -> None:
        with db.transaction() as session:
            session.add(Patient(family=CANARY))
            session.flush()

    @get("/refuse", sync_to_thread=True)
    def refuse(self) -> None:
        raise Conflict("it is packed already", order="ord_x", steps=[1, 2])

    @get("/away", sync_to_thread=True)
    def away(self) -> None:
        raise Unavailable("the registry does not answer")

    @post("/{name:str}", sync_to_thread=True)
    def named(self, name: FromPath[str]) -> None:  # pragma: no cover
        raise RuntimeError(name)


@pytest.fixture
def stumbling(session: Session, clock: Clock) -> Iterator[Client]:
    one = OneSession()
    one.session = session
    app = create_app(SETTINGS, database=one, clock=clock, controllers=[Stumbling])
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that is logged, in the form in which it is written down."""
    page = io.StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    logs.configure("DEBUG", to=page)
    yield page
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


def test_a_refusal_is_a_problem_with_facts_and_a_remedy(stumbling: Client) -> None:
    response = stumbling.get("/stumble/refuse")

    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json() == {
        "type": "/problems/conflict",
        "title": "Conflict",
        "status": 409,
        "code": "conflict",
        "detail": "it is packed already",
        "remedy": "Read the present state again, then decide.",
        "facts": {"order": "ord_x", "steps": [1, 2]},
    }


def test_who_speaks_fhir_gets_an_operation_outcome_with_the_same_code(stumbling: Client) -> None:
    response = stumbling.get("/stumble/refuse", headers={"accept": "application/fhir+json"})

    assert response.status_code == 409
    assert response.headers["content-type"] == "application/fhir+json"
    assert response.json()["resourceType"] == "OperationOutcome"
    issue = response.json()["issue"][0]
    assert (issue["severity"], issue["code"]) == ("error", "conflict")
    assert issue["details"]["coding"][0]["code"] == "conflict"


def test_what_is_away_says_when_to_try_again(stumbling: Client) -> None:
    response = stumbling.get("/stumble/away")

    assert response.status_code == 503
    assert response.headers["retry-after"] == "5"


def test_a_rule_that_the_database_upheld_has_the_name_of_its_constraint(
    stumbling: Client,
) -> None:
    response = stumbling.get("/stumble/clash")

    assert response.status_code == 409
    assert response.json()["code"] == "constraint-uq-ehr-clients-name"
    assert CANARY not in response.text


@pytest.mark.parametrize("path", ["crash", "not-null"])
def test_a_bug_is_a_number_and_nothing_else(
    stumbling: Client, written: io.StringIO, path: str
) -> None:
    response = stumbling.get(f"/stumble/{path}")

    assert response.status_code == 500
    assert response.json()["code"] == "internal-error"
    assert response.json()["incident"].startswith("inc_")
    assert CANARY not in response.text
    assert response.json()["incident"] in written.getvalue()


def test_logs_name_the_route_and_hold_nothing_of_a_patient(
    stumbling: Client, written: io.StringIO
) -> None:
    stumbling.get(f"/stumble/crash?name={CANARY}", headers={"cookie": f"name={CANARY}"})
    stumbling.get("/stumble/clash")
    stumbling.get("/stumble/not-null")
    stumbling.get(f"/{CANARY}")
    stumbling.post(f"/stumble/{CANARY}", json={"name": CANARY})
    logging.getLogger("somebody").warning("patient %s", CANARY)
    logging.getLogger("uvicorn.error").error(CANARY, exc_info=ValueError(CANARY))
    logs.log.info("order.read", patient=CANARY, order=CANARY)

    text = written.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]
    answered = [line for line in lines if line["event"] == "request.answered"]
    assert CANARY not in text
    assert [(line["route"], line["status"]) for line in answered] == [
        ("/stumble/crash", 500),
        ("/stumble/clash", 409),
        ("/stumble/not-null", 500),
        ("(none)", 404),
        ("/stumble/{name}", 500),
    ]
    assert any(line.get("errors") == ["builtins.RuntimeError"] for line in lines)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"name": "a", "name": "b"}', "json-name-repeated"),
        (b'{"name": "a\\u0000b"}', "json-malformed"),
        (b'{"name": "a\\ud800b"}', "json-malformed"),
        (b'{"name": NaN}', "json-malformed"),
        (b'{"name": "a"', "json-malformed"),
        (b"[" * 50_000, "json-malformed"),
        (b'{"name": "\xff"}', "json-malformed"),
        (b'\xef\xbb\xbf{"name": "a"}', "json-malformed"),
        (b'{"name": 5}', "request-invalid"),
        (b'{"name": ""}', "request-invalid"),
        (b'{"name": "a", "colour": "red"}', "request-invalid"),
        (b"{}", "request-invalid"),
        (b"[]", "request-invalid"),
    ],
)
def test_a_body_that_is_not_as_agreed_is_refused(
    client: Client, as_role: AsRole, body: bytes, code: str
) -> None:
    headers = {**as_role(Role.ADMINISTRATOR), "content-type": "application/json"}

    response = client.post("/api/v1/ehr-clients", headers=headers, content=body)

    assert response.status_code == 400
    assert response.json()["code"] == code


def test_a_field_that_does_not_fit_is_named_and_its_value_is_not(
    client: Client, as_role: AsRole
) -> None:
    body = {"username": f"{CANARY} {CANARY}", "display_name": "K", "initials": "KL", "roles": []}

    response = client.post(STAFF, headers=as_role(Role.ADMINISTRATOR), json=body)

    assert response.status_code == 400
    assert response.json()["facts"]["fields"]
    assert CANARY not in response.text


def test_too_long_a_body_is_refused(client: Client, as_role: AsRole) -> None:
    body = {"name": "x" * 70_000}

    response = client.post("/api/v1/ehr-clients", headers=as_role(Role.ADMINISTRATOR), json=body)

    assert response.status_code == 413
    assert response.json()["code"] == "request-entity-too-large"


@pytest.mark.parametrize(
    "content_type",
    ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-16"],
)
def test_a_body_that_a_form_could_send_is_refused(
    client: Client, as_role: AsRole, content_type: str
) -> None:
    headers = {**as_role(Role.ADMINISTRATOR), "content-type": content_type}

    response = client.post("/api/v1/ehr-clients", headers=headers, content=b'{"name": "a"}')

    assert response.status_code == 415
    assert response.json()["facts"] == {"accepts": "application/json"}


def test_there_is_no_such_path(client: Client) -> None:
    response = client.get(f"/api/v1/{CANARY}")

    assert response.status_code == 404
    assert response.json()["code"] == "not-found"
    assert CANARY not in response.text


def test_a_method_that_a_path_does_not_have_says_which_it_has(client: Client) -> None:
    response = client.delete("/api/v1/me")

    assert response.status_code == 405
    assert "GET" in response.headers["allow"]


def test_a_session_that_ended_is_told_to_sign_in(
    client: Client, as_role: AsRole, clock: Clock
) -> None:
    headers = as_role(Role.TECHNICIAN)
    clock.now += timedelta(minutes=15)

    response = client.get("/api/v1/me", headers=headers)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


def test_without_a_database_the_answer_is_to_try_again() -> None:
    database = Database("postgresql://nobody@/nothing?host=/nonexistent")
    app = create_app(SETTINGS, database=database)

    with TestClient(app, raise_server_exceptions=False) as client:
        responses = [client.get("/health/ready"), client.get("/api/v1/me", headers=KEYED)]
        live = client.get("/health/live")

    assert live.status_code == 200
    for response in responses:
        assert response.status_code == 503
        assert response.headers["retry-after"] == "5"
        assert response.json()["code"] == "unavailable"
        assert "nonexistent" not in response.text
    database.close()


KEYED = {"Authorization": "Bearer something"}
