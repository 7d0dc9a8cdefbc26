"""A lot of empty shells in the console: received with papers, accepted by another, filled."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.inventory.models import LotStatus, ShellLot
from pharmacy.kernel.ids import encode
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client
from tests.factories.compounding import Laboratory
from tests.factories.practice import make_site

SHELLS = {
    "maker": "capsugel",
    "lot_number": "SH-77",
    "capsule_size": "3",
    "description": "white capsule",
    "received": "1000",
    "received_on": f"{NOW:%Y-%m-%d}",
    "expires_on": "2028-01-01",
}
PAPERS = {"certificate": ("shells.pdf", b"%PDF-1.7 shells", "application/pdf")}
OPEN_PAGE = {"HX-Request": "true"}


def test_shells_arrive_with_their_papers_and_a_second_person_accepts_them(
    client: Client, as_role: AsRole, session: Session
) -> None:
    make_site(session)
    technician = OPEN_PAGE | as_role(Role.TECHNICIAN, browser=True)
    pharmacist = OPEN_PAGE | as_role(Role.PHARMACIST, browser=True)
    answer = client.post("/bench/shells", headers=technician, data=SHELLS)
    assert answer.status_code == 200, answer.text
    lot = session.scalars(select(ShellLot)).one()
    at = f"/bench/shells/{encode('shl', lot.id)}"
    assert at in answer.headers["HX-Location"]
    assert client.get(f"{at}/certificate", headers=technician).status_code == 404
    page = client.get(at, headers=pharmacist).text
    assert "In quarantine" in page
    assert "none kept" in page

    assert client.post(f"{at}/certificate", headers=technician, files=PAPERS).status_code == 200
    kept = client.get(f"{at}/certificate", headers=pharmacist)
    assert (kept.content, kept.headers["content-type"]) == (b"%PDF-1.7 shells", "application/pdf")
    assert client.post(f"{at}/acceptance", headers=technician).status_code == 403
    assert client.post(f"{at}/acceptance", headers=pharmacist).status_code == 200

    session.expire_all()
    assert lot.status is LotStatus.RELEASED
    assert client.post(f"{at}/certificate", headers=technician, files=PAPERS).status_code == 409
    page = client.get(at, headers=technician).text
    assert "They may be filled" in page
    assert f"{at}/certificate" in page


def test_the_page_of_a_lot_of_shells_names_the_batches_that_they_were_filled_into(
    client: Client, as_role: AsRole, session: Session
) -> None:
    laboratory = Laboratory(session)
    batch = laboratory.released()
    code = encode("shl", laboratory.shells.id)

    page = client.get(f"/bench/shells/{code}", headers=as_role(Role.TECHNICIAN, browser=True)).text

    assert f'href="/bench/{encode("bat", batch.id)}"' in page
    assert batch.number in page
    scanned = client.post(
        "/scan",
        headers=OPEN_PAGE | as_role(Role.TECHNICIAN, browser=True),
        data={"code": code},
    )
    assert f"/bench/shells/{code}" in scanned.headers["HX-Location"]
