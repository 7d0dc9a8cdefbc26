"""Signed prescriptions as a clinic's system makes them. Names, numbers and keys are invented."""

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pharmacy.infra import signatures
from pharmacy.infra.keys import PrivateKey

SAMPLE: Final = (Path(__file__).parent / "sample_bundle.json").read_text(encoding="utf-8")
"""The clinic's regimen: 1.5, 3 and 4.5 mg for 28 nights each, then 4.5 mg with one repeat."""
PHARMACY_NPI: Final = "1999999984"
PRESCRIBER_NPI: Final = "1234567893"
KID: Final = "rxk_1234567893_ed25519"
"""What `tests.factories.prescribers.make_key` calls the first key of that prescriber."""

counter = itertools.count(1)
Change = Callable[[dict[str, Any]], object]


def sample_bundle(*changes: Change, **members: Any) -> dict[str, Any]:
    """
    Return the sample as data.

    Args:
        changes: Called one after another with the bundle, to change it in place.
        members: Replace members of the Bundle itself.
    """
    bundle: dict[str, Any] = json.loads(SAMPLE)
    bundle.update(members)
    for change in changes:
        change(bundle)
    return bundle


def fresh_bundle(*changes: Change, **members: Any) -> dict[str, Any]:
    """Return the sample with identifiers that no other has: another set, requests and patient."""
    number = next(counter)
    bundle = sample_bundle()
    set_value = f"RXSET-TEST-{number:06d}"
    bundle["identifier"]["value"] = set_value
    for index, request in enumerate(requests(bundle), start=1):
        request["identifier"][0]["value"] = f"RX-TEST-{number:06d}-{index}"
        request["groupIdentifier"]["value"] = set_value
    resource(bundle, "Patient")["identifier"][0]["value"] = f"MRN-TEST-{number:06d}"
    bundle.update(members)
    for change in changes:
        change(bundle)
    return bundle


def resources(bundle: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """Return the resources of one type, in the order of the entries."""
    found = [entry["resource"] for entry in bundle["entry"]]
    return [each for each in found if each["resourceType"] == kind]


def resource(bundle: dict[str, Any], kind: str) -> dict[str, Any]:
    return resources(bundle, kind)[0]


def requests(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return resources(bundle, "MedicationRequest")


def titration(bundle: dict[str, Any]) -> dict[str, Any]:
    return requests(bundle)[0]


def maintenance(bundle: dict[str, Any]) -> dict[str, Any]:
    return requests(bundle)[1]


def step(bundle: dict[str, Any], number: int) -> dict[str, Any]:
    """Return a step of the titration, counted from 1."""
    found: dict[str, Any] = titration(bundle)["dosageInstruction"][number - 1]
    return found


def titration_alone(bundle: dict[str, Any]) -> None:
    """Take the maintenance request out."""
    second = maintenance(bundle)
    bundle["entry"] = [entry for entry in bundle["entry"] if entry["resource"] is not second]


def maintenance_alone(bundle: dict[str, Any]) -> None:
    """Take the titration out, and what refers to it."""
    first = titration(bundle)
    del maintenance(bundle)["priorPrescription"]
    bundle["entry"] = [entry for entry in bundle["entry"] if entry["resource"] is not first]


@dataclass(frozen=True, slots=True)
class TestKey:
    """A private key with the name under which its public half is enrolled."""

    __test__ = False

    private_key: PrivateKey
    kid: str = KID
    alg: str = "Ed25519"


def fresh_key(alg: str = "Ed25519", kid: str = KID) -> TestKey:
    if alg == "ES256":
        return TestKey(ec.generate_private_key(ec.SECP256R1()), kid, alg)
    return TestKey(Ed25519PrivateKey.generate(), kid, alg)


def payload_of(bundle: dict[str, Any]) -> bytes:
    return json.dumps(bundle, ensure_ascii=False).encode()


def signed(bundle: dict[str, Any], key: Any) -> bytes:
    """
    Return the token over a bundle.

    Args:
        key: Anything with `private_key`, `kid` and `alg`: a TestKey, or what
            `tests.factories.prescribers.make_key` gives.
    """
    return signatures.sign(payload_of(bundle), key.private_key, kid=key.kid, alg=key.alg)
