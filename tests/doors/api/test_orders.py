"""Orders over HTTP: the queue, versions, claims, every step, and who sees what."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.infra.jobs import Job
from pharmacy.inventory.models import LotStatus
from pharmacy.kernel.ids import encode
from pharmacy.kernel.jobs import JobKind
from pharmacy.labels import operations as labels
from pharmacy.orders import operations
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.orders import Bench


@pytest.fixture
def technician(as_role: AsRole) -> Headers:
    return as_role(Role.TECHNICIAN)


@pytest.fixture
def pharmacist(as_role: AsRole) -> Headers:
    return as_role(Role.PHARMACIST)


def path(order: Order, *rest: str) -> str:
    return "/".join(["/api/v1/orders", encode("ord", order.id), *rest])


def step(
    client: Client, order: Order, name: str, headers: Headers, body: dict[str, Any] | None = None
) -> Any:
    """Take a step on the order's present version."""
    seen = client.get(path(order), headers=headers)
    match = {"If-Match": seen.headers["ETag"]}
    return client.post(path(order, name), headers={**headers, **match}, json=body)


def seen(client: Client, order: Order, headers: Headers) -> dict[str, str]:
    """A signature under the second check as it stands, given just after signing in."""
    check = client.get(path(order, "second-check"), headers=headers).json()
    return {"record_sha256": check["record_sha256"]}


def test_an_order_says_what_is_owed_next_and_by_whom(
    bench: Bench, client: Client, technician: Headers
) -> None:
    order = bench.order(Status.LABELING)

    response = client.get(path(order), headers=technician)

    view = response.json()
    assert response.headers["ETag"] == f'"{order.version}"'
    assert view["next"]["owner"] == "technician"
    assert view["next"]["action"] == "pack"
    assert view["patient"]["name"].startswith("Testpatient")
    assert [each["strength_mg"] for each in view["containers"]] == ["1.5", "3", "4.5"]
    assert view["first_dose_on"] == "2026-03-05"


def test_the_straight_way_over_http(
    bench: Bench, client: Client, session: Session, technician: Headers, pharmacist: Headers
) -> None:
    order = bench.order(Status.REVIEW)
    bench.decide(order)

    view = step(client, order, "approval", pharmacist, {}).json()
    assert (view["status"], view["next"]["action"]) == ("planned", "allocate")
    view = step(client, order, "allocation", technician).json()
    assert (view["status"], view["next"]["owner"]) == ("labeling", "worker")
    labels.render(session, order.id, now=NOW)
    scanned = [each["id"] for each in view["containers"]]
    view = step(client, order, "packing", technician, {"scanned": scanned}).json()
    assert view["status"] == "final-check"
    assert (
        step(client, order, "release", pharmacist, seen(client, order, pharmacist)).json()["status"]
        == "ready"
    )
    handed = {"identifiers": ["name", "birth-date"], "counselling": "declined"}
    view = step(client, order, "hand-over", technician, handed).json()

    assert (view["status"], view["next"]["action"]) == ("handed-over", "none")
    told = client.get(path(order, "events"), headers=technician).json()
    assert [event["to_status"] for event in told][-2:] == ["ready", "handed-over"]
    assert told[-1]["facts"]["counselling"] == "declined"


def test_a_change_says_which_version_it_was_decided_on(
    bench: Bench, client: Client, technician: Headers
) -> None:
    order = bench.order(Status.PLANNED)
    stale = {"If-Match": f'"{order.version - 1}"'}

    without = client.post(path(order, "allocation"), headers=technician)
    late = client.post(path(order, "allocation"), headers={**technician, **stale})

    assert (without.status_code, without.json()["code"]) == (428, "version-not-given")
    assert (late.status_code, late.json()["code"]) == (412, "stale-version")
    assert order.status is Status.PLANNED


def test_a_step_from_the_wrong_status_is_a_conflict(
    bench: Bench, client: Client, technician: Headers
) -> None:
    order = bench.order(Status.REVIEW)

    response = step(client, order, "allocation", technician)

    assert (response.status_code, response.json()["code"]) == (409, "order-move-not-allowed")


