"""Printers and copies over HTTP."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.kernel import ids
from pharmacy.orders.models import Order
from pharmacy.printing import operations, queries
from pharmacy.printing.rules import CopyState
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import SETTINGS, AsRole, Client, Clock
from tests.factories.orders import Bench
from tests.factories.practice import make_site
from tests.factories.printing import PLACE, first_label, furnish, labelled_order, make_printer

FOLDER = {"name": "Bench 1 labels", "address": "folder:bench-1"}


@pytest.fixture
def order(bench: Bench) -> Order:
    """An order whose labels are drawn, at a workplace with a label printer."""
    furnish(bench.session, make_printer(bench.session))
    return labelled_order(bench)


def prints_of(order: Order) -> str:
    return f"/api/v1/orders/{ids.encode('ord', order.id)}/prints"


def test_an_administrator_adds_a_printer_and_everybody_at_the_bench_sees_it(
    client: Client, as_role: AsRole
) -> None:
    added = client.post("/api/v1/printers", headers=as_role(Role.ADMINISTRATOR), json=FOLDER)
    listed = client.get("/api/v1/printers", headers=as_role(Role.TECHNICIAN))

    assert added.status_code == 201
    assert [each["name"] for each in listed.json()["items"]] == ["Bench 1 labels"]
    assert listed.json()["items"][0]["is_well"] is True


@pytest.mark.parametrize(
    ("address", "status", "code"),
    [
        ("ipp://169.254.169.254/latest", 403, "printer-address-forbidden"),
        ("ipp://192.0.2.7/ipp/print", 403, "printer-address-forbidden"),
        ("http://127.0.0.1/", 422, "printer-address-malformed"),
        ("folder:../../etc", 422, "printer-address-malformed"),
    ],
)
def test_an_address_that_printers_may_not_have_is_refused(
    client: Client, as_role: AsRole, address: str, status: int, code: str
) -> None:
    refused = client.post(
        "/api/v1/printers",
        headers=as_role(Role.ADMINISTRATOR),
        json=FOLDER | {"address": address},
    )

    assert (refused.status_code, refused.json()["type"]) == (status, f"/problems/{code}")


def test_a_name_is_given_once(client: Client, as_role: AsRole) -> None:
    headers = as_role(Role.ADMINISTRATOR)
    client.post("/api/v1/printers", headers=headers, json=FOLDER)

    again = client.post(
        "/api/v1/printers", headers=headers, json=FOLDER | {"name": "BENCH 1 LABELS"}
    )

    assert again.status_code == 409


def test_anybody_at_the_bench_tries_a_printer_out(
    client: Client,
    as_role: AsRole,
    session: Session,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    make_site(session)
    printer = make_printer(session)

    tried = client.post(
        f"/api/v1/printers/{ids.encode('prn', printer.id)}/test", headers=as_role(Role.TECHNICIAN)
    )

    assert tried.json()["certainty"] == "printed"
    assert tried.json()["printer"]["printed_at"] is not None
    [page] = (tmp_path / SETTINGS.print_folders / "bench-1").glob("tst_*.pdf")
    assert page.read_bytes().startswith(b"%PDF-")


def test_printing_twice_asks_once(client: Client, as_role: AsRole, order: Order) -> None:
    headers = as_role(Role.TECHNICIAN)

    first = client.post(prints_of(order), headers=headers, json={"workstation": PLACE})
    second = client.post(prints_of(order), headers=headers, json={"workstation": PLACE})

    assert first.status_code == 201
    assert first.json() == second.json()
    assert [each["state"] for each in first.json()["items"]] == ["queued"] * 3


def test_a_workplace_without_printers_is_told_what_to_do(
    client: Client, as_role: AsRole, order: Order
) -> None:
    refused = client.post(
        prints_of(order), headers=as_role(Role.TECHNICIAN), json={"workstation": "nowhere"}
    )

    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/no-printer"


def test_a_reprint_needs_a_coded_reason(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    headers = as_role(Role.TECHNICIAN)
    client.post(prints_of(order), headers=headers, json={"workstation": PLACE})
    address = f"/api/v1/labels/{ids.encode('lbl', first_label(session, order).id)}/reprint"

    bare = client.post(address, headers=headers, json={"workstation": PLACE})
    told = client.post(
        address, headers=headers, json={"workstation": PLACE, "reason": "unreadable"}
    )

    assert bare.status_code == 400
    assert (told.json()["copy_no"], told.json()["reason"]) == (2, "unreadable")


def test_what_is_unconfirmed_says_since_when(
    client: Client, as_role: AsRole, clock: Clock, order: Order
) -> None:
    headers = as_role(Role.TECHNICIAN)
    client.post(prints_of(order), headers=headers, json={"workstation": PLACE})
    clock.now = NOW + timedelta(minutes=7, seconds=5)

    page = client.get("/api/v1/prints?limit=2", headers=headers).json()
    rest = client.get(f"/api/v1/prints?cursor={page['next']}", headers=headers).json()

    assert [each["part"] for each in page["items"] + rest["items"]] == [
        "1 of 3",
        "2 of 3",
        "3 of 3",
    ]
    assert [each["waits_seconds"] for each in page["items"]] == [7 * 60 + 5] * 2


def test_a_scan_confirms_a_copy_and_reading_the_list_is_audited(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    headers = as_role(Role.TECHNICIAN)
    label = first_label(session, order)
    assert label.container_id is not None

    scanned = client.post(
        "/api/v1/prints/scan",
        headers=headers,
        json={"code": ids.encode("ctr", label.container_id)},
    )
    listed = client.get(prints_of(order), headers=headers)

    assert scanned.json()["state"] == "confirmed"
    assert [each["state"] for each in listed.json()["items"]] == ["confirmed"]
    assert "prints.read" in session.scalars(select(AuditEntry.action)).all()


def test_an_order_whose_newest_label_was_not_scanned_is_not_released(
    client: Client, as_role: AsRole, bench: Bench, order: Order
) -> None:
    label = first_label(bench.session, order)
    bench.pack(order)
    headers = as_role(Role.TECHNICIAN)
    client.post(
        f"/api/v1/labels/{ids.encode('lbl', label.id)}/reprint",
        headers=headers,
        json={"workstation": PLACE, "reason": "damaged"},
    )

    refused = client.post(
        f"/api/v1/orders/{ids.encode('ord', order.id)}/release",
        headers=as_role(Role.PHARMACIST) | {"If-Match": f'"{order.version}"'},
        json={"record_sha256": "0f" * 32},
    )

    assert refused.status_code == 409
    assert refused.json()["type"] == "/problems/labels-unconfirmed"


def test_a_person_settles_an_unknown_copy(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    headers = as_role(Role.TECHNICIAN)
    asked = client.post(prints_of(order), headers=headers, json={"workstation": PLACE}).json()
    copy_id = ids.decode("cpy", asked["items"][0]["id"])
    errand = operations.begin(session, copy_id, now=NOW)
    assert errand is not None
    copy = queries.copy(session, copy_id)
    copy.state = CopyState.UNKNOWN
    session.flush()

    settled = client.post(
        f"/api/v1/prints/{asked['items'][0]['id']}/resolution",
        headers=headers,
        json={"found": "not-there"},
    )
    retried = client.post(f"/api/v1/prints/{asked['items'][0]['id']}/retry", headers=headers)

    assert settled.json()["state"] == "ruled-out"
    assert retried.status_code == 409
