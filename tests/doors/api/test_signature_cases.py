"""The 46 signature cases, each by its id, with the answer that the door gives (interop.md 1.7)."""

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from litestar.testing import TestClient
from sqlalchemy import func, select

from pharmacy.app import create_app
from pharmacy.infra import keys
from pharmacy.infra.audit import AuditEntry
from pharmacy.infra.signatures import LARGEST_TOKEN
from pharmacy.orders.models import Order
from pharmacy.prescribers.models import Revocation
from pharmacy.prescriptions.models import Evidence
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import SETTINGS
from tests.factories.bundles import (
    fresh_bundle,
    payload_of,
    resource,
    sample_bundle,
    signed,
    titration,
)
from tests.factories.practice import make_site
from tests.factories.prescribers import APPROVER, JORDAN, make_key
from tests.factories.staff import make_client

URL = "/api/v1/prescriptions"
OTHER_NPI = "1999999992"
HEADER = {"typ": "ldn-rx+jws", "cty": "application/fhir+json"}
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def b64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


@dataclass
class Signer:
    """Makes good tokens, and every kind of bad one."""

    ed: Any
    es: Any

    @property
    def payload(self) -> bytes:
        return payload_of(fresh_bundle())

    def header(self, key: Any = None, **members: Any) -> dict[str, Any]:
        key = key or self.ed
        return {"alg": key.alg, "kid": key.kid, **HEADER, **members}

    def token(self, header: Any = None, payload: bytes | None = None, key: Any = None) -> bytes:
        """Sign a payload under any header: data, or bytes as they are."""
        key = key or self.ed
        header = self.header(key) if header is None else header
        raw = header if isinstance(header, bytes) else json.dumps(header).encode()
        first = b64(raw) + b"." + b64(self.payload if payload is None else payload)
        return first + b"." + b64(keys.sign(key.private_key, first))

    def bundle(self, *changes: Callable[..., object], **members: Any) -> bytes:
        return self.token(payload=payload_of(fresh_bundle(*changes, **members)))


@pytest.fixture
def signer(session) -> Signer:
    return Signer(ed=make_key(session), es=make_key(session, alg="ES256"))


@pytest.fixture
def send(session, client, as_role):
    """Post a token as the clinic's enrolled client; returns the response."""
    make_site(session)
    headers = as_role(Role.EHR_CLIENT, npi=JORDAN) | {"Content-Type": "application/jose"}

    def post(token: bytes, **more: str):
        return client.post(URL, content=token, headers=headers | more)

    return post


def refused(send, tokens: Iterable[bytes], status: int, *codes: str) -> None:
    """Every token is refused alike, as a problem and as an OperationOutcome, and says nothing."""
    for token in tokens:
        problem = send(token)
        assert (problem.status_code, problem.json()["code"]) in {(status, code) for code in codes}
        assert problem.headers["content-type"] == "application/problem+json"
        assert problem.json()["remedy"]
        assert "Testpatient" not in problem.text
        outcome = send(token, Accept="application/fhir+json")
        assert outcome.status_code == problem.status_code
        assert outcome.json()["resourceType"] == "OperationOutcome"
        coding = outcome.json()["issue"][0]["details"]["coding"][0]
        assert coding["code"] == problem.json()["code"]


def accepted(send, token: bytes) -> dict[str, Any]:
    response = send(token)
    assert response.status_code == 201, response.text
    assert response.headers["location"] == f"/api/v1/orders/{response.json()['order']}"
    body: dict[str, Any] = response.json()
    return body


def flipped(raw: bytes, bit: int) -> bytes:
    changed = bytearray(raw)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def with_part(token: bytes, index: int, raw: bytes) -> bytes:
    parts = token.split(b".")
    parts[index] = b64(raw)
    return b".".join(parts)


def raw_part(token: bytes, index: int) -> bytes:
    part = token.split(b".")[index]
    return base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))


def test_s01_a_token_under_ed25519_is_accepted(send, signer):
    accepted(send, signer.token())


def test_s02_the_old_name_is_accepted_for_an_ed25519_key(send, signer, session):
    accepted(send, signer.token(signer.header(alg="EdDSA")))


def test_s03_a_token_under_es256_is_accepted(send, signer):
    accepted(send, signer.token(key=signer.es))


def test_s05_any_bit_of_the_payload_matters(send, signer):
    token = signer.token()
    payload = raw_part(token, 1)
    changed = [flipped(payload, byte * 8 + 3) for byte in range(0, len(payload), 97)]
    refused(send, [with_part(token, 1, raw) for raw in changed], 400, "RX-SIG-003")


def test_s06_any_bit_of_the_header_matters(send, signer):
    """A flipped bit may leave no JSON, another member, name or type: always a refusal."""
    token = signer.token()
    header = raw_part(token, 0)
    for bit in range(len(header) * 8):
        response = send(with_part(token, 0, flipped(header, bit)))
        assert response.status_code in {400, 403}
        assert response.json()["code"] <= "RX-SIG-010"
    spaced = header.replace(b": ", b" :")
    refused(send, [with_part(token, 0, spaced)], 400, "RX-SIG-003")


def test_s07_any_bit_of_the_signature_matters(send, signer):
    for key in (signer.ed, signer.es):
        token = signer.token(key=key)
        changed = [flipped(raw_part(token, 2), bit) for bit in range(0, 512, 31)]
        refused(send, [with_part(token, 2, raw) for raw in changed], 400, "RX-SIG-003")


