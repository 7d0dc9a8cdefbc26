"""From an order's page: how its patient reads, and the leaflet as pictures."""

import io

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.kernel.ids import encode
from pharmacy.labels import operations, queries
from pharmacy.labels.models import Label, LabelKind
from pharmacy.orders import operations as orders
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.patients.models import Patient
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.labels import approve_spanish
from tests.factories.orders import Bench

OPEN_PAGE = {"HX-Request": "true"}


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


@pytest.fixture
def order(bench: Bench) -> Order:
    """An order whose labels are drawn and not packed yet."""
    order = bench.order(Status.PLANNED)
    orders.allocate(bench.session, order.id, by=bench.technician, now=bench.now)
    operations.render(bench.session, order.id, now=bench.now)
    return order


def at(order: Order) -> str:
    return f"/orders/{encode('ord', order.id)}"


def choose(client: Client, order: Order, headers: Headers, **fields: str) -> tuple[int, str]:
    sent = {"language": "es", "reason": "She asked for it"} | fields
    answer = client.post(f"{at(order)}/reading", headers=OPEN_PAGE | headers, data=sent)
    return answer.status_code, answer.headers.get("HX-Location", "") + answer.text


def leaflet_of(session: Session, order: Order) -> Label:
    *_, leaflet = queries.of_order(session, order.id)
    assert leaflet.kind is LabelKind.LEAFLET
    return leaflet


def test_a_pharmacist_chooses_language_and_large_print_on_the_orders_page(
    client: Client, as_role: AsRole, bench: Bench, order: Order
) -> None:
    approve_spanish(
        bench.session, writer=bench.pharmacist, approver=bench.second_pharmacist, now=bench.now
    )
    old = [each.id for each in queries.of_order(bench.session, order.id)]
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    assert "English, leaflet in usual print" in client.get(at(order), headers=pharmacist).text

    status, told = choose(client, order, pharmacist, large_print="yes")

    assert status == 200, told
    bench.session.expire_all()
    patient = bench.session.get_one(Patient, order.patient_id)
    assert (patient.language, patient.large_print) == ("es", True)
    assert all(queries.get(bench.session, each).voided_at for each in old)
    assert order.labeled_at is None
    page = client.get(at(order), headers=pharmacist).text
    assert "Spanish, leaflet in large print, 18 points" in page
    operations.render(bench.session, order.id, now=bench.now)
    assert leaflet_of(bench.session, order).content["large_print"] is True


def test_the_choice_is_in_the_audit_trail_with_its_reason(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    assert choose(client, order, as_role(Role.PHARMACIST, browser=True), language="en")[0] == 200

    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "patient.reading-chosen")
    ).one()
    assert entry.patient_id == order.patient_id
    assert entry.detail == {"language": "en", "large_print": False, "reason": "She asked for it"}


def test_labels_of_a_packed_order_stay_as_they_were_printed(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = bench.order(Status.FINAL_CHECK)

    status, _ = choose(client, order, as_role(Role.PHARMACIST, browser=True))

    assert status == 200
    bench.session.expire_all()
    kept = bench.session.scalars(select(Label).where(Label.order_id == order.id)).all()
    assert all(each.voided_at is None for each in kept)
    assert order.labeled_at is not None


@pytest.mark.parametrize("role", [Role.TECHNICIAN, Role.AUDITOR])
def test_nobody_else_chooses_and_nobody_else_is_offered_it(
    client: Client, as_role: AsRole, session: Session, order: Order, role: Role
) -> None:
    somebody = as_role(role, browser=True)

    page = client.get(at(order), headers=somebody).text

    assert "How this patient reads" in page
    assert 'id="reading"' not in page
    assert choose(client, order, somebody)[0] == 403
    session.expire_all()
    assert session.get_one(Patient, order.patient_id).reading_chosen_at is None


@pytest.mark.parametrize(
    "wrong", [{"reason": " "}, {"language": "Spanish"}, {"language": ""}, {"large_print": "maybe"}]
)
def test_a_form_that_says_too_little_is_given_back(
    client: Client, as_role: AsRole, order: Order, wrong: dict[str, str]
) -> None:
    status, _ = choose(client, order, as_role(Role.PHARMACIST, browser=True), **wrong)

    assert status == 422


def test_the_page_says_what_a_language_without_approved_words_means(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    assert "Spanish (its words are not approved)" in client.get(at(order), headers=pharmacist).text

    choose(client, order, pharmacist)

    session.expire_all()
    page = client.get(at(order), headers=pharmacist).text
    assert "the labels wait until they are" in page


def test_the_second_check_is_told_of_a_patient_who_reads_otherwise(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = bench.order(Status.FINAL_CHECK)
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    check = '<h2 id="second">'

    usual = client.get(at(order), headers=pharmacist).text
    choose(client, order, pharmacist, language="en", large_print="yes")
    bench.session.expire_all()
    special = client.get(at(order), headers=pharmacist).text

    words = "<strong>English, leaflet in large print, 18 points</strong>"
    assert words not in usual.split(check)[1].split("</section>")[0]
    assert words in special.split(check)[1].split("</section>")[0]


def test_every_page_of_the_leaflet_is_a_picture_that_comes_when_it_is_scrolled_to(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    technician = as_role(Role.TECHNICIAN, browser=True)
    leaflet = f"{at(order)}/labels/{encode('lbl', leaflet_of(session, order).id)}"

    page = client.get(at(order), headers=technician).text

    for sheet in (1, 2):
        shown = f'src="{leaflet}/sheets/{sheet}" alt="Leaflet, page {sheet} of 2"'
        assert shown in page
        assert 'loading="lazy"' in page.split(shown)[1].split(">")[0]
        answer = client.get(f"{leaflet}/sheets/{sheet}", headers=technician)
        assert answer.headers["content-type"] == "image/png"
        assert "no-store" in answer.headers["cache-control"]
        assert Image.open(io.BytesIO(answer.content)).size == (816, 1056)
    assert client.get(f"{leaflet}/sheets/3", headers=technician).status_code == 404


def test_a_page_of_the_leaflet_is_a_look_at_the_patient_and_of_this_order_alone(
    client: Client, as_role: AsRole, bench: Bench, session: Session, order: Order
) -> None:
    technician = as_role(Role.TECHNICIAN, browser=True)
    other = bench.order(Status.PLANNED)
    leaflet = encode("lbl", leaflet_of(session, order).id)

    assert client.get(f"{at(order)}/labels/{leaflet}/sheets/1", headers=technician).is_success
    foreign = client.get(f"{at(other)}/labels/{leaflet}/sheets/1", headers=technician)

    assert foreign.status_code == 404
    looks = session.scalars(select(AuditEntry).where(AuditEntry.action == "labels.read")).all()
    assert [each.patient_id for each in looks] == [order.patient_id]
