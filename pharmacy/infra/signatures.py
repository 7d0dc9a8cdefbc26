"""
The signature on a prescription: a compact JWS (RFC 7515) over the exact bytes of a FHIR Bundle.

Four header members, two algorithms, no negotiation, keys only from our own register. General JOSE
libraries accept too much for this (unknown `crit`, `b64`, repeated names, loose base64url), so the
few rules are written here and the mathematics are pyca/cryptography's.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Self

import msgspec

from pharmacy.infra import keys
from pharmacy.kernel import strict_json
from pharmacy.kernel.refusals import Malformed, NotPermitted

LARGEST_TOKEN: Final = 256 * 1024
SIGNATURE_BYTES: Final = 64
SHORT_HEADER: Final = 256
"""Longer ones are read anew each time, so that nobody fills memory with them."""
TYPE: Final = "ldn-rx+jws"
CONTENT: Final = "application/fhir+json"
MEMBERS: Final = frozenset({"alg", "kid", "typ", "cty"})
ALGORITHMS: Final = {"Ed25519": "Ed25519", "EdDSA": "Ed25519", "ES256": "ES256"}
"""What a header may say, and the algorithm of the key that it must then name."""
OLD_NAME: Final = "EdDSA"
KID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
BASE64URL: Final = re.compile(rb"[A-Za-z0-9_-]+")
URL_TO_PLAIN: Final = bytes.maketrans(b"-_", b"+/")
UNUSED_BITS: Final = {0: 0, 2: 0b1111, 3: 0b11}
"""By length modulo 4: the bits of the last letter that carry nothing and must be 0."""
VALUE_OF: Final = {
    letter: value
    for value, letter in enumerate(
        b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    )
}


class TokenTooLarge(Malformed):
    """More than a prescription needs."""

    code = "RX-SIG-001"
    remedy = "Send one signed Bundle of at most 256 KiB, without attachments."


class TokenMalformed(Malformed):
    """Not three parts of strict base64url."""

    code = "RX-SIG-001"
    remedy = "Send the compact form of RFC 7515: three base64url parts, no padding, two dots."


class HeaderMalformed(Malformed):
    """The header or the signature has not the form that it must have."""

    code = "RX-SIG-002"
    remedy = "Send a JSON header of alg, kid, typ and cty, each once, and a 64-byte raw signature."


class SignatureWrong(Malformed):
    """The bytes are not what this key signed."""

    code = "RX-SIG-003"
    remedy = "Sign the exact bytes that are sent, and let nothing between re-encode them."


class HeaderForbidden(Malformed):
    """The header has a member that this pharmacy does not take."""

    code = "RX-SIG-004"
    remedy = "Send alg, kid, typ and cty and nothing else: no crit, b64, jwk, jku, x5u, x5c, zip."


class AlgorithmNotAllowed(Malformed):
    """The algorithm is none of ours."""

    code = "RX-SIG-005"
    remedy = "Sign with Ed25519 or ES256."


class AlgorithmNotOfKey(Malformed):
    """The named key is of another algorithm than the header says."""

    code = "RX-SIG-006"
    remedy = "Name the algorithm with which the key was enrolled."


class TypeWrong(Malformed):
    """The token is not a prescription."""

    code = "RX-SIG-007"
    remedy = f'Set typ to "{TYPE}" and cty to "{CONTENT}".'


class KeyRefused(NotPermitted):
    """The named key may not sign prescriptions now."""

    remedy = "Ask the pharmacy which keys are enrolled for the prescriber."


class KeyUnknown(KeyRefused):
    """No such key is enrolled."""

    code = "RX-SIG-010"
    remedy = "Enrol the public key with the pharmacy first, or correct kid."


class KeyOfAnother(KeyRefused):
    """The caller may not send for the prescriber to whom the key belongs."""

    code = "RX-SIG-011"
    remedy = "Ask the pharmacy to enrol this client for the prescriber."


class KeyOutsideWindow(KeyRefused):
    """The key was not yet, or no longer, valid when the token arrived."""

    code = "RX-SIG-012"
    remedy = "Sign with a key that is valid now; enrol a new one where the old has run out."


class KeyRevoked(KeyRefused):
    """The key had been revoked when the token arrived."""

    code = "RX-SIG-013"
    remedy = "Sign with another enrolled key of the prescriber."


class KeyCompromised(KeyRefused):
    """Somebody else may have the key."""

    code = "RX-SIG-014"
    remedy = "Call the pharmacy. Prescriptions under this key are not taken."


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledKey:
    """A key of the register as it stands at one moment. Kept beside the evidence."""

    kid: str
    npi: str
    alg: str
    jwk: Mapping[str, str]
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None = None
    compromised_since: datetime | None = None

    def to_data(self) -> dict[str, Any]:
        data: dict[str, Any] = msgspec.to_builtins(asdict(self))
        return data

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Self:
        return msgspec.convert(data, cls)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a good signature covers. Before there is one of these, the payload is nobody's."""

    payload: bytes
    key: EnrolledKey
    named_alg: str
    """As the header wrote it."""


@dataclass(frozen=True, slots=True)
class Header:
    """The four members that a header has."""

    alg: str
    kid: str


