"""
What is sent to a print agent: signed by the server, so that nobody between the two can have it
print something else, or the same thing again later.
"""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pharmacy.infra import keys
from pharmacy.infra.printers.delivery import Document
from pharmacy.kernel.refusals import NotPermitted

PURPOSE: Final = b"pharmacy print errands v1"
LASTS: Final = timedelta(seconds=60)
"""An agent that hears of an errand later does not run it."""
SIGNATURE_BYTES: Final = 64


class ErrandNotGenuine(NotPermitted):
    """The errand was not signed by the pinned server, or is too old."""

    code = "print-errand-not-genuine"
    remedy = "Compare the server's key with the one that the agent was given; check both clocks."


def server_key(secret: str) -> Ed25519PrivateKey:
    """Return the key with which a server signs errands, derived from its own secret."""
    seed = HKDF(hashes.SHA256(), 32, salt=None, info=PURPOSE).derive(secret.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)


def signed(
    key: Ed25519PrivateKey,
    *,
    nonce: str,
    tries: int,
    address: str,
    pinned_sha256: bytes | None,
    document: Document,
    only_ask: bool,
    now: datetime,
) -> bytes:
    """
    Return an errand as bytes: a signature of 64 bytes, then what is signed.

    Args:
        nonce: What the agent made up for this one question: no other question has this answer.
    """
    message = json.dumps(
        {
            "nonce": nonce,
            "name": document.name,
            "tries": tries,
            "address": address,
            "pinned_sha256": pinned_sha256.hex() if pinned_sha256 else None,
            "media_type": document.media_type,
            "size": document.size,
            "content": base64.b64encode(document.content).decode(),
            "only_ask": only_ask,
            "until": (now + LASTS).timestamp(),
        }
    ).encode()
    return keys.sign(key, PURPOSE + message) + message


def read(errand: bytes, server_jwk: dict[str, Any], *, nonce: str, now: datetime) -> dict[str, Any]:
    """
    Return what an errand says, `document` among it.

    Raises:
        ErrandNotGenuine: It was not signed with the pinned key, answers another question, or its
            time is over.
    """
    signature, message = errand[:SIGNATURE_BYTES], errand[SIGNATURE_BYTES:]
    if not keys.is_signed_by(server_jwk, signature, PURPOSE + message):
        raise ErrandNotGenuine("the errand was not signed by this server")
    found: dict[str, Any] = json.loads(message)
    if found["nonce"] != nonce:
        raise ErrandNotGenuine("the errand answers another question")
    if datetime.fromtimestamp(found["until"], UTC) < now:
        raise ErrandNotGenuine("the errand's time is over")
    wide, high = found["size"]
    found["document"] = Document(
        name=found["name"],
        content=base64.b64decode(found.pop("content")),
        media_type=found["media_type"],
        size=(wide, high),
    )
    return found
