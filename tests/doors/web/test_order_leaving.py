"""The second check's screen, pictures, sending, and what comes back."""

import io

import pytest
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.inventory.models import CapsuleLot
from pharmacy.kernel.ids import encode
from pharmacy.orders import queries
from pharmacy.orders.models import Order, OrderPicture
from pharmacy.orders.rules import Action, Status
from pharmacy.recalls.operations import open_recall
from pharmacy.recalls.rules.timers import LotKind
from pharmacy.shipping.models import Parcel
from pharmacy.staff.models import VouchFailure
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.orders import Bench
from tests.factories.patients import make_patient, move
from tests.factories.staff import hashed, make_account

OPEN_PAGE = {"HX-Request": "true"}
UPS, FEDEX = "1Z5R89390357567127", "986578788855"


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def at(order: Order) -> str:
    return f"/orders/{encode('ord', order.id)}"


def send(client: Client, path: str, headers: Headers, **fields: str | list[str]) -> tuple[int, str]:
    answer = client.post(path, headers=OPEN_PAGE | headers, data=fields or {"_": "1"})
    told = answer.headers.get("HX-Trigger", "") + answer.headers.get("HX-Location", "")
    return answer.status_code, told + answer.text


def photograph() -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (32, 24), "white").save(kept, "JPEG", comment=b"Houston")
    return kept.getvalue()


@pytest.mark.parametrize(("number", "carrier"), [(UPS, "ups"), (FEDEX, "fedex")])
def test_the_scanned_number_says_which_carrier_took_the_order(  # noqa: PLR0917
    client: Client, as_role: AsRole, session: Session, bench: Bench, number: str, carrier: str
) -> None:
    order = bench.order(Status.READY)
    technician = as_role(Role.TECHNICIAN, browser=True)
    assert str(order.number) in client.get("/shipping", headers=technician).text
    page = client.get(at(order), headers=technician).text
    assert "100 Example Street" in page

    assert send(client, f"{at(order)}/parcel", technician, number=number)[0] == 200

    parcel = session.scalars(select(Parcel)).one()
    session.expire_all()
    assert (parcel.carrier, parcel.tracking_number) == (carrier, number)
    assert order.status is Status.HANDED_OVER
    assert number in client.get("/shipping", headers=technician).text


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("1Z5R89390357567128", "check digit"),  # the last digit of a good one, one more
        ("not-a-number", "No carrier that we know"),
    ],
)
def test_a_mistyped_number_sends_nothing(  # noqa: PLR0917
    client: Client, as_role: AsRole, session: Session, bench: Bench, number: str, words: str
) -> None:
    order = bench.order(Status.READY)

    status, answer = send(
        client, f"{at(order)}/parcel", as_role(Role.TECHNICIAN, browser=True), number=number
    )

    assert status == 422
    assert words in answer
    assert session.scalars(select(Parcel)).all() == []


def test_where_the_pharmacy_has_no_licence_the_page_says_so_and_nothing_leaves(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.READY)
    patient = make_patient(session, identifier_value="MRN-MOVED")
    order.patient_id = move(session, patient, state="OK").id  # who moved away meanwhile
    session.flush()
    technician = as_role(Role.TECHNICIAN, browser=True)
    words = "This pharmacy has no licence to ship into OK today"

    assert words in client.get("/shipping", headers=technician).text
    page = client.get(at(order), headers=technician).text
    assert words in page
    assert 'id="send"' not in page
    status, answer = send(client, f"{at(order)}/parcel", technician, number=UPS)
    assert status == 409
    assert "may not ship" in answer
    assert session.scalars(select(Parcel)).all() == []


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ("delivered", Status.HANDED_OVER),
        ("returned", Status.RETURNED),
        ("lost", Status.HANDED_OVER),
    ],
)
def test_what_became_of_a_parcel_is_recorded_once(  # noqa: PLR0917
    client: Client, as_role: AsRole, session: Session, bench: Bench, end: str, status: Status
) -> None:
    order = bench.order(Status.READY)
    on_hand = {lot.id: lot.on_hand for lot in bench.lots.values()}
    technician = as_role(Role.TECHNICIAN, browser=True)
    send(client, f"{at(order)}/parcel", technician, number=UPS)

    assert send(client, f"{at(order)}/parcel/end", technician, status=end)[0] == 200

    session.expire_all()
    assert order.status is status
    assert all(lot.on_hand <= on_hand[lot.id] for lot in bench.lots.values())  # never restocked
    again, answer = send(client, f"{at(order)}/parcel/end", technician, status="delivered")
    assert (again, "is known" in answer) == (409, True)
    assert "No parcel is on its way" in client.get("/shipping", headers=technician).text


