"""Labels of batches and lots over HTTP."""

from sqlalchemy.orm import Session

from pharmacy.kernel import ids
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.inventory import make_shell_lot, stock_the_clinic
from tests.factories.practice import make_site
from tests.rules.labels.pictures import scanned, text_of


def test_a_lot_s_label_says_whether_it_may_be_used(
    client: Client, as_role: AsRole, session: Session
) -> None:
    make_site(session)
    lot = stock_the_clinic(session)[1500]
    codes = [
        ids.encode("lot", lot.id),
        ids.encode("ing", lot.active_lot_id),
        ids.encode("shl", make_shell_lot(session).id),
    ]

    for code in codes:
        response = client.get(f"/api/v1/stock-labels/{code}", headers=as_role(Role.TECHNICIAN))
        assert response.status_code == 200, response.text
        assert scanned(response.content) == {("Data Matrix", code)}
        assert "Released for use" in text_of(response.content)


def test_a_label_printer_s_language_is_had_by_asking(
    client: Client, as_role: AsRole, session: Session
) -> None:
    make_site(session)
    code = ids.encode("lot", stock_the_clinic(session)[3000].id)

    response = client.get(
        f"/api/v1/stock-labels/{code}?format=zpl&stock=2.25x4&dpi=300",
        headers=as_role(Role.TECHNICIAN),
    )

    assert response.headers["content-type"] == "application/vnd.zebra-zpl"
    assert response.content.startswith(b"^XA^PW675^LL1200")


def test_what_is_neither_batch_nor_lot_has_no_label(client: Client, as_role: AsRole) -> None:
    for code in (ids.encode("bat", ids.new_id()), ids.encode("ord", ids.new_id()), "lot_1"):
        response = client.get(f"/api/v1/stock-labels/{code}", headers=as_role(Role.TECHNICIAN))
        assert response.status_code == 404


def test_everybody_may_print_the_action_barcodes(client: Client, as_role: AsRole) -> None:
    response = client.get("/api/v1/action-barcodes", headers=as_role(Role.TECHNICIAN))

    assert ("Code 128", "ACT-SAVE") in scanned(response.content, dpi=300)