def test_the_next_order_is_claimed_and_others_are_told_by_whom(
    bench: Bench, client: Client, as_role: AsRole, technician: Headers
) -> None:
    order = bench.order(Status.PLANNED)
    me = client.get("/api/v1/me", headers=technician).json()["id"]

    taken = client.post("/api/v1/orders/next", headers=technician)
    assert (taken.json()["id"], taken.json()["claimed_by"]) == (encode("ord", order.id), me)

    response = step(client, order, "allocation", as_role(Role.TECHNICIAN))
    problem = response.json()
    assert (response.status_code, problem["code"]) == (409, "order-claimed")
    assert problem["facts"]["claimed_by"] == me
    assert problem["facts"]["claimed_until"] == (NOW + timedelta(minutes=20)).isoformat()

    assert client.delete(path(order, "claim"), headers=technician).json()["claimed_by"] is None
    assert step(client, order, "allocation", as_role(Role.TECHNICIAN)).status_code == 200


def test_an_empty_queue_says_so(bench: Bench, client: Client, technician: Headers) -> None:
    response = client.post("/api/v1/orders/next", headers=technician)

    assert (response.status_code, response.json()["code"]) == (404, "queue-empty")


def test_the_queue_goes_by_due_time_in_pages(
    bench: Bench, client: Client, session: Session, technician: Headers
) -> None:
    orders = [bench.order(Status.PLANNED) for _ in range(3)]
    for hours, order in enumerate(orders):
        order.due_at = NOW - timedelta(hours=hours)
    session.flush()

    first = client.get("/api/v1/orders?limit=2", headers=technician).json()
    rest = client.get(
        "/api/v1/orders", params={"limit": 2, "cursor": first["next"]}, headers=technician
    ).json()

    shown = [line["id"] for line in first["items"] + rest["items"]]
    assert shown == [encode("ord", order.id) for order in reversed(orders)]
    assert rest["next"] is None


def test_the_queue_is_narrowed(
    bench: Bench, client: Client, session: Session, technician: Headers
) -> None:
    planned, review = bench.order(Status.PLANNED), bench.order(Status.REVIEW)
    bench.order(Status.HANDED_OVER)
    operations.place_hold(
        session, review.id, code="ask-first", words="Ask.", by=bench.technician, now=NOW
    )

    def shown(query: str) -> list[str]:
        found = client.get(f"/api/v1/orders?{query}", headers=technician).json()["items"]
        return [line["id"] for line in found]

    ids = [encode("ord", each.id) for each in (planned, review)]
    assert sorted(shown("")) == sorted(ids)
    assert shown("status=planned") == ids[:1]
    assert sorted(shown("status=planned&status=review")) == sorted(ids)
    assert shown("held=true") == ids[1:]
    assert shown("held=false&unclaimed=true") == ids[:1]
    assert shown("mine=true") == []
    assert shown("due_before=2026-03-01T00:00:00Z") == []


def test_a_held_line_shows_its_hold_and_is_settled_by_a_pharmacist(
    bench: Bench, client: Client, technician: Headers, pharmacist: Headers
) -> None:
    order = bench.order(Status.PLANNED)
    body = {"code": "patient-called", "words": "Ask again about surgery.", "owner": "pharmacist"}

    hold = client.post(path(order, "holds"), headers=technician, json=body).json()
    line = client.get("/api/v1/orders?held=true", headers=technician).json()["items"][0]
    assert line["next"] == {
        "owner": "pharmacist",
        "action": "settle:patient-called",
        "words": "Ask again about surgery.",
    }
    assert step(client, order, "allocation", technician).json()["code"] == "order-held"

    lift = path(order, "holds", hold["id"], "lift")
    assert client.post(lift, headers=technician, json={"reason": "x"}).status_code == 403
    lifted = client.post(lift, headers=pharmacist, json={"reason": "no surgery planned"})
    assert lifted.json()["lift_reason"] == "no surgery planned"
    assert step(client, order, "allocation", technician).status_code == 200


def test_who_an_order_is_for_is_shown_to_those_who_may_know(
    bench: Bench, client: Client, as_role: AsRole
) -> None:
    order = bench.order(Status.REVIEW)

    own = client.get(path(order), headers=as_role(Role.EHR_CLIENT))
    other = client.get(path(order), headers=as_role(Role.EHR_CLIENT, npi="1999999901"))
    administrator = client.get(path(order), headers=as_role(Role.ADMINISTRATOR))

    assert own.json()["patient"]["name"].startswith("Testpatient")
    assert (other.status_code, administrator.status_code) == (404, 403)


def test_reading_leaves_a_trace(
    bench: Bench, client: Client, session: Session, technician: Headers
) -> None:
    order = bench.order(Status.REVIEW)

    client.get(path(order), headers=technician)
    client.get("/api/v1/orders", headers=technician)

    read = session.scalars(
        select(AuditEntry.patient_id).where(AuditEntry.action == "order.read")
    ).all()
    lists = session.scalars(
        select(AuditEntry.detail).where(AuditEntry.action == "queue.read")
    ).all()
    assert read == [order.patient_id]
    assert lists == [{"orders": [encode("ord", order.id)]}]


