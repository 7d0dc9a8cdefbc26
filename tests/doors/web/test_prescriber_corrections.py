"""On a prescriber's page: a correction is proposed by one and confirmed by another."""

from sqlalchemy.orm import Session

from pharmacy.kernel.ids import encode
from pharmacy.prescribers import queries
from pharmacy.prescribers.models import Prescriber
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client
from tests.factories.prescribers import JORDAN, make_prescriber

PAGE = f"/admin/prescribers/{JORDAN}"
FORM = {"HX-Request": "true"}
NEW = {
    "family": "Newname",
    "given": "Jordan",
    "practice_state": "TX",
    "birth_date": "",
    "reason": "changed",
    "words": "Marriage certificate",
}


def test_a_name_is_corrected_by_two_people_on_the_page(
    client: Client, session: Session, as_role: AsRole
) -> None:
    make_prescriber(session)
    first, second = (as_role(Role.ADMINISTRATOR, browser=True) for _ in range(2))

    answer = client.post(f"{PAGE}/corrections", data=NEW, headers=FORM | first)
    assert answer.status_code == 200, answer.text
    waiting = queries.waiting_correction(session, JORDAN)
    assert waiting is not None
    at = f"{PAGE}/corrections/{encode('pco', waiting.id)}/confirmation"
    own, others = (client.get(PAGE, headers=who).text for who in (first, second))
    alone = client.post(at, headers=FORM | first)
    both = client.post(at, headers=FORM | second)

    assert "You proposed it: somebody else confirms" in own
    assert at not in own
    assert "Jordan Newname, practises in TX" in others
    assert at in others
    assert (alone.status_code, both.status_code) == (409, 200), both.text
    session.expire_all()
    assert session.get_one(Prescriber, JORDAN).family == "Newname"
    page = client.get(PAGE, headers=first).text
    assert "before: Jordan Testprescriber, TX" in page
    assert "A correction waits" not in page


def test_a_correction_without_papers_is_given_back(
    client: Client, session: Session, as_role: AsRole
) -> None:
    make_prescriber(session)

    answer = client.post(
        f"{PAGE}/corrections",
        data=NEW | {"words": ""},
        headers=FORM | as_role(Role.ADMINISTRATOR, browser=True),
    )

    assert answer.status_code == 422
    assert queries.corrections(session, JORDAN) == []


def test_an_auditor_is_offered_no_correction(
    client: Client, session: Session, as_role: AsRole
) -> None:
    make_prescriber(session)

    page = client.get(PAGE, headers=as_role(Role.AUDITOR, browser=True)).text

    assert 'id="correct"' not in page
