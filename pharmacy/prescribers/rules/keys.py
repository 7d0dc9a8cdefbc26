"""Which public keys a prescriber may sign with, and when a key counts."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from pharmacy.kernel import base64url
from pharmacy.kernel.refusals import Conflict, Invalid, Malformed

PROOF_PREFIX: Final = b"LDN-RX-KEY-v1\x00"
"""Before the nonce, so that a proof of possession can never be taken for anything else."""
NONCE_BYTES: Final = 32
COORDINATE_BYTES: Final = 32
MAX_ACTIVE_KEYS: Final = 5
MAX_LIFETIME_YEARS: Final = 2
"""Lifetime and number of keys: policy (domain.md 3.10)."""

P256_P: Final = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
P256_B: Final = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
ED25519_P: Final = 2**255 - 19
SIGN_BIT: Final = 1 << 255
ORDER_EIGHT_Y: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
LOW_ORDER_Y: Final = frozenset({0, 1, ED25519_P - 1, ORDER_EIGHT_Y, ED25519_P - ORDER_EIGHT_Y})
"""The y of the eight points of small order on edwards25519."""
PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
KNOWN_MEMBERS: Final = frozenset({"kty", "crv", "x", "y", "use", "key_ops", "alg", "kid"})
ALGORITHMS: Final[Mapping[tuple[object, object], str]] = {
    ("OKP", "Ed25519"): "Ed25519",
    ("EC", "P-256"): "ES256",
}


class KeyRefused(Invalid):
    """A key that this pharmacy does not take."""

    code = "key-refused"
    remedy = "Send the public half of an Ed25519 or P-256 key as a JWK (RFC 7517)."


class KeyPrivate(KeyRefused):
    """The JWK holds a private part: that key is no secret any more."""

    code = "key-private"
    remedy = "Make a new key pair and send its public half only; the old one has been shown."


class KeyWindowInvalid(Invalid):
    """A key is valid for at most two years, and for some time at all."""

    code = "key-window-invalid"
    remedy = "Choose a window of at most 24 months that ends in the future."


class TooManyKeys(Conflict):
    """A prescriber has as many keys as one may have."""

    code = "too-many-keys"
    remedy = "Revoke a key that is no longer used."


class ProofMalformed(Malformed):
    """A proof is 64 bytes in base64url."""

    code = "key-proof-malformed"
    remedy = "Send the 64-byte signature in base64url without padding."


class KeyState(StrEnum):
    """What a key is good for at one instant."""

    ACTIVE = "active"
    NOT_YET = "not-yet"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key that passed every check of form and of arithmetic."""

    alg: str
    jwk: Mapping[str, str]
    """Only the members that RFC 7638 hashes."""

    @property
    def thumbprint(self) -> str:
        return thumbprint(self.jwk)


def public_key(jwk: Mapping[str, Any]) -> PublicKey:
    """
    Read a JWK strictly. Raises KeyRefused, KeyPrivate.

    Source: RFC 7517, 7518 6.2, 8037.
    """
    if PRIVATE_MEMBERS & jwk.keys():
        raise KeyPrivate("the key holds a private part")
    if unknown := jwk.keys() - KNOWN_MEMBERS:
        raise KeyRefused(
            f"the key has members that mean nothing here: {', '.join(sorted(unknown))}"
        )
    alg = ALGORITHMS.get((jwk.get("kty"), jwk.get("crv")))
    if alg is None:
        raise KeyRefused("the key is neither Ed25519 nor P-256")
    _require_for_signing(jwk, alg)
    x = _coordinate(jwk, "x")
    if alg == "Ed25519":
        _require_high_order(x)
        return PublicKey(alg, {"crv": "Ed25519", "kty": "OKP", "x": str(jwk["x"])})
    _require_on_p256(x, _coordinate(jwk, "y"))
    return PublicKey(alg, {"crv": "P-256", "kty": "EC", "x": str(jwk["x"]), "y": str(jwk["y"])})