def test_s08_a_signature_has_64_bytes(send, signer):
    for key in (signer.ed, signer.es):
        token = signer.token(key=key)
        lengths = [bytes(length) for length in (0, 1, 63, 65, 128)]
        refused(send, [with_part(token, 2, raw) for raw in lengths], 400, "RX-SIG-002")


def test_s09_a_der_signature_is_refused(send, signer):
    token = signer.token(key=signer.es)
    raw = raw_part(token, 2)
    der = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    refused(send, [with_part(token, 2, der)], 400, "RX-SIG-002")


def test_s10_r_and_s_are_within_the_group(send, signer):
    token = signer.token(key=signer.es)
    raw = raw_part(token, 2)
    edges = [value.to_bytes(32) for value in (0, P256_ORDER, P256_ORDER + 1)]
    changed = [edge + raw[32:] for edge in edges] + [raw[:32] + edge for edge in edges]
    refused(send, [with_part(token, 2, each) for each in changed], 400, "RX-SIG-003")


def test_s11_the_high_s_twin_of_an_accepted_token_is_a_replay(send, signer):
    token = signer.token(key=signer.es)
    first = accepted(send, token)
    raw = raw_part(token, 2)
    twin = raw[:32] + (P256_ORDER - int.from_bytes(raw[32:])).to_bytes(32)

    assert with_part(token, 2, twin) != token
    assert accepted(send, with_part(token, 2, twin)) == first


def test_s12_alg_none_is_refused(send, signer):
    header, payload, _ = signer.token(signer.header(alg="none")).split(b".")
    refused(send, [header + b"." + payload + b"."], 400, "RX-SIG-005")


@pytest.mark.parametrize("name", ["None", "NONE", "nOnE"])
def test_s13_alg_none_is_refused_however_it_is_written(send, signer, name):
    refused(send, [signer.token(signer.header(alg=name))], 400, "RX-SIG-005")


def test_s14_a_public_key_is_no_secret(send, signer):
    public = signer.ed.private_key.public_key()
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.Raw, PublicFormat.Raw),
        json.dumps(keys.jwk_of(public)).encode(),
    ]
    first = b64(json.dumps(signer.header(alg="HS256")).encode()) + b"." + b64(signer.payload)
    tokens = [first + b"." + b64(hmac.digest(secret, first, "sha256")) for secret in secrets]
    refused(send, tokens, 400, "RX-SIG-005")


def test_s15_the_algorithm_is_that_of_the_key(send, signer):
    tokens = [
        signer.token(signer.header(alg="ES256")),
        signer.token(signer.header(signer.es, alg="Ed25519"), key=signer.es),
        signer.token(signer.header(signer.es, alg="EdDSA"), key=signer.es),
    ]
    refused(send, tokens, 400, "RX-SIG-006")


@pytest.mark.parametrize("alg", [{}, {"alg": 1}, {"alg": ["Ed25519"]}, {"alg": None}])
def test_s16_alg_is_one_text(send, signer, alg):
    header = {name: value for name, value in signer.header().items() if name != "alg"}
    refused(send, [signer.token(header | alg)], 400, "RX-SIG-002")


@pytest.mark.parametrize("member", ['"alg":"none",', '"kid":"other",', '"\\u0061lg":"none",'])
def test_s17_a_header_repeats_nothing(send, signer, member):
    raw = json.dumps(signer.header()).replace("{", "{" + member, 1).encode()
    refused(send, [signer.token(raw)], 400, "RX-SIG-002")


def test_s18_a_payload_repeats_nothing(send, signer):
    raw = signer.payload.replace(b'"value": 1.5', b'"value": 45, "value": 1.5', 1)
    refused(send, [signer.token(payload=raw)], 400, "RX-SIG-021")


def test_s19_a_payload_repeats_nothing_behind_an_escape(send, signer):
    raw = signer.payload.replace(b'"value": 1.5', b'"\\u0076alue": 45, "value": 1.5', 1)
    refused(send, [signer.token(payload=raw)], 400, "RX-SIG-021")


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"iat": 1}, id="S20 unknown member"),
        pytest.param({"crit": ["exp"], "exp": 1}, id="S21 unknown crit"),
        pytest.param({"crit": ["b64"], "b64": False}, id="S22 crit b64"),
        pytest.param({"b64": False}, id="S23 b64 alone"),
        pytest.param({"jwk": {"kty": "OKP", "crv": "Ed25519", "x": "AA"}}, id="S24 jwk"),
        pytest.param({"x5c": ["MIIB"]}, id="S26 x5c"),
        pytest.param({"zip": "DEF"}, id="zip"),
    ],
)
def test_s20_to_s26_a_header_has_four_members(send, signer, members):
    refused(send, [signer.token(signer.header() | members)], 400, "RX-SIG-004")


@pytest.mark.parametrize("member", ["jku", "x5u"])
def test_s25_no_key_is_fetched(send, signer, member, monkeypatch):
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "getaddrinfo", never)
    monkeypatch.setattr(socket, "create_connection", never)
    header = signer.header() | {member: "https://keys.example.org/jwks"}
    refused(send, [signer.token(header)], 400, "RX-SIG-004")


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
