"""Signature cases S01 to S26: token, header, algorithm and signature."""

import hmac
import json
import socket

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pharmacy.infra import keys
from tests.doors.api.signatures.tokens import (
    P256_ORDER,
    accepted,
    b64,
    flipped,
    raw_part,
    refused,
    with_part,
)


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
