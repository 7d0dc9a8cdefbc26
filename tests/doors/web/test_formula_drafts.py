"""A version of a formula in a browser: its writer changes the steps, the second reads the last."""

import re

import pytest
from sqlalchemy.orm import Session

from pharmacy.formulary import queries
from pharmacy.kernel.ids import encode
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client, Headers

OPEN_PAGE = {"HX-Request": "true"}
VERSION = {
    "strength_mg": "2.5",
    "capsule_size": "3",
    "filler": "microcrystalline-cellulose",
    "description": "white capsule",
    "overage_percent": "3",
    "beyond_use_days": "180",
    "reason": "A step between.",
}
SIEVE = {"title": "Sieve", "instruction": "Through 60 mesh.", "place": "3", "photo": "yes"}


def seal_on(page: str) -> str:
    found = re.search(r'seen"(?: value="|: ")([0-9a-f]{64})', page)
    assert found
    return found[1]


@pytest.fixture
def writer(as_role: AsRole) -> Headers:
    return OPEN_PAGE | as_role(Role.PHARMACIST, browser=True)


@pytest.fixture
def draft(client: Client, writer: Headers, session: Session) -> str:
    answer = client.post("/bench/formulas", headers=writer, data=VERSION)
    assert answer.status_code == 200, answer.text
    return f"/bench/formulas/proposals/{encode('fmp', queries.open_proposals(session)[0].id)}"


def test_the_writer_changes_steps_and_the_second_approves_what_was_read(
    client: Client, as_role: AsRole, writer: Headers, draft: str
) -> None:
    second = OPEN_PAGE | as_role(Role.PHARMACIST, browser=True)
    page = client.get(draft, headers=writer).text
    first = {"seen": seal_on(page)}
    assert [f'id="s{no}-place"' in page for no in range(1, 6)] == [True] * 5

    added = client.post(f"{draft}/steps", headers=writer, data=SIEVE | first)
    assert added.status_code == 200
    assert client.post(f"{draft}/steps/1", headers=writer, data=SIEVE | first).status_code == 409
    seen = {"seen": seal_on(client.get(draft, headers=writer).text)}
    late = {**SIEVE, **seen, "act": "test", "place": "1"}
    assert client.post(f"{draft}/steps/3", headers=writer, data=late).status_code == 422
    assert client.post(f"{draft}/steps/1/removal", headers=second, data=seen).status_code == 403
    assert client.post(f"{draft}/steps/1/removal", headers=writer, data=seen).status_code == 200

    approval = f"{draft}/approval"
    assert client.post(approval, headers=second, data=first).status_code == 409
    last = {"seen": seal_on(client.get("/bench/formulas", headers=second).text)}
    assert client.post(approval, headers=second, data=last).status_code == 200
    made = client.get(draft, headers=second).text
    assert made.index("Weigh") < made.index("Sieve") < made.index("Blend")
    assert "it does not change any more" in made
    assert 'data-opens="step-1"' not in made