def verify(
    token: bytes,
    *,
    key_of: Callable[[str], EnrolledKey | None],
    received_at: datetime,
    may_send_for: Callable[[str], bool] = lambda _: True,
    accept_old_name: bool = True,
) -> Verified:
    """
    Return the signed bytes, or refuse; cheap tests first, the payload untouched until the end.

    Args:
        key_of: Looks a key up in the register; asked once, and only for a name of sound form.
        received_at: When the token arrived by our own clock: what keys are judged by.
        may_send_for: Whether the caller sends for this NPI.
        accept_old_name: Take `EdDSA` for an Ed25519 key (RFC 9864 renamed it).

    Raises:
        Malformed: RX-SIG-001 to 007.
        KeyRefused: RX-SIG-010 to 014.

    Source: RFC 7515 5.2, narrowed (docs/adr/0001-the-signed-bytes-are-the-prescription.md).
    """
    if len(token) > LARGEST_TOKEN:
        raise TokenTooLarge("the token is larger than 256 KiB")
    parts = token.split(b".")
    if len(parts) != 3 or not parts[0] or not parts[1]:  # noqa: PLR2004
        raise TokenMalformed("the token is not three parts")
    raw_header, payload, signature = (_decoded(part) for part in parts)
    read = _known_header if len(raw_header) <= SHORT_HEADER else _header
    header = read(raw_header, accept_old_name=accept_old_name)
    key = key_of(header.kid) if KID.fullmatch(header.kid) else None
    if key is None:
        raise KeyUnknown("no such key is enrolled")
    if not may_send_for(key.npi):
        raise KeyOfAnother("the key belongs to a prescriber for whom this caller may not send")
    if ALGORITHMS[header.alg] != key.alg:
        raise AlgorithmNotOfKey("the key was enrolled for another algorithm")
    require_usable(key, at=received_at)
    if len(signature) != SIGNATURE_BYTES:
        raise HeaderMalformed("the signature is not 64 bytes")
    signed = token[: -len(parts[2]) - 1]
    if not keys.is_signed_by(key.jwk, signature, signed):
        raise SignatureWrong("the signature does not belong to these bytes and this key")
    return Verified(payload=payload, key=key, named_alg=header.alg)


def require_usable(key: EnrolledKey, *, at: datetime) -> None:
    """
    Let a key pass that may sign at this moment.

    Raises:
        KeyCompromised: From `compromised_since` on. A compromise reaches back in time.
        KeyRevoked: From `revoked_at` on, for any other reason.
        KeyOutsideWindow: Before `not_before`, or from `not_after` on.
    """
    if key.compromised_since is not None and at >= key.compromised_since:
        raise KeyCompromised("the key may be in the hands of somebody else")
    if key.revoked_at is not None and key.compromised_since is None and at >= key.revoked_at:
        raise KeyRevoked("the key was revoked before the token arrived")
    if not key.not_before <= at < key.not_after:
        raise KeyOutsideWindow("the key is not valid at this time")


def sign(payload: bytes, private_key: keys.PrivateKey, *, kid: str, alg: str = "Ed25519") -> bytes:
    """Return the compact JWS of a payload, as a clinic's system makes it."""
    header = {"alg": alg, "kid": kid, "typ": TYPE, "cty": CONTENT}
    signed = b".".join((_encoded(msgspec.json.encode(header)), _encoded(payload)))
    return signed + b"." + _encoded(keys.sign(private_key, signed))


def payload_of(token: bytes) -> bytes:
    """
    Return the signed bytes of a token that was verified before, to be read again.

    Raises:
        TokenMalformed: It is no compact JWS.
    """
    parts = token.split(b".")
    if len(parts) != 3:  # noqa: PLR2004
        raise TokenMalformed("the token is not three parts")
    return _decoded(parts[1])


def _header(raw: bytes, *, accept_old_name: bool) -> Header:
    try:
        found = strict_json.read(raw)
    except strict_json.JsonMalformed as error:
        raise HeaderMalformed("the header is not strict JSON") from error
    if not isinstance(found, dict):
        raise HeaderMalformed("the header is not an object")
    if found.keys() - MEMBERS:
        raise HeaderForbidden("the header has a member that is not taken")
    alg, kid = found.get("alg"), found.get("kid")
    if not isinstance(alg, str) or not isinstance(kid, str):
        raise HeaderMalformed("the header lacks alg or kid as text")
    if alg not in ALGORITHMS or (alg == OLD_NAME and not accept_old_name):
        raise AlgorithmNotAllowed("the algorithm is not Ed25519 or ES256")
    if found.get("typ") != TYPE or found.get("cty") != CONTENT:
        raise TypeWrong("typ or cty is not that of a prescription")
    return Header(alg=alg, kid=kid)


@lru_cache(maxsize=256)
def _known_header(raw: bytes, *, accept_old_name: bool) -> Header:
    """Read a header as `_header` does; a clinic sends the same one every time."""
    return _header(raw, accept_old_name=accept_old_name)


def _decoded(part: bytes) -> bytes:
    """Decode base64url in its one canonical form."""
    if not part:
        return b""
    tail = len(part) % 4
    if not BASE64URL.fullmatch(part) or tail not in UNUSED_BITS:
        raise TokenMalformed("a part is not base64url without padding")
    if VALUE_OF[part[-1]] & UNUSED_BITS[tail]:
        raise TokenMalformed("a part has bits set that carry nothing")
    return binascii.a2b_base64(part.translate(URL_TO_PLAIN) + b"=" * (-tail % 4))


def _encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")
