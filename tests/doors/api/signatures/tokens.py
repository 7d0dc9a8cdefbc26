"""Good tokens, and every kind of bad one; what the door must answer."""

import base64
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pharmacy.infra import keys
from tests.factories.bundles import (
    fresh_bundle,
    payload_of,
)

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
