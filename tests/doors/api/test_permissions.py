"""Every route with every role, generated from the routes: a new one is covered as it is added."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

import pytest
from litestar import Controller, get
from litestar.exceptions import ImproperlyConfiguredException
from sqlalchemy import text
from sqlalchemy.orm import Session

from pharmacy.app import create_app
from pharmacy.http.guards import handlers
from pharmacy.kernel import ids
from pharmacy.staff.rules import (
    GRANTS,
    OF_PEOPLE,
    DutiesMixed,
    Permission,
    Role,
    require_separate_duties,
)
from pharmacy.tables import METADATA
from tests.doors.api.conftest import SETTINGS, AsRole, Client, OneSession

CALLERS = [role for role in Role if role not in {Role.WORKER, Role.OPERATOR}]
"""Whoever can knock: workers and the command line come in by no door."""
NOBODY = UUID(int=0)
SAMPLES = {
    "purpose": "reject",
    "in_state": "OK",
    "name": "claim_minutes",
    "code": "not-clarified",
    "npi": "1234567893",
    "kid": "rxk_00000000",
    "key_id": "000000000000",
    "step_no": "1",
    "language": "es",
    "part": "label",
    "version": "1",
    "check_no": "1",
    "sheet": "1",
}
JOB = "9007199254740991"
NEVER_COUNTED = {"audit_entries", "alembic_version", "sign_in_sessions"}


@dataclass(frozen=True)
class Route:
    """One method of one path."""

    method: str
    template: str
    permission: Permission | None
    asks: str
    content_type: str
    is_page: bool

    @property
    def path(self) -> str:
        return "/".join(_sample(part) for part in self.template.split("/"))

    def __str__(self) -> str:
        return f"{self.method} {self.template}"


def _sample(part: str) -> str:
    """Return something of the right form that does not exist."""
    if not part.startswith("{"):
        return part
    name = part.strip("{}").partition(":")[0]
    if name in SAMPLES:
        return SAMPLES[name]
    return JOB if "job" in name else ids.encode(PREFIXES.get(name, "ord"), NOBODY)


PREFIXES = {
    "account_id": "acc",
    "batch_id": "bat",
    "weighing_id": "wgh",
    "clarification_id": "clr",
    "client_id": "ehr",
    "change_id": "cch",
    "correction_id": "pco",
    "finding_id": "fnd",
    "test_id": "tst",
    "formulation_id": "fmn",
    "hold_id": "hld",
    "label_id": "lbl",
    "lot_id": "lot",
    "patient_id": "pat",
    "photo_id": "pho",
    "sample_id": "smp",
    "prescription_id": "rx",
    "picture_id": "pic",
    "proposal_id": "fmp",
    "notice_id": "rcn",
    "recall_id": "rcl",
    "printer_id": "prn",
    "copy_id": "cpy",
    "agent_id": "pag",
    "refill_id": "rfl",
    "view_id": "qvw",
}


def routes() -> Iterator[Route]:
    app = create_app(SETTINGS, database=OneSession())
    for template, handler in handlers(app.routes):
        asks = next(ask for ask in ("permission", "signed_in", "public") if handler.opt.get(ask))
        for method in sorted(handler.http_methods - {"HEAD"}):
            yield Route(
                method,
                template,
                handler.opt.get("permission"),
                asks,
                handler.opt.get("content_type", "application/json"),
                bool(handler.opt.get("console")),
            )


ROUTES = sorted(routes(), key=str)
GUARDED = [route for route in ROUTES if route.asks == "permission"]


def pairs(*, allowed: bool) -> Iterable[tuple[Route, Role]]:
    return [
        (route, role)
        for route in GUARDED
        for role in (sorted(OF_PEOPLE) if route.is_page else CALLERS)
        if (route.permission in GRANTS[role]) is allowed
    ]


def knock(client: Client, route: Route, headers: dict[str, str], *, body: bytes = b"{}") -> int:
    """Return the status with which a route answers somebody."""
    if route.method == "GET":
        return client.get(route.path, headers=headers, follow_redirects=False).status_code
    sent = {"content-type": route.content_type, **headers}
    return client.request(
        route.method, route.path, headers=sent, content=body, follow_redirects=False
    ).status_code


def counted(session: Session) -> dict[str, int]:
    """How many rows each table has."""
    names = sorted(set(METADATA.tables) - NEVER_COUNTED)
    union = " union all ".join(f"select '{name}', count(*) from {name}" for name in names)
    return dict(session.execute(text(union)).all())


def denials(session: Session, permission: Permission) -> int:
    return session.scalar(
        text(
            "select count(*) from audit_entries"
            " where action = 'permission.denied' and detail ->> 'needs' = :needs"
        ),
        {"needs": permission},
    )


@pytest.mark.parametrize(("route", "role"), pairs(allowed=False), ids=str)
def test_what_a_role_may_not_do_is_refused_and_remembered(
    client: Client, session: Session, as_role: AsRole, route: Route, role: Role
) -> None:
    headers = as_role(role, browser=route.is_page)
    before = counted(session)

    status = knock(client, route, headers)

    assert status == 403
    assert counted(session) == before
    assert denials(session, route.permission) == 1


@pytest.mark.parametrize(("route", "role"), pairs(allowed=True), ids=str)
def test_what_a_role_may_do_is_not_refused_for_who_asks(
    client: Client, as_role: AsRole, route: Route, role: Role
) -> None:
    status = knock(client, route, as_role(role, browser=route.is_page))

    assert status not in {401, 403, 500}


@pytest.mark.parametrize("route", [route for route in ROUTES if route.asks != "public"], ids=str)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Bearer "},
        {"authorization": "Bearer nobody's"},
        {"authorization": "Bearer ldn_live_000000000000_AAAA"},
        {"authorization": "Basic a2ltOmxlZQ=="},
        {"cookie": "pharmacy=x"},
    ],
    ids=["nothing", "empty", "token", "key", "basic", "cookie"],
)
def test_nobody_gets_in_anywhere(client: Client, route: Route, headers: dict[str, str]) -> None:
    assert knock(client, route, headers) == 401


def test_only_these_are_public() -> None:
    assert {str(route) for route in ROUTES if route.asks == "public"} == {
        "GET /assets/{version}/{name}",
        "GET /choose-password",
        "GET /docs",
        "GET /docs/openapi.json",
        "GET /docs/{path}",
        "GET /health/live",
        "GET /health/ready",
        "GET /metrics",
        "GET /sign-in",
        "GET /static/{file_path}",
        "GET /welcome",
        "POST /api/v1/password",
        "POST /api/v1/setup",
        "POST /api/v1/sign-in",
        "POST /choose-password",
        "POST /sign-in",
        "POST /welcome",
    }


def test_a_route_that_does_not_say_who_may_use_it_stops_the_start() -> None:
    class Forgetful(Controller):
        path = "/api/v1/forgotten"

        @get("/", sync_to_thread=False)
        def read(self) -> str:
            return ""

    with pytest.raises(ImproperlyConfiguredException, match="/api/v1/forgotten"):
        create_app(SETTINGS, database=OneSession(), controllers=[Forgetful])


@pytest.mark.parametrize(
    ("role", "permission"),
    [
        (Role.ADMINISTRATOR, Permission.READ_ORDER),
        (Role.ADMINISTRATOR, Permission.READ_LABEL),
        (Role.ADMINISTRATOR, Permission.RELEASE),
        (Role.AUDITOR, Permission.PLACE_HOLD),
        (Role.AUDITOR, Permission.MANAGE_STAFF),
        (Role.TECHNICIAN, Permission.RELEASE),
        (Role.TECHNICIAN, Permission.LIFT_HOLD),
        (Role.PHYSICIAN, Permission.APPROVE_ORDER),
        (Role.EHR_CLIENT, Permission.DECIDE_FINDING),
        (Role.WORKER, Permission.READ_JOBS),
    ],
)
def test_duties_that_must_be_apart_stop_the_start(role: Role, permission: Permission) -> None:
    with pytest.raises(DutiesMixed, match=permission):
        require_separate_duties({**GRANTS, role: {*GRANTS[role], permission}})