def thumbprint(jwk: Mapping[str, str]) -> str:
    """Return the RFC 7638 thumbprint of a JWK that has its required members and no other."""
    canonical = json.dumps(dict(jwk), sort_keys=True, separators=(",", ":")).encode()
    return base64url.encode(hashlib.sha256(canonical).digest())


def proof_message(nonce: bytes) -> bytes:
    """Return the bytes that prove possession of a key when they are signed with it."""
    return PROOF_PREFIX + nonce


def proof_of(text: str) -> bytes:
    """Return a proof of possession from its text. Raises ProofMalformed."""
    try:
        return base64url.decode(text.strip())
    except ValueError as error:
        raise ProofMalformed("the proof is not base64url") from error


def state_at(
    when: datetime, *, not_before: datetime, not_after: datetime, revoked_at: datetime | None
) -> KeyState:
    """Return what a key is good for at an instant."""
    if revoked_at is not None and revoked_at <= when:
        return KeyState.REVOKED
    if when < not_before:
        return KeyState.NOT_YET
    return KeyState.ACTIVE if when < not_after else KeyState.EXPIRED


def require_window(not_before: datetime, not_after: datetime, *, now: datetime) -> None:
    """Raise KeyWindowInvalid for a window that is empty, over, or longer than 24 months."""
    if not_after <= max(not_before, now):
        raise KeyWindowInvalid("the window of the key is empty or already over")
    if not_after > _years_later(not_before, MAX_LIFETIME_YEARS):
        raise KeyWindowInvalid("the window of the key is longer than 24 months")


def _years_later(when: datetime, years: int) -> datetime:
    try:
        return when.replace(year=when.year + years)
    except ValueError:  # 29 February
        return when.replace(year=when.year + years, day=28)


def _require_for_signing(jwk: Mapping[str, Any], alg: str) -> None:
    if jwk.get("use", "sig") != "sig":
        raise KeyRefused("the key is not meant for signing (use)")
    if jwk.get("key_ops", ["verify"]) != ["verify"]:
        raise KeyRefused("the key is not meant for verifying signatures (key_ops)")
    names = {alg, "EdDSA"} if alg == "Ed25519" else {alg}
    if jwk.get("alg", alg) not in names:
        raise KeyRefused(f"the key says another algorithm than {alg}")


def _coordinate(jwk: Mapping[str, Any], name: str) -> bytes:
    text = jwk.get(name)
    if not isinstance(text, str):
        raise KeyRefused(f"the key has no {name}")
    try:
        raw = base64url.decode(text)
    except ValueError as error:
        raise KeyRefused(f"the key's {name} is not base64url") from error
    if base64url.encode(raw) != text:
        raise KeyRefused(f"the key's {name} is not base64url in its only form")
    if len(raw) != COORDINATE_BYTES:
        raise KeyRefused(f"the key's {name} is not {COORDINATE_BYTES} bytes")
    return raw


def _require_high_order(x: bytes) -> None:
    y = int.from_bytes(x, "little") & (SIGN_BIT - 1)
    if y >= ED25519_P:
        raise KeyRefused("the Ed25519 key is not written in its only form")
    if y in LOW_ORDER_Y:
        raise KeyRefused("the Ed25519 key is a point of small order")
    # x^2 = (y^2 - 1) / (d y^2 + 1) must be a square, or there is no such point.
    d = -121665 * pow(121666, -1, ED25519_P)
    square = (y * y - 1) * pow(d * y * y + 1, -1, ED25519_P) % ED25519_P
    if pow(square, (ED25519_P - 1) // 2, ED25519_P) != 1:
        raise KeyRefused("the Ed25519 key is not a point of the curve")


def _require_on_p256(x: bytes, y: bytes) -> None:
    across, up = int.from_bytes(x), int.from_bytes(y)
    if not (across < P256_P and up < P256_P):
        raise KeyRefused("the P-256 key is not written in its only form")
    if (up * up - (across**3 - 3 * across + P256_B)) % P256_P:
        raise KeyRefused("the P-256 key is not a point of the curve")