def test_a_refused_release_owes_the_check_that_holds_the_order(
    bench: Bench, client: Client, session: Session, pharmacist: Headers
) -> None:
    order = bench.order(Status.FINAL_CHECK)
    bench.lots[1_500].status = LotStatus.QUARANTINED
    session.flush()

    response = step(client, order, "release", pharmacist, seen(client, order, pharmacist))

    assert (response.status_code, response.json()["code"]) == (409, "order-gate-closed")
    owed = session.scalars(
        select(Job.dedupe_key).where(Job.ref_id == order.id, Job.kind == JobKind.CHECK_ORDER)
    ).all()
    assert len(owed) == 2


def test_a_clinic_cancels_its_own_order_and_reads_what_was_made(
    bench: Bench, client: Client, as_role: AsRole
) -> None:
    order = bench.order(Status.LABELING)
    clinic = as_role(Role.EHR_CLIENT)

    response = step(client, order, "cancellation", clinic, {"reason": "dose-changed"})

    assert response.json()["status"] == "cancelled"
    last = client.get(path(order, "events"), headers=clinic).json()[-1]
    assert last["facts"]["capsules"] == "back-in-stock"


def test_rejection_is_coded_and_worded(bench: Bench, client: Client, pharmacist: Headers) -> None:
    order = bench.order(Status.REVIEW)

    unknown = step(client, order, "rejection", pharmacist, {"reason": "mood", "words": "No."})
    refused = step(
        client,
        order,
        "rejection",
        pharmacist,
        {"reason": "not-clarified", "words": "The clinic has not answered."},
    )

    assert (unknown.status_code, unknown.json()["code"]) == (422, "reason-unknown")
    assert refused.json()["status"] == "rejected"


def test_sending_back_and_returning(
    bench: Bench, client: Client, technician: Headers, pharmacist: Headers
) -> None:
    order, gone = bench.order(Status.FINAL_CHECK), bench.order(Status.HANDED_OVER)

    back = step(client, order, "send-back", pharmacist, {"reason": "wrong-count"})
    returned = step(client, gone, "return", technician, {"reason": "stopped"})

    assert (back.json()["status"], returned.json()["status"]) == ("labeling", "returned")


def test_a_recheck_goes_back_to_the_worker(
    bench: Bench, client: Client, pharmacist: Headers
) -> None:
    order = bench.order(Status.REVIEW)

    response = client.post(path(order, "recheck"), headers=pharmacist)

    assert (response.status_code, response.json()["status"]) == (202, "received")


def test_an_order_whose_lot_was_withdrawn_says_its_way_out_and_takes_it(
    bench: Bench, client: Client, session: Session, technician: Headers, pharmacist: Headers
) -> None:
    order = bench.order(Status.READY)
    bench.lots[3_000].status = LotStatus.RECALLED
    session.flush()
    handed = {"identifiers": ["name", "birth-date"], "counselling": "declined"}

    refused = step(client, order, "hand-over", technician, handed)
    view = client.get(path(order), headers=technician).json()
    line = client.get("/api/v1/orders", headers=technician).json()["items"][0]

    assert (refused.status_code, refused.json()["code"]) == (409, "order-gate-closed")
    assert "allocates the order anew" in refused.json()["remedy"]
    assert (view["next"]["owner"], view["next"]["action"]) == ("pharmacist", "allocate-anew")
    assert line["next"] == view["next"]
    anew = step(client, order, "reallocation", pharmacist, {"reason": "lot-withdrawn"}).json()
    assert (anew["status"], anew["next"]["action"]) == ("planned", "allocate")
    assert (anew["containers"], anew["packed_by"], anew["checked_by"]) == ([], None, None)


def test_another_reason_to_allocate_anew_is_said_in_words(
    bench: Bench, client: Client, technician: Headers, pharmacist: Headers
) -> None:
    order = bench.order(Status.FINAL_CHECK)

    by_technician = step(client, order, "reallocation", technician, {"reason": "damaged"})
    silent = step(client, order, "reallocation", pharmacist, {"reason": "other"})
    told = step(client, order, "reallocation", pharmacist, {"reason": "other", "words": "Wet."})

    assert by_technician.status_code == 403
    assert (silent.status_code, silent.json()["code"]) == (422, "reason-words-needed")
    assert told.json()["status"] == "planned"
