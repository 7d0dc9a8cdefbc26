"""Recalls over HTTP: traces, letters, deadlines, answers."""

from typing import Any

from pharmacy.inventory.models import LotStatus
from pharmacy.kernel.ids import encode
from pharmacy.orders import queries as orders
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import Bench

REASON = "Too little naltrexone."


def powder(bench: Bench) -> str:
    return encode("ing", bench.lots[1_500].active_lot_id)


def opened(client: Client, as_role: AsRole, lot: str, **changes: Any) -> dict[str, Any]:
    body = {
        "lot": lot,
        "reason": REASON,
        "serious": True,
        "notice_at": "2026-03-02T21:30:00Z",
    } | changes
    answer = client.post("/api/v1/recalls", headers=as_role(Role.PHARMACIST), json=body)
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_a_lot_is_traced_to_people_and_a_vial_to_its_certificates(
    bench: Bench, client: Client, as_role: AsRole
) -> None:
    order = bench.order(Status.HANDED_OVER)
    technician = as_role(Role.TECHNICIAN)
    vial = orders.containers(bench.session, order.id)[0]

    down = client.get(f"/api/v1/traces/lots/{powder(bench)}", headers=technician).json()
    up = client.get(f"/api/v1/traces/vials/{encode('ctr', vial.id)}", headers=technician).json()

    assert (len(down["vials"]), down["patients"], down["prescribers"]) == (3, 1, 1)
    assert {each["order"] for each in down["vials"]} == {encode("ord", order.id)}
    assert [part["id"] for part in up["components"]] == [powder(bench)]
    none = client.get("/api/v1/traces/lots/xyz_1", headers=technician)
    assert none.status_code == 404


def test_a_recall_is_opened_followed_and_closed(
    bench: Bench, client: Client, as_role: AsRole
) -> None:
    bench.order(Status.HANDED_OVER)
    pharmacist = as_role(Role.PHARMACIST)
    recall = opened(client, as_role, powder(bench))
    path = f"/api/v1/recalls/{recall['id']}"

    assert (recall["letters"], len(recall["blocked"])) == (3, 5)
    assert [(each["kind"], each["due_at"], each["overdue"]) for each in recall["timers"]] == [
        ("notify-recipients-and-board", "2026-03-03T09:30:00Z", False)
    ]
    notices = client.get(f"{path}/notices", headers=pharmacist).json()
    letter = client.get(notices[0]["letter"], headers=pharmacist)
    assert (letter.headers["content-type"], letter.content[:5]) == ("application/pdf", b"%PDF-")
    early = client.post(f"{path}/closure", headers=pharmacist, json={"note": "done"})
    assert (early.status_code, early.json()["code"]) == (409, "recall-unfinished")
    for notice in notices:
        own = f"/api/v1/recall-notices/{notice['id']}"
        sent = client.post(f"{own}/sent", headers=pharmacist, json={"means": "letter"})
        assert sent.status_code == 200
    told = next(each for each in notices if each["recipient"] == "patient")
    own = f"/api/v1/recall-notices/{told['id']}/answer"
    harmed = client.post(own, headers=pharmacist, json={"answer": "harm-reported"})
    assert harmed.json()["answer"] == "harm-reported"
    for kind in ("notify-recipients-and-board", "report-to-medwatch"):
        done = client.post(f"{path}/deadlines", headers=pharmacist, json={"kind": kind})
        assert done.status_code == 200
    closed = client.post(f"{path}/closure", headers=pharmacist, json={"note": "all back"}).json()
    assert (closed["sent"], closed["answered"], closed["answered_percent"]) == (3, 1, 33)
    assert closed["closed_at"] is not None
    listed = client.get("/api/v1/recalls", headers=as_role(Role.AUDITOR)).json()
    assert [each["id"] for each in listed] == [recall["id"]]


def test_a_held_order_gets_other_capsules(bench: Bench, client: Client, as_role: AsRole) -> None:
    order = bench.order(Status.READY)
    opened(client, as_role, encode("lot", bench.lots[1_500].id), serious=False)
    make_capsule_lot(bench.session, 1_500)
    path = f"/api/v1/orders/{encode('ord', order.id)}"
    pharmacist = as_role(Role.PHARMACIST)
    tag = client.get(path, headers=pharmacist).headers["etag"]

    freed = client.post(
        f"{path}/reallocation",
        headers={**pharmacist, "if-match": tag},
        json={"reason": "lot-withdrawn"},
    )

    assert (freed.status_code, freed.json()["status"]) == (200, "planned")
    assert bench.lots[1_500].status is LotStatus.RECALLED


def test_harm_told_later_is_due_too(bench: Bench, client: Client, as_role: AsRole) -> None:
    recall = opened(client, as_role, encode("lot", bench.lots[500].id), serious=False)

    told = client.post(
        f"/api/v1/recalls/{recall['id']}/harm",
        headers=as_role(Role.PHARMACIST),
        json={"advised_at": "2026-03-02T22:00:00Z"},
    ).json()

    assert [each["due_at"] for each in told["timers"]] == ["2026-03-05T22:00:00Z"]
