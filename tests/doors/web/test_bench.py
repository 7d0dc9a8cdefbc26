"""Pages of the bench: powder that arrives, and a balance that does not answer."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.inventory.models import IngredientLot, LotStatus
from pharmacy.kernel.ids import encode
from pharmacy.staff.models import SignInSession
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.compounding import NOW, Laboratory
from tests.statements import statements

OPEN_PAGE = {"HX-Request": "true"}
POWDER = {
    "ingredient": "naltrexone-hydrochloride",
    "lot_number": "NTX-77",
    "manufacturer": "Example Chemicals",
    "amount_g": "25",
    "received_on": NOW.date().isoformat(),
    "expires_on": (NOW.date() + timedelta(days=700)).isoformat(),
    "salt_form": "hcl-dihydrate",
    "assay_pct": "99.6",
    "assay_basis": "anhydrous",
    "water_pct": "8.4",
}
PAPERS = {"certificate": ("certificate.pdf", b"%PDF-1.4 NTX-77", "application/pdf")}


@pytest.fixture
def laboratory(session: Session) -> Laboratory:
    return Laboratory(session)


def test_powder_arrives_with_its_papers_and_a_second_person_accepts_it(
    client: Client, as_role: AsRole, session: Session, laboratory: Laboratory
) -> None:
    headers = OPEN_PAGE | as_role(Role.PHARMACIST, browser=True)
    headers.pop("content-type", None)
    answer = client.post("/bench/powder", headers=headers, data=POWDER, files=PAPERS)
    assert answer.status_code == 200, answer.text
    lot = session.scalars(select(IngredientLot).where(IngredientLot.lot_number == "NTX-77")).one()
    assert (lot.status, lot.on_hand_ug) == (LotStatus.QUARANTINED, 25_000_000)
    at = f"/bench/powder/{encode('ing', lot.id)}"
    page = client.get(at, headers=headers).text
    assert "a pharmacist compares the papers first" in page
    assert "Whoever received it does not accept it" in page

    refused = client.post(f"{at}/acceptance", headers=headers, data={"_": "1"})
    assert "Whoever made this may not check it" in refused.text
    other = OPEN_PAGE | as_role(Role.PHARMACIST, browser=True)
    assert client.post(f"{at}/acceptance", headers=other, data={"_": "1"}).status_code == 200
    session.refresh(lot)
    assert lot.status is LotStatus.RELEASED
    papers = client.get(f"{at}/certificate", headers=other)
    assert papers.content == PAPERS["certificate"][1]


def test_a_balance_that_is_away_is_said_in_words_and_keeps_no_session_awake(
    client: Client, as_role: AsRole, session: Session, laboratory: Laboratory
) -> None:
    headers = OPEN_PAGE | as_role(Role.TECHNICIAN, browser=True)
    at = f"/bench/{encode('bat', laboratory.plan().id)}"
    seen = select(SignInSession.last_seen_at)
    before = session.scalars(seen).all()
    shown = client.get(f"{at}/reading", headers=headers)
    assert "This balance has no wire." in shown.text
    assert session.scalars(seen).all() == before


@pytest.mark.parametrize("view", ["", "?view=released"])
def test_the_bench_takes_as_many_statements_for_ten_batches_as_for_one(
    client: Client, as_role: AsRole, session: Session, laboratory: Laboratory, view: str
) -> None:
    pharmacist = as_role(Role.PHARMACIST, browser=True)

    def counted() -> int:
        client.get(f"/bench{view}", headers=pharmacist)
        with statements(session) as sent:
            assert client.get(f"/bench{view}", headers=pharmacist).status_code == 200
        return len(sent)

    laboratory.scan(laboratory.plan())
    laboratory.released()
    one = counted()
    for _ in range(3):
        laboratory.plan()
        laboratory.scan(laboratory.plan())
        laboratory.filled(laboratory.plan())
    laboratory.released()

    assert counted() == one
