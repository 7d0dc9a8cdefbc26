"""Figures over HTTP."""

import pytest
from sqlalchemy.orm import Session

from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.orders import Bench


@pytest.mark.parametrize("role", [Role.PHARMACIST, Role.ADMINISTRATOR])
def test_figures_name_nobody(client: Client, session: Session, as_role: AsRole, role: Role) -> None:
    Bench(session).order(Status.LABELING)
    headers = as_role(role)

    answer = client.get("/api/v1/flow", headers=headers)
    too_long = client.get("/api/v1/flow", params={"since": "2020-01-01T00:00:00Z"}, headers=headers)

    assert answer.status_code == 200
    assert answer.json()["received"] == 0  # received at this very instant: the period ends before
    assert answer.json()["ages"][0]["under_4_hours"] == 1
    assert "Testpatient" not in answer.text
    naive = client.get("/api/v1/flow", params={"since": "2026-03-01T00:00:00"}, headers=headers)
    assert naive.status_code == 422
    assert (too_long.status_code, too_long.json()["code"]) == (422, "period-impossible")
