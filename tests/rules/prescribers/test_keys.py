"""Which keys are taken. Source: RFC 7517, 7638, 8037; domain.md 3.10."""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.infra.keys import is_signed_by, jwk_of, sign
from pharmacy.prescribers.rules.keys import (
    ED25519_P,
    LOW_ORDER_Y,
    KeyPrivate,
    KeyRefused,
    KeyState,
    KeyWindowInvalid,
    proof_message,
    public_key,
    require_window,
    state_at,
)
from tests.factories.prescribers import private_key

START = datetime(2026, 3, 2, tzinfo=UTC)


def text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


ED25519 = jwk_of(private_key("a test").public_key())
P256 = jwk_of(private_key("a test", "ES256").public_key())


@given(name=st.text(min_size=1), alg=st.sampled_from(["Ed25519", "ES256"]))
def test_every_true_key_is_taken_with_the_algorithm_that_is_its_own(name: str, alg: str) -> None:
    jwk = jwk_of(private_key(name, alg).public_key())

    assert public_key(jwk).alg == alg


def test_the_thumbprint_is_that_of_rfc_8037() -> None:
    """RFC 8037 appendix A.3."""
    jwk = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}

    assert public_key(jwk).thumbprint == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


@pytest.mark.parametrize(
    "jwk",
    [
        {},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {**P256, "crv": "secp256k1"},
        {**P256, "crv": "P-384"},
        {**ED25519, "crv": "Ed448"},
        {**ED25519, "crv": "X25519"},
        {**ED25519, "kty": "EC"},
        {**ED25519, "x": text(bytes(31) + b"\x01" + b"\x01")},
        {**ED25519, "x": ED25519["x"] + "="},
        {**ED25519, "x": ED25519["x"][:-1] + "!"},
        {**ED25519, "x": 5},
        {**ED25519, "use": "enc"},
        {**ED25519, "key_ops": ["sign"]},
        {**ED25519, "key_ops": ["verify", "encrypt"]},
        {**ED25519, "alg": "ES256"},
        {**ED25519, "alg": "none"},
        {**P256, "alg": "ES256K"},
        {**ED25519, "x5u": "https://evil.example"},
        {**ED25519, "x5c": []},
        {**P256, "y": P256["x"]},
        {**P256, "x": text(b"\xff" * 32)},
        {name: value for name, value in P256.items() if name != "y"},
        {**ED25519, "x": text((ED25519_P + 3).to_bytes(32, "little"))},
        {**ED25519, "x": text((2).to_bytes(32, "little"))},
    ],
)
def test_anything_but_a_public_signing_key_of_two_kinds_is_refused(jwk: dict[str, Any]) -> None:
    with pytest.raises(KeyRefused):
        public_key(jwk)


@pytest.mark.parametrize("member", ["d", "p", "q", "k"])
def test_a_key_that_was_sent_with_its_private_half_is_refused_by_name(member: str) -> None:
    with pytest.raises(KeyPrivate):
        public_key({**ED25519, member: "c2VjcmV0"})


@pytest.mark.parametrize("y", sorted(LOW_ORDER_Y))
@pytest.mark.parametrize("sign_bit", [0, 1 << 255])
def test_points_of_small_order_are_refused(y: int, sign_bit: int) -> None:
    with pytest.raises(KeyRefused, match="small order"):
        public_key({**ED25519, "x": text((y | sign_bit).to_bytes(32, "little"))})


def test_the_points_of_order_eight_double_to_points_of_order_four() -> None:
    """y of the double is (y^2 + x^2) / (1 - d x^2 y^2): zero for a point of order eight."""
    d = -121665 * pow(121666, -1, ED25519_P)
    eighth = LOW_ORDER_Y - {0, 1, ED25519_P - 1}
    squares = [(y * y, (y * y - 1) * pow(d * y * y + 1, -1, ED25519_P) % ED25519_P) for y in eighth]

    assert len(squares) == 2
    assert all((y2 + x2) % ED25519_P == 0 for y2, x2 in squares)


@pytest.mark.parametrize("alg", ["Ed25519", "ES256"])
def test_a_proof_is_good_for_its_own_nonce_and_key_only(alg: str) -> None:
    key = private_key("a test", alg)
    proof = sign(key, proof_message(b"n" * 32))
    other = jwk_of(private_key("another", alg).public_key())

    assert is_signed_by(jwk_of(key.public_key()), proof, proof_message(b"n" * 32))
    assert not is_signed_by(jwk_of(key.public_key()), proof, proof_message(b"m" * 32))
    assert not is_signed_by(jwk_of(key.public_key()), proof, b"n" * 32)
    assert not is_signed_by(other, proof, proof_message(b"n" * 32))
    assert not is_signed_by(jwk_of(key.public_key()), proof[:-1], proof_message(b"n" * 32))
    assert not is_signed_by(jwk_of(key.public_key()), bytes(64), proof_message(b"n" * 32))


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (START - timedelta(seconds=1), KeyState.NOT_YET),
        (START, KeyState.ACTIVE),
        (START + timedelta(days=10), KeyState.REVOKED),
        (START + timedelta(days=9), KeyState.ACTIVE),
    ],
)
def test_a_revoked_key_was_good_before(at: datetime, state: KeyState) -> None:
    end, revoked = START + timedelta(days=30), START + timedelta(days=10)

    assert state_at(at, not_before=START, not_after=end, revoked_at=revoked) is state


def test_a_key_ends_at_the_end_of_its_window() -> None:
    end = START + timedelta(days=30)

    assert state_at(end, not_before=START, not_after=end, revoked_at=None) is KeyState.EXPIRED


@pytest.mark.parametrize(
    ("not_before", "not_after"),
    [
        (START, START),
        (START, START - timedelta(days=1)),
        (START - timedelta(days=9), START - timedelta(days=1)),
        (START, datetime(2028, 3, 2, 0, 0, 1, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), datetime(2030, 3, 1, tzinfo=UTC)),
    ],
)
def test_a_window_is_no_longer_than_two_years_and_not_over(
    not_before: datetime, not_after: datetime
) -> None:
    with pytest.raises(KeyWindowInvalid):
        require_window(not_before, not_after, now=START)


@pytest.mark.parametrize(
    ("not_before", "not_after"),
    [
        (START, datetime(2028, 3, 2, tzinfo=UTC)),
        (datetime(2028, 2, 29, tzinfo=UTC), datetime(2030, 2, 28, tzinfo=UTC)),
    ],
)
def test_two_years_are_allowed(not_before: datetime, not_after: datetime) -> None:
    require_window(not_before, not_after, now=START)