def test_medicine_that_comes_back_is_taken_back_for_a_coded_reason(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.HANDED_OVER)
    technician = as_role(Role.TECHNICIAN, browser=True)
    page = client.get(at(order), headers=technician).text
    assert "never goes back to stock" in page
    vials = [encode("ctr", each.id) for each in queries.containers(session, order.id)]
    assert all(f'value="{vial}" checked' in page for vial in vials)

    assert send(client, f"{at(order)}/return", technician, reason="stopped")[0] == 422
    wrong = send(client, f"{at(order)}/return", technician, reason="mood", vials=vials)
    assert wrong[0] == 422
    answer = send(client, f"{at(order)}/return", technician, reason="stopped", vials=vials)
    assert answer[0] == 200

    session.expire_all()
    event = queries.last_event(session, order.id, Action.RETURN)
    assert order.status is Status.RETURNED
    assert event
    assert event.facts["code"] == "stopped"
    assert "The patient stopped." in client.get(at(order), headers=technician).text


def test_of_two_vials_the_recalled_one_is_taken_back(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.HANDED_OVER)
    lot = bench.lots[1_500]
    open_recall(
        session, LotKind.CAPSULE, lot.id,
        reason="too light", serious=False, notice_at=NOW, by=bench.pharmacist, now=NOW,
    )  # fmt: skip
    vials = queries.containers(session, order.id)
    [bad] = [each for each in vials if each.lot_id == lot.id]
    technician = as_role(Role.TECHNICIAN, browser=True)
    page = client.get(at(order), headers=technician).text
    assert page.count(" checked>") == 1
    assert f'value="{encode("ctr", bad.id)}" checked' in page

    chosen = [encode("ctr", bad.id)]
    answer = send(client, f"{at(order)}/return", technician, reason="recalled", vials=chosen)

    session.expire_all()
    assert answer[0] == 200
    assert order.status is Status.RECALLED
    assert [each for each in vials if each.returned_at] == [bad]
    assert "Came back" in client.get(at(order), headers=technician).text


def test_a_picture_is_taken_from_the_page_and_shown_to_the_checker(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.FINAL_CHECK)
    technician = as_role(Role.TECHNICIAN, browser=True)

    answer = client.post(
        f"{at(order)}/pictures",
        headers=OPEN_PAGE | technician,
        files={"picture": ("IMG_1.jpg", photograph(), "image/jpeg")},
    )

    assert answer.status_code == 200
    kept = session.scalars(select(OrderPicture)).one()
    path = f"{at(order)}/pictures/{encode('pic', kept.id)}"
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    assert path in client.get(at(order), headers=pharmacist).text
    shown = client.get(path, headers=pharmacist)
    assert (shown.content, shown.headers["content-type"]) == (kept.data, "image/jpeg")
    assert b"Houston" not in shown.content
    assert shown.headers["x-content-type-options"] == "nosniff"
    looks = session.scalars(select(AuditEntry).where(AuditEntry.action == "picture.read")).all()
    assert [each.patient_id for each in looks] == [order.patient_id]


@pytest.mark.parametrize("data", [b"<svg onload='alert(1)'/>", b""])
def test_what_is_no_picture_is_not_kept(
    client: Client, as_role: AsRole, session: Session, bench: Bench, data: bytes
) -> None:
    order = bench.order(Status.LABELING)

    answer = client.post(
        f"{at(order)}/pictures",
        headers=OPEN_PAGE | as_role(Role.TECHNICIAN, browser=True),
        files={"picture": ("x.svg", data, "image/svg+xml")},
    )

    assert answer.status_code == 400
    assert "no JPEG, PNG or WebP picture" in answer.text
    assert session.scalars(select(OrderPicture)).all() == []


