"""Lots and next fills over HTTP."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from pharmacy.kernel.ids import encode
from pharmacy.orders.rules import Status
from pharmacy.refills import operations as refills
from pharmacy.refills.models import Refill
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client, Clock
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import Bench
from tests.factories.practice import make_site
from tests.factories.prescriptions import make_maintenance
from tests.factories.staff import make_account, make_session

POWDER = {
    "ingredient": "naltrexone-hydrochloride",
    "lot_number": "N-77",
    "manufacturer": "Example Chemicals",
    "amount_mg": "25000.5",
    "received_on": "2026-01-05",
    "expires_on": "2027-01-31",
    "salt_form": "hcl-anhydrous",
    "assay_pct": "99.2",
    "assay_basis": "anhydrous",
    "water_pct": "0.4",
}


def maintained(bench: Bench, status: Status = Status.HANDED_OVER) -> Refill:
    prescription = make_maintenance(
        bench.session, patient=bench.patient(), valid_from=date(2026, 3, 2)
    )
    order = bench.order(status, prescription=prescription)
    refill = refills.schedule(bench.session, order.id, now=NOW)
    assert refill is not None
    return refill


def test_powder_and_capsules_come_in_and_are_released_by_a_second_person(
    client: Client, session: Session, as_role: AsRole
) -> None:
    make_site(session)
    technician, pharmacist = as_role(Role.TECHNICIAN), as_role(Role.PHARMACIST)

    powder = client.post("/api/v1/ingredient-lots", headers=technician, json=POWDER).json()
    assert (powder["status"], powder["on_hand_mg"]) == ("quarantined", "25000.5")
    assert powder["assay_pct"] == "99.2"
    certificate = f"/api/v1/ingredient-lots/{powder['id']}/certificate"
    sent = {**technician, "content-type": "application/pdf"}
    assert client.post(certificate, headers=sent, content=b"%PDF-1.4 coa").status_code == 201
    capsules = {
        "lot_number": "C-77",
        "strength_mg": "1.5",
        "capsule_size": "3",
        "description": "white capsule",
        "filler": "microcrystalline-cellulose",
        "active_lot": powder["id"],
        "compounded_on": "2026-02-17",
        "beyond_use_on": "2026-08-15",
        "made": 100,
    }
    lot = client.post("/api/v1/lots", headers=technician, json=capsules).json()
    assert (lot["strength_mg"], lot["free"]) == ("1.5", 100)

    for path in (f"ingredient-lots/{powder['id']}", f"lots/{lot['id']}"):
        assert client.post(f"/api/v1/{path}/release", headers=technician).status_code == 403
        released = client.post(f"/api/v1/{path}/release", headers=pharmacist)
        assert released.json()["status"] == "released"
    listed = client.get("/api/v1/lots?strength_mg=1.5&status=released", headers=technician)
    assert [each["id"] for each in listed.json()["items"]] == [lot["id"]]
    powders = client.get("/api/v1/ingredient-lots", headers=technician).json()["items"]
    assert [each["id"] for each in powders] == [powder["id"]]


@pytest.mark.parametrize(
    ("name", "value"),
    [("amount_mg", 25000), ("amount_mg", "-1"), ("amount_mg", "1e3"), ("surprise", 1)],
)
def test_a_mass_is_decimal_text_and_nothing_else(
    client: Client, as_role: AsRole, name: str, value: object
) -> None:
    body = POWDER | {name: value}

    response = client.post("/api/v1/ingredient-lots", headers=as_role(Role.TECHNICIAN), json=body)

    assert response.status_code == 400


def test_lots_come_in_pages_the_first_to_expire_first(
    client: Client, session: Session, as_role: AsRole
) -> None:
    technician = as_role(Role.TECHNICIAN)
    for number in range(3):
        on = date(2026, 8, 15) - timedelta(days=number)
        make_capsule_lot(session, lot_number=f"L{number}", beyond_use_on=on)

    first = client.get("/api/v1/lots?limit=2", headers=technician).json()
    rest = client.get(f"/api/v1/lots?limit=2&cursor={first['next']}", headers=technician).json()

    shown = [each["lot_number"] for each in first["items"] + rest["items"]]
    assert shown == ["L2", "L1", "L0"]


def test_the_shelf_explains_itself(client: Client, session: Session, as_role: AsRole) -> None:
    make_site(session)
    make_capsule_lot(session, lot_number="SHORT", beyond_use_on=date(2026, 3, 20))

    found = client.get(
        "/api/v1/lots/eligibility",
        params={
            "strength_mg": "1.5",
            "first_dose_on": "2026-03-03",
            "last_dose_on": "2026-03-30",
        },
        headers=as_role(Role.TECHNICIAN),
    ).json()

    assert [(each["lot"]["lot_number"], each["why_not"]) for each in found] == [
        ("SHORT", "beyond-use-before-last-dose")
    ]


def test_a_lot_is_withdrawn_with_a_reason(
    client: Client, session: Session, as_role: AsRole
) -> None:
    make_site(session)
    path = f"/api/v1/lots/{encode('lot', make_capsule_lot(session).id)}"
    body = {"status": "rejected", "reason": "potency 88 %"}

    withdrawn = client.post(f"{path}/withdrawal", headers=as_role(Role.PHARMACIST), json=body)

    assert withdrawn.json()["status"] == "rejected"
    assert client.get(path, headers=as_role(Role.AUDITOR)).json()["status"] == "rejected"


def test_a_lot_is_not_called_recalled_without_a_recall(
    client: Client, session: Session, as_role: AsRole
) -> None:
    """It would trace nobody: no letters, no clock of twelve hours."""
    make_site(session)
    path = f"/api/v1/lots/{encode('lot', make_capsule_lot(session).id)}"
    body = {"status": "recalled", "reason": "potency 88 %"}

    refused = client.post(f"{path}/withdrawal", headers=as_role(Role.PHARMACIST), json=body)

    assert (refused.status_code, refused.json()["code"]) == (409, "lot-recall-needed")
    assert client.get(path, headers=as_role(Role.AUDITOR)).json()["status"] == "released"


def test_the_due_list_shows_what_comes_and_when(
    bench: Bench, client: Client, as_role: AsRole
) -> None:
    """First dose on 5 March, three days after approval; the first day without one is 28 May."""
    refill = maintained(bench, Status.PLANNED)
    technician = as_role(Role.TECHNICIAN)

    found = client.get("/api/v1/refills?due_before=2026-06-01", headers=technician).json()
    none = client.get("/api/v1/refills?due_before=2026-05-21", headers=technician).json()

    line = found["items"][0]
    assert (line["id"], line["state"]) == (encode("rfl", refill.id), "scheduled")
    assert (line["fill"], line["authorised_fills"], line["remaining_fills"]) == (2, 2, 1)
    assert (line["earliest_on"], line["due_on"]) == ("2026-05-06", "2026-05-21")
    assert line["continues_with"] == [
        {"no": 1, "dose_mg": "4.5", "days": 84, "time_of_day": "bedtime"}
    ]
    assert none["items"] == []
    order = client.get(f"/api/v1/orders/{line['after_order']}", headers=technician).json()
    assert order["refill"] == line["id"]


def test_the_next_fill_is_ordered_in_its_window_and_once(
    bench: Bench, client: Client, session: Session, clock: Clock, as_role: AsRole
) -> None:
    path = f"/api/v1/refills/{encode('rfl', maintained(bench).id)}/order"
    technician = as_role(Role.TECHNICIAN)
    headers = {"early": None}

    soon = client.post(path, headers=technician, json=headers)
    assert (soon.status_code, soon.json()["code"]) == (409, "refill-too-soon")
    assert soon.json()["facts"]["earliest_on"] == "2026-05-03"

    clock.now = NOW + timedelta(days=62)
    token = make_session(session, make_account(session, Role.TECHNICIAN), at=clock.now)
    technician = {"Authorization": f"Bearer {token}"}
    made = client.post(path, headers=technician, json=headers)
    assert (made.status_code, made.json()["fill"]) == (201, 2)
    assert made.headers["Location"] == f"/api/v1/orders/{made.json()['id']}"
    again = client.post(path, headers=technician, json=headers)
    assert (again.status_code, again.json()["code"]) == (409, "refill-closed")


def test_a_clinic_reads_its_own_next_fills_only(
    bench: Bench, client: Client, as_role: AsRole
) -> None:
    path = f"/api/v1/refills/{encode('rfl', maintained(bench, Status.PLANNED).id)}"

    own = client.get(path, headers=as_role(Role.EHR_CLIENT))
    other = client.get(path, headers=as_role(Role.EHR_CLIENT, npi="1999999901"))

    assert (own.status_code, other.status_code) == (200, 404)
