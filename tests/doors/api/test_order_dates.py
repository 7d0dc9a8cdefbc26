"""Orders whose first dose is over, over HTTP."""

from pharmacy.kernel.ids import encode
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.dates import let_days_pass
from tests.factories.orders import Bench

GIVEN = {"identifiers": ["name", "birth-date"], "counselling": "declined"}


def test_an_order_whose_first_dose_is_over_is_dated_anew_before_it_leaves(
    bench: Bench, client: Client, as_role: AsRole
) -> None:
    """Labelled on 2 March for the 5th, and still here on the 6th: the labels said 1 March."""
    order = bench.order(Status.READY)
    let_days_pass(bench, order, 4)
    technician = as_role(Role.TECHNICIAN)
    url = f"/api/v1/orders/{encode('ord', order.id)}"
    match = {**technician, "If-Match": f'"{order.version}"'}

    owed = client.get(url, headers=technician).json()["next"]["action"]
    refused = client.post(f"{url}/hand-over", headers=match, json=GIVEN)
    dated = client.post(f"{url}/dates", headers=match, json={})

    assert owed == "date-anew"
    assert (refused.status_code, refused.json()["code"]) == (409, "labels-out-of-date")
    assert refused.json()["facts"] == {"first_dose_on": "2026-03-01", "earliest": "2026-03-02"}
    assert "Date the order anew" in refused.json()["remedy"]
    assert (dated.status_code, dated.json()["status"]) == (200, "labeling")
    assert dated.json()["first_dose_on"] == "2026-03-05"
    assert dated.json()["next"]["action"] == "draw-labels"


def test_a_day_in_the_past_is_no_first_day(bench: Bench, client: Client, as_role: AsRole) -> None:
    order = bench.order(Status.READY)
    match = {**as_role(Role.TECHNICIAN), "If-Match": f'"{order.version}"'}

    refused = client.post(
        f"/api/v1/orders/{encode('ord', order.id)}/dates",
        headers=match,
        json={"first_dose_on": "2026-03-01"},
    )

    assert (refused.status_code, refused.json()["code"]) == (422, "dates-impossible")
