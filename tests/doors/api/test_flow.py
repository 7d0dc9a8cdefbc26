"""Figures over HTTP."""

from datetime import timedelta

import pytest

from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client
from tests.factories.orders import Bench


@pytest.mark.parametrize("role", [Role.PHARMACIST, Role.ADMINISTRATOR])
def test_figures_are_of_all_orders_and_name_nobody(
    bench: Bench, client: Client, as_role: AsRole, role: Role
) -> None:
    """Both were received 5 h ago; one was handed over after 2 h, the other is open."""
    bench.now = NOW - timedelta(hours=5)
    bench.order(Status.LABELING)
    order = bench.order(Status.REVIEW)
    bench.now = NOW - timedelta(hours=3)
    bench.walk(order, Status.HANDED_OVER)
    headers = as_role(role)

    answer = client.get("/api/v1/flow", headers=headers)
    too_long = client.get("/api/v1/flow", params={"since": "2020-01-01T00:00:00Z"}, headers=headers)

    assert answer.status_code == 200
    found = answer.json()
    assert (found["received"], found["released"], found["first_pass_percent"]) == (2, 1, "100.0")
    assert (found["turn_around"]["orders"], found["turn_around"]["median_minutes"]) == (1, 120)
    assert [(each["status"], each["under_24_hours"]) for each in found["ages"]] == [("labeling", 1)]
    assert "Testpatient" not in answer.text
    naive = client.get("/api/v1/flow", params={"since": "2026-03-01T00:00:00"}, headers=headers)
    assert naive.status_code == 422
    assert (too_long.status_code, too_long.json()["code"]) == (422, "period-impossible")
