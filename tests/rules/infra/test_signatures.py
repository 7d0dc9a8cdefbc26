"""The verifier alone, without a database or a door."""

import base64
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from jwcrypto import jwk, jws

from pharmacy.infra import keys, signatures
from pharmacy.infra.keys import PrivateKeyUnreadable
from pharmacy.infra.signatures import EnrolledKey, KeyOfAnother, SignatureWrong, verify
from pharmacy.kernel.refusals import Refusal
from tests.conftest import NOW
from tests.factories.bundles import PRESCRIBER_NPI, TestKey, fresh_key

PAYLOAD = '{"resourceType":"Bundle","words":"naïve"}'.encode()


def enrolled(key: TestKey) -> EnrolledKey:
    return EnrolledKey(
        kid=key.kid,
        npi=PRESCRIBER_NPI,
        alg="ES256" if key.alg == "ES256" else "Ed25519",
        jwk=keys.jwk_of(key.private_key.public_key()),
        not_before=NOW - timedelta(days=1),
        not_after=NOW + timedelta(days=1),
    )


def verified(token: bytes, key: TestKey, **options):
    known = {key.kid: enrolled(key)}
    return verify(token, key_of=known.get, received_at=NOW, **options)


def token_of(key: TestKey, payload: bytes = PAYLOAD) -> bytes:
    return signatures.sign(payload, key.private_key, kid=key.kid, alg=key.alg)


ED, ES = fresh_key(), fresh_key("ES256")


def unbase64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_s04_the_vector_of_rfc_8037_verifies():
    """RFC 8037 A.1 (key) and A.4 (signature)."""
    public = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    message = b"eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc"
    signature = unbase64(
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
    )

    assert keys.is_signed_by(public, signature, message)
    assert not keys.is_signed_by(public, signature, message + b"x")
    private = Ed25519PrivateKey.from_private_bytes(
        unbase64("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A")
    )
    assert keys.sign(private, message) == signature


def test_s04_the_vector_of_rfc_7515_verifies():
    """RFC 7515 A.3."""
    public = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }
    message = (
        b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        b"cGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    )
    signature = unbase64(
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
    )

    assert keys.is_signed_by(public, signature, message)
    assert not keys.is_signed_by(public, signature, message + b"x")


@pytest.mark.parametrize("key", [ED, ES, replace(ED, alg="EdDSA")])
def test_what_is_signed_is_what_comes_out(key):
    found = verified(token_of(key), key)

    assert found.payload == PAYLOAD
    assert found.named_alg == key.alg


@pytest.mark.parametrize(("key", "alg"), [(ED, "EdDSA"), (ES, "ES256")])
def test_another_library_understands_our_tokens(key, alg):
    """jwcrypto knows the older name of Ed25519."""
    token = jws.JWS()
    token.allowed_algs = [alg]
    token.deserialize(token_of(replace(key, alg=alg)).decode())
    token.verify(jwk.JWK(**enrolled(key).jwk))

    assert token.payload == PAYLOAD


@pytest.mark.parametrize(("key", "alg"), [(ED, "EdDSA"), (ES, "ES256")])
def test_we_understand_the_tokens_of_another_library(key, alg):
    header = {"alg": alg, "kid": key.kid, "typ": "ldn-rx+jws", "cty": "application/fhir+json"}
    token = jws.JWS(PAYLOAD)
    token.add_signature(jwk.JWK.from_pyca(key.private_key), alg=alg, protected=json.dumps(header))

    assert verified(token.serialize(compact=True).encode(), key).payload == PAYLOAD


def test_the_old_name_can_be_switched_off():
    with pytest.raises(signatures.AlgorithmNotAllowed):
        verified(token_of(replace(ED, alg="EdDSA")), ED, accept_old_name=False)


def test_a_key_of_another_prescriber_is_not_the_callers_to_use():
    with pytest.raises(KeyOfAnother):
        verified(token_of(ED), ED, may_send_for=lambda _: False)


def test_an_unsound_name_is_not_looked_up():
    asked = []
    header = {"alg": "Ed25519", "kid": "../x", "typ": signatures.TYPE, "cty": signatures.CONTENT}
    first = base64.urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=")
    with pytest.raises(signatures.KeyUnknown):
        verify(first + b".AAAA.", key_of=asked.append, received_at=NOW)

    assert asked == []


def test_another_key_of_that_name_does_not_verify():
    with pytest.raises(SignatureWrong):
        verified(token_of(ED), fresh_key())


def test_a_key_is_judged_by_the_time_of_receipt():
    key = enrolled(ED)
    signatures.require_usable(replace(key, revoked_at=NOW + timedelta(seconds=1)), at=NOW)
    signatures.require_usable(replace(key, not_before=NOW), at=NOW)
    with pytest.raises(signatures.KeyRevoked):
        signatures.require_usable(replace(key, revoked_at=NOW), at=NOW)
    with pytest.raises(signatures.KeyOutsideWindow):
        signatures.require_usable(replace(key, not_after=NOW), at=NOW)


def test_a_compromise_reaches_back_and_no_further():
    key = replace(enrolled(ED), revoked_at=NOW, compromised_since=NOW - timedelta(hours=2))
    signatures.require_usable(key, at=NOW - timedelta(hours=3))
    with pytest.raises(signatures.KeyCompromised):
        signatures.require_usable(key, at=NOW - timedelta(hours=2))


def test_a_key_comes_back_from_its_record():
    key = replace(enrolled(ES), revoked_at=NOW)

    assert EnrolledKey.of_data(json.loads(json.dumps(key.to_data()))) == key


@given(st.data(), st.sampled_from([ED, ES]))
def test_no_changed_token_verifies(data, key):
    """Replace, insert or drop bytes anywhere: it is refused, and nothing else is raised."""
    token = token_of(key)
    start = data.draw(st.integers(0, len(token) - 1))
    length = data.draw(st.integers(0, 4))
    piece = data.draw(st.binary(max_size=4))
    changed = token[:start] + piece + token[start + length :]
    if changed != token:
        with pytest.raises(Refusal):
            verified(changed, key)


@given(st.binary(max_size=200))
def test_no_bytes_at_all_verify(data):
    with pytest.raises(Refusal):
        verified(data, ED)


@given(st.binary(max_size=300), st.sampled_from([ED, ES]))
def test_every_payload_can_be_signed(payload, key):
    if payload:
        assert verified(token_of(key, payload), key).payload == payload


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"kty":"OKP","d":1}', b'{"kty":"OKP","d":"AA"}', b"PEM", b"\xff"]
)
def test_a_file_without_a_private_key_is_refused(data):
    with pytest.raises(PrivateKeyUnreadable):
        keys.private_key_of(data)
