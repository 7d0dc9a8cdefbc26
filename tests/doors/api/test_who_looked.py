"""Who looked at this patient: one answer, with those who only saw a list."""

from pharmacy.kernel.ids import encode
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.orders import Bench


def test_who_opened_an_order_and_who_saw_it_in_a_list_are_found(
    bench: Bench, client: Client, as_role: AsRole
) -> None:
    order, other = bench.order(Status.REVIEW), bench.order(Status.REVIEW)
    reader, lister, stranger = (as_role(Role.TECHNICIAN) for _ in range(3))
    auditor = as_role(Role.AUDITOR)
    shown = f"/api/v1/orders/{encode('ord', order.id)}"
    client.get(shown, headers=reader)
    client.get(f"{shown}/events", headers=reader)
    client.get("/api/v1/orders", headers=lister)
    client.get(f"/api/v1/orders/{encode('ord', other.id)}", headers=stranger)
    url = f"/api/v1/audit/patients/{encode('pat', order.patient_id)}/looks"

    answer = client.get(url, headers=auditor).json()

    assert sorted(each["times"] for each in answer["people"]) == [1, 2]
    assert all(each["name"] for each in answer["people"])
    actions = [each["action"] for each in answer["looks"]["items"]]
    assert actions == ["queue.read", "order.events-read", "order.read"]

    again = client.get(url, headers=auditor).json()
    assert again["looks"]["items"][0]["action"] == "audit.read"


def test_looks_come_in_pages_and_periods(bench: Bench, client: Client, as_role: AsRole) -> None:
    order = bench.order(Status.REVIEW)
    reader, auditor = as_role(Role.TECHNICIAN), as_role(Role.AUDITOR)
    for _ in range(3):
        client.get(f"/api/v1/orders/{encode('ord', order.id)}", headers=reader)
    url = f"/api/v1/audit/patients/{encode('pat', order.patient_id)}/looks"

    first = client.get(f"{url}?limit=2", headers=auditor).json()["looks"]
    rest = client.get(url, params={"cursor": first["next"], "limit": 2}, headers=auditor).json()[
        "looks"
    ]
    earlier = client.get(url, params={"until": "2026-01-01T00:00:00Z"}, headers=auditor).json()

    assert [len(first["items"]), len(rest["items"])] == [2, 1]
    assert earlier["people"] == earlier["looks"]["items"] == []
    assert client.get(url, headers=reader).status_code == 403
