"""Every example in the description of the API is sent, by somebody who may, to its route."""

from typing import Any

import pytest
from litestar.testing import TestClient

from pharmacy.app import create_app
from pharmacy.staff.rules import GRANTS, Permission, Role
from tests.doors.api.conftest import SETTINGS, AsRole, Client, OneSession
from tests.doors.api.test_permissions import ROUTES, Route

JSON = "application/json"


def described() -> dict[str, Any]:
    app = create_app(SETTINGS, database=OneSession())
    with TestClient(app) as client:
        found: dict[str, Any] = client.get("/docs/openapi.json").json()
    return found


PATHS = described()["paths"]


def examples() -> list[tuple[Route, Any]]:
    found = []
    for route in ROUTES:
        operation = PATHS.get(route.template, {}).get(route.method.lower(), {})
        content = operation.get("requestBody", {}).get("content", {}).get(JSON, {})
        if "example" in content:
            found.append((route, content["example"]))
    return found


def who_may(permission: Permission | None) -> Role:
    return next(role for role in Role if permission is None or permission in GRANTS[role])


@pytest.mark.parametrize(("route", "body"), examples(), ids=lambda each: str(each)[:60])
def test_an_example_is_understood(client: Client, as_role: AsRole, route: Route, body: Any) -> None:
    """What it asks for need not exist here; that it has the agreed form is what is tested."""
    headers = {} if route.asks == "public" else as_role(who_may(route.permission))

    response = client.request(route.method, route.path, headers=headers, json=body)

    assert response.status_code not in {400, 413, 415, 500}, response.text


def test_there_are_examples_of_every_body() -> None:
    bodies = [
        (method, path)
        for path, item in PATHS.items()
        for method, operation in item.items()
        if JSON in operation.get("requestBody", {}).get("content", {})
    ]

    assert len(examples()) == len(bodies) > 10