def test_a_picture_of_another_order_is_not_there(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order, other = bench.order(Status.LABELING), bench.order(Status.LABELING)
    technician = as_role(Role.TECHNICIAN, browser=True)
    client.post(
        f"{at(order)}/pictures",
        headers=OPEN_PAGE | technician,
        files={"picture": ("a.jpg", photograph(), "image/jpeg")},
    )
    kept = session.scalars(select(OrderPicture)).one()

    answer = client.get(f"{at(other)}/pictures/{encode('pic', kept.id)}", headers=technician)

    assert answer.status_code == 404


def test_the_checker_has_vials_signed_steps_and_lots_on_one_screen(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.FINAL_CHECK)

    page = client.get(at(order), headers=as_role(Role.PHARMACIST, browser=True)).text

    shown = page.split('id="second"')[1].split("</section>")[0]
    for dose in ("1.5", "3", "4.5"):  # a vial for each signed step, its sentence beside it
        assert f"Take {dose} mg at bedtime for 28 days." in shown
        assert f"28 \N{MULTIPLICATION SIGN} {dose} mg" in shown
    vials = queries.containers(session, order.id)
    for vial in vials:
        assert session.get_one(CapsuleLot, vial.lot_id).lot_number in shown
    assert len(vials) == 3


def test_give_back_and_send_back_have_a_key_each(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.FINAL_CHECK)
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    status, answer = send(client, f"{at(order)}/claim", pharmacist)
    assert (status, f"{at(order)}/unclaim" in answer) == (200, True)  # and undone with one key

    page = client.get(at(order), headers=pharmacist).text

    def key(words: str) -> str:
        parts = page.split('data-key="')[1:]
        return next(part.split('"')[0] for part in parts if f">{words} <kbd" in part)

    assert key("Give back") == "b"
    assert key("Send back") == "s"


def test_what_came_back_is_destroyed_before_a_colleague_who_types_a_pin(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.HANDED_OVER)
    witness = make_account(
        session, Role.PHARMACIST, display_name="Kim Lee", pin_hash=hashed("482915")
    )
    make_account(session, Role.ADMINISTRATOR, display_name="Ada Min", pin_hash=hashed("482915"))
    technician = as_role(Role.TECHNICIAN, browser=True)
    vials = [encode("ctr", each.id) for each in queries.containers(session, order.id)]
    send(client, f"{at(order)}/return", technician, reason="stopped", vials=vials)
    page = client.get(at(order), headers=technician).text
    assert "Destroy what came back, before a colleague who watches." in page
    assert "Kim Lee</option>" in page
    assert "Ada Min" not in page
    assert str(order.number) in client.get("/shipping", headers=technician).text
    by_kim = {"witness": encode("acc", witness.id), "vials": vials}

    for pin in ("482916", "000000"):
        status, answer = send(
            client, f"{at(order)}/destruction", technician, witness_pin=pin, **by_kim
        )
        assert (status, "your colleague" in answer) == (401, True)
    session.expire_all()
    assert queries.came_back(session, limit=9) != []
    failed = select(VouchFailure.failures).where(VouchFailure.account_id == witness.id)
    assert session.scalars(failed).all() == [2]
    right = send(client, f"{at(order)}/destruction", technician, witness_pin="482915", **by_kim)
    assert right[0] == 200

    session.expire_all()
    assert queries.came_back(session, limit=9) == []
    assert f"{len(vials)} vials; Kim Lee watched." in client.get(at(order), headers=technician).text
    assert str(order.number) not in client.get("/shipping", headers=technician).text


def test_a_parcel_that_came_back_waits_to_be_destroyed(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.READY)
    technician = as_role(Role.TECHNICIAN, browser=True)
    send(client, f"{at(order)}/parcel", technician, number=UPS)

    send(client, f"{at(order)}/parcel/end", technician, status="returned")

    shown = client.get("/shipping", headers=technician).text
    assert "Came back, to be destroyed" in shown
    assert str(order.number) in shown
    assert "No colleague has a PIN yet" in client.get(at(order), headers=technician).text
