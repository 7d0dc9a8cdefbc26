"""Prescribers, keys and their evidence over HTTP."""

import base64
from datetime import timedelta
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy.orm import Session

from pharmacy.infra.keys import jwk_of, sign
from pharmacy.practice.rules import Policy
from pharmacy.prescribers import operations, queries
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole
from tests.factories.practice import make_site
from tests.factories.prescribers import (
    JORDAN,
    make_key,
    make_prescriber,
    make_verifiable,
    private_key,
)

Client = TestClient[Litestar]
OTHER = "1999999984"


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def key_body(name: str = "a key") -> dict[str, Any]:
    return {
        "jwk": jwk_of(private_key(name).public_key()),
        "kind": "ehr-software",
        "not_before": NOW.isoformat(),
        "not_after": (NOW + timedelta(days=365)).isoformat(),
    }


def test_a_key_is_proposed_proved_and_approved_by_two_administrators(
    client: Client, session: Session, as_role: AsRole
) -> None:
    enrolled = client.post(
        "/api/v1/prescribers",
        json={"npi": JORDAN, "family": "T", "given": "Jordan", "practice_state": "TX"},
        headers=as_role(Role.ADMINISTRATOR),
    )
    assert enrolled.status_code == 201, enrolled.text
    first, second = as_role(Role.ADMINISTRATOR), as_role(Role.ADMINISTRATOR)
    proposed = client.post(f"/api/v1/prescribers/{JORDAN}/keys", json=key_body(), headers=first)
    assert proposed.status_code == 201, proposed.text
    kid, message = proposed.json()["kid"], raw(proposed.json()["message"])
    proof = {"proof": text(sign(private_key("a key"), message))}

    alone = client.post(f"/api/v1/prescriber-keys/{kid}/approval", json=proof, headers=first)
    both = client.post(f"/api/v1/prescriber-keys/{kid}/approval", json=proof, headers=second)

    assert (alone.status_code, alone.json()["code"]) == (409, "second-person-needed")
    assert both.status_code == 201, both.text
    assert both.json()["state"] == "active"
    assert queries.key(session, kid) is not None


def test_a_private_key_is_refused_before_anything_reads_it(
    client: Client, session: Session, as_role: AsRole
) -> None:
    make_prescriber(session)
    body = key_body()
    body["jwk"]["d"] = "c2VjcmV0"

    answer = client.post(
        f"/api/v1/prescribers/{JORDAN}/keys", json=body, headers=as_role(Role.ADMINISTRATOR)
    )

    assert answer.status_code == 400
    assert "c2VjcmV0" not in answer.text


def test_a_proof_that_is_no_base64url_is_malformed(client: Client, as_role: AsRole) -> None:
    answer = client.post(
        "/api/v1/prescriber-keys/rxk_none/approval",
        json={"proof": "!" * 86},
        headers=as_role(Role.ADMINISTRATOR),
    )

    assert (answer.status_code, answer.json()["code"]) == (400, "key-proof-malformed")


def test_a_pharmacist_revokes_a_key_that_was_stolen(
    client: Client, session: Session, as_role: AsRole
) -> None:
    kid = make_key(session).kid

    answer = client.post(
        f"/api/v1/prescriber-keys/{kid}/revocation",
        json={"revocation": "compromised", "compromised_since": NOW.isoformat()},
        headers=as_role(Role.PHARMACIST),
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["key"]["state"] == "revoked"
    assert answer.json()["orders_held"] == 0


def test_evidence_is_listed_in_pages_newest_first(
    client: Client, session: Session, as_role: AsRole
) -> None:
    make_site(session)
    make_verifiable(session)
    operations.check(
        session,
        npi=JORDAN,
        name_on_order="Jordan Testprescriber",
        patient_state="TX",
        now=NOW,
        policy=Policy(),
    )
    headers = as_role(Role.AUDITOR)
    path = f"/api/v1/prescribers/{JORDAN}/checks"

    first = client.get(path, params={"limit": 2}, headers=headers).json()
    second = client.get(path, params={"limit": 2, "cursor": first["next"]}, headers=headers).json()

    kinds = [row["kind"] for row in first["items"] + second["items"]]
    assert sorted(kinds) == ["exclusion", "identity", "license"]
    assert second["next"] is None
    assert all(row["outcome"] == "verified" for row in first["items"])


@pytest.mark.parametrize("tail", ["", "/checks"])
def test_a_physician_sees_nobody_but_themself(
    client: Client, session: Session, as_role: AsRole, tail: str
) -> None:
    make_prescriber(session)
    make_prescriber(session, OTHER)
    headers = as_role(Role.PHYSICIAN, npi=JORDAN)

    assert client.get(f"/api/v1/prescribers/{JORDAN}{tail}", headers=headers).status_code == 200
    other = client.get(f"/api/v1/prescribers/{OTHER}{tail}", headers=headers)
    nobody = client.get(f"/api/v1/prescribers/1000000004{tail}", headers=headers)
    assert (other.status_code, other.json()["code"]) == (404, "prescriber-not-found")
    assert (nobody.status_code, nobody.json()["code"]) == (404, "prescriber-not-found")
