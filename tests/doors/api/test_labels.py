"""Labels over HTTP: the list, one PDF, all of them, and who saw them."""

import hashlib
import io

import pytest
import zxingcpp
from PIL import Image
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.kernel import ids
from pharmacy.labels import operations
from pharmacy.labels.models import Label
from pharmacy.orders import operations as orders
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.orders import Bench
from tests.rules.labels.pictures import pages_of, scanned


@pytest.fixture
def order(session: Session) -> Order:
    """An order with its labels drawn."""
    bench = Bench(session)
    order = bench.order(Status.PLANNED)
    orders.allocate(session, order.id, by=bench.technician, now=bench.now)
    operations.render(session, order.id, now=bench.now)
    return order


def labels_of(order: Order) -> str:
    return f"/api/v1/orders/{ids.encode('ord', order.id)}/labels"


def test_the_list_names_every_document_with_its_digest(
    client: Client, as_role: AsRole, order: Order
) -> None:
    response = client.get(labels_of(order), headers=as_role(Role.TECHNICIAN))

    items = response.json()["items"]
    assert [item["title"] for item in items] == [
        "Step 1 of 3, container 1 of 3",
        "Step 2 of 3, container 2 of 3",
        "Step 3 of 3, container 3 of 3",
        "Leaflet",
    ]
    assert [item["kind"] for item in items] == [*["container"] * 3, "leaflet"]
    assert all(len(item["pdf_sha256"]) == 64 for item in items)


def test_a_label_comes_byte_by_byte_as_it_was_drawn(
    client: Client, as_role: AsRole, order: Order
) -> None:
    item = client.get(labels_of(order), headers=as_role(Role.TECHNICIAN)).json()["items"][0]

    response = client.get(item["url"], headers=as_role(Role.TECHNICIAN))

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/pdf"
    assert response.headers["etag"] == f'"{item["pdf_sha256"]}"'
    assert response.headers["cache-control"] == "private, no-store"
    assert hashlib.sha256(response.content).hexdigest() == item["pdf_sha256"]


def test_all_labels_come_as_pages_of_one_file(
    client: Client, as_role: AsRole, order: Order
) -> None:
    url = f"{labels_of(order)}?format=pdf"

    response = client.get(url, headers=as_role(Role.TECHNICIAN))

    assert pages_of(response.content) == 3
    items = client.get(labels_of(order), headers=as_role(Role.TECHNICIAN)).json()["items"]
    for page in range(3):
        assert ("Data Matrix", items[page]["container"]) in scanned(response.content, page=page)


def test_labels_of_an_older_renderer_are_not_drawn_again(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    session.execute(text("set local session_replication_role = replica"))  # it is never rewritten
    session.execute(update(Label).values(renderer_version="0"))
    session.execute(text("set local session_replication_role = origin"))

    response = client.get(f"{labels_of(order)}?format=pdf", headers=as_role(Role.TECHNICIAN))

    assert response.status_code == 409
    assert response.json()["type"] == "/problems/labels-drawn-by-older-version"


def test_reading_a_label_leaves_a_row(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    item = client.get(labels_of(order), headers=as_role(Role.TECHNICIAN)).json()["items"][0]
    client.get(item["url"], headers=as_role(Role.TECHNICIAN))

    reads = session.scalars(select(AuditEntry).where(AuditEntry.action == "labels.read")).all()

    assert len(reads) == 2
    assert all(read.patient_id == order.patient_id for read in reads)
    assert reads[1].detail == {"label": item["id"]}


def test_a_label_that_does_not_exist_is_not_found(client: Client, as_role: AsRole) -> None:
    for url in (f"/api/v1/labels/{ids.encode('lbl', ids.new_id())}", "/api/v1/labels/lbl_1"):
        assert client.get(url, headers=as_role(Role.TECHNICIAN)).status_code == 404


def test_an_order_without_labels_has_no_file(
    client: Client, as_role: AsRole, session: Session
) -> None:
    order = Bench(session).order()

    response = client.get(f"{labels_of(order)}?format=pdf", headers=as_role(Role.TECHNICIAN))

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("asked", "size"),
    [
        ("", (812, 406)),
        ("?stock=4x6&dpi=300", (1200, 1800)),
        ("?stock=2.25x4&copy=2&reason=lost&page=2", (456, 812)),
    ],
)
def test_a_preview_is_what_a_label_printer_puts_on_paper(
    client: Client, as_role: AsRole, order: Order, asked: str, size: tuple[int, int]
) -> None:
    headers = as_role(Role.TECHNICIAN)
    first = client.get(labels_of(order), headers=headers).json()["items"][0]

    shown = client.get(f"{first['url']}/preview{asked}", headers=headers)

    picture = Image.open(io.BytesIO(shown.content))
    assert (shown.headers["content-type"], picture.size) == ("image/png", size)
    codes = {each.text for each in zxingcpp.read_barcodes(picture.convert("L"))}
    assert any(code.startswith(first["container"]) for code in codes)


def test_a_reprint_is_seen_before_it_is_asked_for(
    client: Client, as_role: AsRole, order: Order
) -> None:
    headers = as_role(Role.TECHNICIAN)
    first = client.get(labels_of(order), headers=headers).json()["items"][0]

    shown = client.get(f"{first['url']}/preview?copy=2&reason=lost", headers=headers)

    picture = Image.open(io.BytesIO(shown.content)).convert("L")
    assert f"{first['container']}.02" in {each.text for each in zxingcpp.read_barcodes(picture)}
    original = client.get(f"{first['url']}/preview", headers=headers)
    assert shown.content != original.content


def test_a_leaflet_and_a_page_that_is_not_there_have_no_preview(
    client: Client, as_role: AsRole, order: Order
) -> None:
    headers = as_role(Role.TECHNICIAN)
    *labels, leaflet = client.get(labels_of(order), headers=headers).json()["items"]

    assert client.get(f"{leaflet['url']}/preview", headers=headers).status_code == 404
    assert client.get(f"{labels[0]['url']}/preview?page=2", headers=headers).status_code == 404
