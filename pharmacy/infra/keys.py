"""Public keys between JWK and pyca/cryptography, and signatures over plain bytes."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from pharmacy.kernel import base64url
from pharmacy.kernel.refusals import Invalid

COORDINATE_BYTES: Final = 32

PublicKey = Ed25519PublicKey | ec.EllipticCurvePublicKey
PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey


class PrivateKeyUnreadable(Invalid):
    """A file that should hold a private key does not."""

    code = "private-key-unreadable"
    remedy = "Give a PKCS #8 PEM file without password, or a private JWK, of Ed25519 or P-256."


def jwk_of(key: PublicKey) -> dict[str, str]:
    """Return a public key as the JWK members that RFC 7638 hashes."""
    if isinstance(key, Ed25519PublicKey):
        raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"kty": "OKP", "crv": "Ed25519", "x": base64url.encode(raw)}
    point = key.public_numbers()
    x, y = (base64url.encode(value.to_bytes(COORDINATE_BYTES)) for value in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def key_of(jwk: Mapping[str, Any]) -> PublicKey:
    """Return the key of a JWK that was checked when it was enrolled."""
    return _imported(jwk["x"], jwk.get("y"))


@lru_cache(maxsize=1024)
def _imported(x: str, y: str | None) -> PublicKey:
    """Import a key once in a process: for P-256 that costs as much as checking a signature."""
    if y is None:
        return Ed25519PublicKey.from_public_bytes(base64url.decode(x))
    point = ec.EllipticCurvePublicNumbers(
        int.from_bytes(base64url.decode(x)), int.from_bytes(base64url.decode(y)), ec.SECP256R1()
    )
    return point.public_key()


def private_key_of(data: bytes) -> PrivateKey:
    """
    Return the private key of a PEM file (PKCS #8, no password) or of a JWK with its private part.

    Raises:
        PrivateKeyUnreadable: It is neither, or not for Ed25519 or P-256.
    """
    try:
        key = _of_jwk(json.loads(data)) if data.lstrip()[:1] == b"{" else _of_pem(data)
    except (ValueError, TypeError, KeyError, UnsupportedAlgorithm) as error:
        raise PrivateKeyUnreadable("this is no private key that can be used here") from error
    if isinstance(key, Ed25519PrivateKey):
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise PrivateKeyUnreadable("the private key is not for Ed25519 or P-256")


def sign(key: PrivateKey, message: bytes) -> bytes:
    """Return a 64-byte signature: Ed25519's own form, or r and s side by side for P-256."""
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(message)
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(COORDINATE_BYTES) + s.to_bytes(COORDINATE_BYTES)


def is_signed_by(jwk: Mapping[str, Any], signature: bytes, message: bytes) -> bool:
    """Say whether a signature over a message was made with the private half of a key."""
    if len(signature) != 2 * COORDINATE_BYTES:
        return False
    key = key_of(jwk)
    try:
        if isinstance(key, Ed25519PublicKey):
            key.verify(signature, message)
        else:
            r, s = signature[:COORDINATE_BYTES], signature[COORDINATE_BYTES:]
            pair = encode_dss_signature(int.from_bytes(r), int.from_bytes(s))
            key.verify(pair, message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _of_pem(data: bytes) -> Any:
    return load_pem_private_key(data, password=None)


def _of_jwk(jwk: Mapping[str, Any]) -> Any:
    secret = base64url.decode(jwk["d"])
    if jwk["kty"] == "OKP":
        return Ed25519PrivateKey.from_private_bytes(secret)
    return ec.derive_private_key(int.from_bytes(secret), ec.SECP256R1())
