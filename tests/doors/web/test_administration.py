"""Who may come in, with which keys, and what the pharmacy decides for itself."""

import json
import re

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.keys import jwk_of, sign
from pharmacy.kernel import base64url
from pharmacy.kernel.ids import encode
from pharmacy.orders.rules import Status
from pharmacy.practice import queries as practice
from pharmacy.prescribers import queries as prescribers
from pharmacy.staff.models import EhrClient, EhrClientKey
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.orders import Bench
from tests.factories.practice import make_site
from tests.factories.prescribers import JORDAN, make_prescriber, private_key

OPEN_PAGE = {"HX-Request": "true"}
KEYS = f"/admin/prescribers/{JORDAN}/keys"


def send(client: Client, path: str, headers: Headers, **fields: str) -> tuple[int, str]:
    answer = client.post(path, headers=OPEN_PAGE | headers, data=fields or {"_": "1"})
    return answer.status_code, answer.headers.get("HX-Trigger", "") + answer.text


def test_a_prescribers_key_is_proposed_proved_and_approved_by_two_people(
    client: Client, as_role: AsRole, session: Session
) -> None:
    make_site(session)
    make_prescriber(session)
    first, second = (as_role(Role.ADMINISTRATOR, browser=True) for _ in range(2))
    jwk = json.dumps(jwk_of(private_key("new").public_key()))
    days = {"kind": "ehr-software", "days": "365"}

    assert send(client, KEYS, first, jwk=jwk, **days)[0] == 200

    page, own = (
        client.get(f"/admin/prescribers/{JORDAN}", headers=who).text for who in (second, first)
    )
    found = re.search(r'class="mono signed">([\w-]+)<', page)
    assert found is not None
    kid = prescribers.proposals(session, JORDAN, now=NOW)[0].kid
    proof = base64url.encode(sign(private_key("new"), base64url.decode(found[1])))
    assert "somebody else approves" in own
    assert send(client, f"{KEYS}/{kid}/approval", first, proof=proof)[0] == 409
    assert send(client, f"{KEYS}/{kid}/approval", second, proof=proof)[0] == 200
    assert "Active" in client.get(f"/admin/prescribers/{JORDAN}", headers=first).text


@pytest.mark.parametrize("jwk", ["no JWK", "[1]", '{"kty":"OKP","d":"c2VjcmV0"}'])
def test_what_is_no_public_key_is_refused_and_not_shown_again(
    client: Client, as_role: AsRole, session: Session, jwk: str
) -> None:
    make_site(session)
    make_prescriber(session)
    administrator = as_role(Role.ADMINISTRATOR, browser=True)

    status, answer = send(client, KEYS, administrator, jwk=jwk, kind="ehr-software", days="365")

    assert status == 422
    assert "c2VjcmV0" not in answer


def test_a_stolen_key_holds_what_it_signed_since_by_the_pharmacys_clock(
    client: Client, as_role: AsRole, session: Session
) -> None:
    bench = Bench(session)
    order = bench.order(Status.REVIEW)
    npi, kid = JORDAN, bench.key.kid
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    at = f"/admin/prescribers/{npi}/keys/{kid}/revocation"

    assert send(client, at, pharmacist, revocation="compromised")[0] == 422
    status, told = send(client, at, pharmacist, revocation="compromised", since="2020-01-01T08:00")

    assert status == 200
    assert "1 orders are on hold because of it" in told
    held = client.get(f"/orders/{encode('ord', order.id)}", headers=pharmacist).text
    assert "The key that signed this prescription was reported compromised." in held


def test_a_clinics_key_is_shown_once_opens_the_door_and_ends_at_once(
    client: Client, as_role: AsRole, session: Session
) -> None:
    make_site(session)
    administrator = as_role(Role.ADMINISTRATOR, browser=True)
    assert send(client, "/admin/clinics", administrator, name="Bayou Clinic EHR")[0] == 200
    at = f"/admin/clinics/{encode('ehr', session.scalars(select(EhrClient.id)).one())}"
    assert send(client, f"{at}/enrolments", administrator, npi=JORDAN)[0] == 200

    status, page = send(client, f"{at}/keys", administrator, days="30")

    assert status == 200
    key = page.partition('id="token">')[2].partition("<")[0]
    key_id = session.scalars(select(EhrClientKey.key_id)).one()
    shown = client.get(at, headers=administrator).text
    assert key_id in shown
    assert key not in shown
    door = {"Authorization": f"Bearer {key}"}
    assert client.get("/api/v1/refills", headers=door).status_code == 200
    assert send(client, f"{at}/keys/{key_id}/revocation", administrator)[0] == 200
    assert client.get("/api/v1/refills", headers=door).status_code == 401


@pytest.mark.parametrize(
    ("name", "typed", "kept"),
    [
        ("dose_min_ug", "0.2", 200),
        ("dose_min_ug", "0.2 mg", 200),
        ("beyond_use_days", "90", 90),
        ("continue_final", "yes", True),
        ("taxonomy_prefixes", "207, 208", ("207", "208")),
        ("holidays", "none", ()),
        ("default_strategy", "B", "B"),
    ],
)
def test_a_policy_is_typed_as_the_list_shows_it(
    *, client: Client, as_role: AsRole, session: Session, name: str, typed: str, kept: object
) -> None:
    make_site(session)
    administrator = as_role(Role.ADMINISTRATOR, browser=True)
    given = {"name": name, "value": typed, "reason": "decided on Monday"}

    assert send(client, "/admin/policies", administrator, **given)[0] == 200

    session.expire_all()
    assert getattr(practice.policy(session), name) == kept
    assert "decided on Monday" in client.get("/admin/policies", headers=administrator).text


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("dose_min_ug", "much"),
        ("dose_min_ug", "0.0001"),
        ("continue_final", "perhaps"),
        ("beyond_use_days", "1.5"),
        ("no_such_policy", "1"),
        ("working_hours", "always"),
    ],
)
def test_a_policy_value_that_means_nothing_changes_nothing(
    client: Client, as_role: AsRole, session: Session, name: str, typed: str
) -> None:
    make_site(session)
    given = {"name": name, "value": typed, "reason": "a slip"}

    status, _ = send(client, "/admin/policies", as_role(Role.ADMINISTRATOR, browser=True), **given)

    assert status in {404, 422}
    assert practice.last_changes(session) == {}


def test_an_auditor_reads_prescribers_and_changes_nothing(
    client: Client, as_role: AsRole, session: Session
) -> None:
    make_site(session)
    make_prescriber(session)
    auditor = as_role(Role.AUDITOR, browser=True)

    page = client.get(f"/admin/prescribers/{JORDAN}", headers=auditor)

    assert page.status_code == 200
    assert "Propose a key" not in page.text
    assert send(client, KEYS, auditor, jwk="{}", kind="ehr-hsm", days="1")[0] == 403
    assert client.get("/admin/clinics", headers=auditor).status_code == 403


@pytest.mark.parametrize("role", [Role.PHYSICIAN, Role.TECHNICIAN])
def test_prescribers_are_listed_for_nobody_else(
    client: Client, as_role: AsRole, session: Session, role: Role
) -> None:
    make_site(session)
    make_prescriber(session)

    answer = client.get(f"/admin/prescribers/{JORDAN}", headers=as_role(role, browser=True))

    assert answer.status_code == 403
