"""Certificates, ledgers, triturations, shells and scanned codes over HTTP."""

import hashlib

from sqlalchemy.orm import Session

from pharmacy.inventory.models import LotStatus
from pharmacy.kernel.ids import encode
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.inventory import make_shell_lot
from tests.factories.practice import make_site
from tests.factories.titration import make_active_lot, make_filler_lot

POWDERS = "/api/v1/ingredient-lots"
PDF = b"%PDF-1.4 an example"


def test_a_certificate_comes_back_byte_by_byte(
    client: Client, session: Session, as_role: AsRole
) -> None:
    lot = make_active_lot(session, status=LotStatus.QUARANTINED)
    path = f"{POWDERS}/{encode('ing', lot.id)}/certificate"
    technician = as_role(Role.TECHNICIAN)

    none = client.get(path, headers=technician)
    kept = client.post(path, headers={**technician, "content-type": "application/pdf"}, content=PDF)
    read = client.get(path, headers=as_role(Role.AUDITOR))

    assert (none.status_code, none.json()["code"]) == (404, "certificate-not-found")
    assert kept.json()["certificate_sha256"] == hashlib.sha256(PDF).hexdigest()
    assert (read.content, read.headers["content-type"]) == (PDF, "application/pdf")
    json = client.post(path, headers=technician, json={})
    assert (json.status_code, json.json()["code"]) == (415, "wrong-media-type")


def test_hidden_powder_says_why(client: Client, session: Session, as_role: AsRole) -> None:
    make_site(session)
    make_active_lot(session, status=LotStatus.RECALLED)
    make_active_lot(session)

    found = client.get(
        f"{POWDERS}/eligibility",
        params={"ingredient": "naltrexone-hydrochloride"},
        headers=as_role(Role.TECHNICIAN),
    ).json()

    assert [each["why_hidden"] for each in found] == ["recalled", None]


def test_a_trituration_is_corrected_by_the_certificate(
    client: Client, session: Session, as_role: AsRole
) -> None:
    """1 g of 99.2 % with 0.4 % water in 10 g: 98.803 mg in a gram."""
    make_site(session)
    active, filler = make_active_lot(session), make_filler_lot(session)
    technician = as_role(Role.TECHNICIAN)
    body = {
        "lot_number": "TRIT-1",
        "active_lot": encode("ing", active.id),
        "diluent_lot": encode("ing", filler.id),
        "active_mg": "1000",
        "diluent_mg": "9000",
        "made_on": "2026-03-02",
    }

    made = client.post(f"{POWDERS}/triturations", headers=technician, json=body)

    lot = made.json()
    assert (made.status_code, lot["active_ug_per_g"], lot["on_hand_mg"]) == (201, 98803, "10000")
    assert (lot["status"], lot["expires_on"]) == ("quarantined", "2026-08-28")
    ledger = client.get(f"{POWDERS}/{encode('ing', active.id)}/ledger", headers=technician).json()
    assert [(move["kind"], move["quantity_mg"]) for move in ledger] == [
        ("received", "25000"),
        ("weighed", "1000"),
    ]


def test_packing_is_written_down_with_its_density(
    client: Client, session: Session, as_role: AsRole
) -> None:
    lot = make_filler_lot(session)
    body = {
        "capsule_size": "1",
        "fill_mg": "380",
        "density_g_ml": "0.76",
        "measured_on": "2026-03-01",
    }

    made = client.post(
        f"{POWDERS}/{encode('ing', lot.id)}/packing", headers=as_role(Role.TECHNICIAN), json=body
    ).json()

    assert (made["fill_mg"], made["density_g_ml"]) == ("380", "0.76")
    assert made["measured_by"].startswith("acc_")


def test_shells_are_received_tared_and_released(
    client: Client, session: Session, as_role: AsRole
) -> None:
    make_site(session)
    technician = as_role(Role.TECHNICIAN)
    body = {
        "maker": "icapsulepack",
        "lot_number": "S-9",
        "capsule_size": "3",
        "description": "white capsule",
        "received": 1000,
        "received_on": "2026-02-01",
    }
    lot = client.post("/api/v1/shell-lots", headers=technician, json=body).json()
    path = f"/api/v1/shell-lots/{lot['id']}"

    few = client.post(f"{path}/tare", headers=technician, json={"weights_mg": ["48"] * 9})
    tared = client.post(f"{path}/tare", headers=technician, json={"weights_mg": ["48.1"] * 10})
    released = client.post(f"{path}/release", headers=as_role(Role.PHARMACIST))

    assert few.status_code == 422
    assert tared.json()["mean_tare_mg"] == "48.1"
    assert (released.status_code, released.json()["status"]) == (200, "released")
    listed = client.get("/api/v1/shell-lots", headers=technician).json()
    assert [each["id"] for each in listed] == [lot["id"]]


def test_a_scanned_code_names_its_lots(client: Client, session: Session, as_role: AsRole) -> None:
    make_site(session)
    powder = make_active_lot(session, lot_number="NTX-4711")
    make_shell_lot(session)
    technician = as_role(Role.TECHNICIAN)

    scanned = client.post(
        "/api/v1/barcodes",
        headers=technician,
        json={"code": "]d201095060001343521727093010NTX-4711"},
    ).json()
    damaged = client.post("/api/v1/barcodes", headers=technician, json={"code": "]d210"})

    assert [each["id"] for each in scanned["ingredient_lots"]] == [encode("ing", powder.id)]
    assert (scanned["gtin"], scanned["expires_on"]) == ("09506000134352", "2027-09-30")
    assert (scanned["shell_lots"], scanned["capsule_lots"]) == ([], [])
    assert (damaged.status_code, damaged.json()["code"]) == (422, "barcode-invalid")
