"""Signature cases S27 to S46: keys, forms, payload, binding and replay."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from litestar.testing import TestClient
from sqlalchemy import func, select

from pharmacy.app import create_app
from pharmacy.infra.audit import AuditEntry
from pharmacy.infra.signatures import LARGEST_TOKEN
from pharmacy.orders.models import Order
from pharmacy.prescribers.models import Revocation
from pharmacy.prescriptions.models import Evidence
from tests.conftest import NOW
from tests.doors.api.conftest import SETTINGS
from tests.doors.api.signatures.tokens import OTHER_NPI, URL, accepted, refused
from tests.factories.bundles import (
    fresh_bundle,
    resource,
    sample_bundle,
    signed,
    titration,
)
from tests.factories.practice import make_site
from tests.factories.prescribers import APPROVER, JORDAN, make_key
from tests.factories.staff import make_client


@pytest.mark.parametrize(
    "kid",
    [
        pytest.param("rxk_nobody", id="S27 unknown"),
        pytest.param("../../x", id="S28 path"),
        pytest.param("' or 1=1; drop table prescriber_keys --", id="S28 SQL"),
        pytest.param("k" * 10_000, id="S28 10 kB"),
        pytest.param("", id="S28 empty"),
    ],
)
def test_s27_s28_a_key_is_known_by_its_name_alone(send, signer, kid):
    refused(send, [signer.token(signer.header(kid=kid))], 403, "RX-SIG-010")


def test_s28_a_kid_with_nul_is_no_header(send, signer):
    """NUL is refused with the header, before anybody asks for a key of that name."""
    refused(send, [signer.token(signer.header(kid="a\0b"))], 400, "RX-SIG-002")


def test_s29_a_client_sends_for_its_own_prescribers_only(send, signer, session):
    other = make_key(session, OTHER_NPI)
    refused(send, [signer.token(key=other)], 403, "RX-SIG-011")


@pytest.mark.parametrize(
    ("begins", "ends"),
    [
        pytest.param(NOW - timedelta(days=9), NOW, id="S30 expired at this moment"),
        pytest.param(NOW - timedelta(days=9), NOW - timedelta(days=1), id="S30 expired"),
        pytest.param(NOW + timedelta(seconds=1), NOW + timedelta(days=9), id="S31 not yet"),
    ],
)
def test_s30_s31_a_key_signs_within_its_window(send, signer, session, begins, ends):
    key = make_key(session, name="window", not_before=begins, not_after=ends)
    refused(send, [signer.token(key=key)], 403, "RX-SIG-012")


def test_s32_a_revoked_key_signs_no_more(send, signer, session):
    revocation = {"revoked_at": NOW, "revocation": Revocation.ROUTINE, "revoked_by": APPROVER}
    refused(
        send, [signer.token(key=make_key(session, name="old", **revocation))], 403, "RX-SIG-013"
    )


def test_s33_a_compromised_key_raises_the_alarm(send, signer, session):
    key = make_key(
        session,
        name="stolen",
        revoked_at=NOW,
        revocation=Revocation.COMPROMISED,
        compromised_since=NOW - timedelta(days=3),
        revoked_by=APPROVER,
    )
    refused(send, [signer.token(key=key)], 403, "RX-SIG-014")

    alarms = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "security.compromised-key-used")
    ).all()
    assert {alarm.detail["code"] for alarm in alarms} == {"RX-SIG-014"}


def test_s34_base64url_has_one_form(send, signer):
    token = signer.token()
    letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = letters.index(token[-1])
    assert last % 16 == 0, "86 letters leave four bits over"
    refused(send, [token[:-1] + letters[last + more : last + more + 1] for more in (1, 7, 15)],
            400, "RX-SIG-001")  # fmt: skip


def test_s35_base64url_is_plain(send, signer):
    token = signer.token()
    tokens = [
        token + b"==",
        token.replace(b".", b"=.", 1),
        token + b"\n",
        b" " + token,
        token[:40] + b"\n" + token[40:],
        token[:40] + b"+" + token[41:],
        token[:40] + b"/" + token[41:],
    ]
    refused(send, tokens, 400, "RX-SIG-001")


def test_s36_json_serialisations_are_refused(send, signer):
    header, payload, signature = (part.decode() for part in signer.token().split(b"."))
    one = {"protected": header, "signature": signature}
    forms = [
        {"payload": payload, **one},
        {"payload": payload, "signatures": [one]},
        {"payload": payload, "signatures": [one, one]},
    ]
    refused(send, [json.dumps(form).encode() for form in forms], 400, "RX-SIG-001")


def test_s37_a_token_has_three_parts(send, signer):
    header, payload, signature = signer.token().split(b".")
    parts = [
        [header],
        [header, payload],
        [header, payload, signature, signature],
        [header, payload, signature, b"", b""],
        [b"", payload, signature],
        [header, b"", signature],
    ]
    refused(send, [b".".join(each) for each in parts], 400, "RX-SIG-001")


def test_s38_a_payload_is_utf_8_without_mark(send, signer):
    plain = signer.payload
    payloads = [
        b"\xef\xbb\xbf" + plain,
        plain.decode().encode("utf-16"),
        plain.decode().encode("utf-16-le"),
        plain.replace(b"Avery", b"A\xc1\xb6ery"),
        plain.replace(b"Avery", b"A\xed\xa0\x80ery"),
    ]
    refused(send, [signer.token(payload=each) for each in payloads], 400, "RX-SIG-020")


def test_s39_a_payload_has_no_number_or_text_that_is_none(send, signer):
    plain = signer.payload
    payloads = [
        plain.replace(b"1.5,", b"NaN,", 1),
        plain.replace(b"1.5,", b"-Infinity,", 1),
        plain.replace(b"1.5,", b"1e400,", 1),
        plain.replace(b"Avery", b"A\\ud800very"),
        plain.replace(b"Avery", b"A\\u0000very"),
    ]
    refused(send, [signer.token(payload=each) for each in payloads], 400, "RX-SIG-020")


@pytest.mark.parametrize(
    "change",
    [{"typ": "JWT"}, {"typ": "at+jwt"}, {"typ": None}, {"cty": "application/json"}, {"typ": 1}],
)
def test_s40_a_token_says_that_it_is_a_prescription(send, signer, change):
    header = {name: each for name, each in (signer.header() | change).items() if each is not None}
    refused(send, [signer.token(header)], 400, "RX-SIG-007")


def test_s41_a_prescription_for_another_pharmacy_is_refused(send, signer):
    def elsewhere(bundle):
        resource(bundle, "Organization")["identifier"][0]["value"] = "1999999992"

    refused(send, [signer.bundle(elsewhere)], 422, "RX-SIG-030")


def test_s42_a_prescription_is_signed_today_and_now(send, signer):
    def written_yesterday(bundle):
        titration(bundle)["authoredOn"] = "2026-03-01T16:20:11-06:00"

    def signed_at(text):
        def change(bundle):
            bundle["timestamp"] = text
            for entry in bundle["entry"]:
                if "authoredOn" in entry["resource"]:
                    entry["resource"]["authoredOn"] = text

        return change

    tokens = [
        signer.bundle(written_yesterday),
        signer.bundle(signed_at("2026-03-01T15:29:59-06:00")),  # 25 hours and a second old
        signer.bundle(signed_at("2026-03-02T16:36:00-06:00")),  # 6 minutes ahead
    ]
    refused(send, tokens, 422, "RX-SIG-031")
    accepted(send, signer.bundle(signed_at("2026-03-02T16:35:00-06:00")))  # 5 minutes ahead


def test_s43_only_the_signer_orders(send, signer):
    def another(bundle):
        resource(bundle, "Practitioner")["identifier"][0]["value"] = OTHER_NPI

    def two(bundle):
        copy = json.loads(json.dumps(bundle["entry"][4]))
        copy["fullUrl"] = copy["fullUrl"][:-1] + "f"
        copy["resource"]["identifier"][0]["value"] = OTHER_NPI
        bundle["entry"].append(copy)
        bundle["entry"][1]["resource"]["requester"]["reference"] = copy["fullUrl"]

    refused(send, [signer.bundle(another), signer.bundle(two)], 422, "RX-SIG-032")


def test_s44_a_hundred_at_once_make_one_order(database):
    with database.transaction() as session:
        make_site(session)
        key = make_key(session)
        _, secret = make_client(session, JORDAN)
        token = signed(sample_bundle(), key)
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/jose"}
    app = create_app(SETTINGS, database=database, clock=lambda: NOW)
    with TestClient(app) as client, ThreadPoolExecutor(100) as threads:
        posted = [
            threads.submit(client.post, URL, content=token, headers=headers) for _ in range(100)
        ]
        answers = [each.result() for each in posted]

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    with database.transaction() as session:
        assert session.scalar(select(func.count()).select_from(Order)) == 1
        assert session.scalar(select(func.count()).select_from(Evidence)) == 1


def test_s45_an_identifier_means_one_set(send, signer, session):
    bundle = fresh_bundle()
    first = accepted(send, signed(bundle, signer.ed))
    resource(bundle, "Patient")["telecom"][0]["value"] = "+1-555-010-0143"
    refused(send, [signed(bundle, signer.ed)], 409, "RX-SIG-033")

    alarm = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "security.identifier-reused")
    ).first()
    assert alarm is not None
    assert alarm.detail["token_sha256"] == hashlib.sha256(signed(bundle, signer.ed)).hexdigest()
    assert first["order"]


def test_s46_size_and_depth_have_an_end(send, signer):
    assert send(b"a" * (LARGEST_TOKEN + 1)).status_code == 413
    refused(send, [b"a" * LARGEST_TOKEN], 400, "RX-SIG-001")
    deep = b"[" * 100_000 + b"]" * 80_000
    refused(send, [signer.token(payload=deep)], 400, "RX-SIG-020")
