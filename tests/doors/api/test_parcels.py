"""Parcels over HTTP."""

from pharmacy.kernel.ids import encode
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.orders import Bench


def test_an_order_is_sent_found_by_its_number_and_delivered(
    bench: Bench, client: Client, as_role: AsRole
) -> None:
    order = bench.order(Status.READY)
    technician = as_role(Role.TECHNICIAN)
    url = f"/api/v1/orders/{encode('ord', order.id)}/parcel"
    match = {**technician, "If-Match": f'"{order.version}"'}
    body = {"carrier": "ups", "tracking_number": "1Z5R89390357567127"}

    wrong = client.post(url, headers=match, json=body | {"tracking_number": "1Z5R89390357567128"})
    sent = client.post(url, headers=match, json=body)
    found = client.post(
        "/api/v1/orders/search", headers=technician, json={"tracking": "1z5r8939 0357567127"}
    )
    waiting = client.get("/api/v1/parcels", headers=technician).json()["items"]
    ended = client.post(f"{url}/end", headers=technician, json={"status": "delivered"})

    assert (wrong.status_code, wrong.json()["code"]) == (422, "tracking-number-wrong")
    assert (sent.status_code, sent.json()["status"]) == (201, "shipped")
    assert [line["id"] for line in found.json()["items"]] == [encode("ord", order.id)]
    assert [each["order"] for each in waiting] == [encode("ord", order.id)]
    assert ended.json()["status"] == "delivered"
    assert client.get(url, headers=technician).json()["status"] == "delivered"
    assert client.get("/api/v1/parcels", headers=technician).json()["items"] == []
