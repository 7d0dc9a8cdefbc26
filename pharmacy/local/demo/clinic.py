"""The clinic's side: its system writes a prescription, signs it, and keeps the private key."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pharmacy.infra.keys import PrivateKey

TEMPLATE: Final = Path(__file__).parent / "prescription.json"
WRITTEN_ON: Final = date(2026, 3, 2)
"""The day on which the template was written."""


def new_key(alg: str) -> PrivateKey:
    """Return a key pair that lives as long as the demo."""
    return generate_private_key(SECP256R1()) if alg == "ES256" else Ed25519PrivateKey.generate()


def prescription(written_at: datetime) -> bytes:
    """
    Return the clinic's regimen as a FHIR Bundle that was written at an instant.

    1.5, 3 and 4.5 mg for 28 nights each, then 4.5 mg with one repeat.
    """
    bundle: dict[str, Any] = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    later = written_at.date() - WRITTEN_ON
    written = written_at.isoformat(timespec="seconds")
    bundle["timestamp"] = written
    for entry in bundle["entry"]:
        request = entry["resource"]
        if request["resourceType"] == "MedicationRequest":
            request["authoredOn"] = written
            period = request["dispenseRequest"]["validityPeriod"]
            for end in ("start", "end"):
                period[end] = _moved(period[end], later)
    return json.dumps(bundle, ensure_ascii=False, indent=1).encode()


def _moved(day: str, later: timedelta) -> str:
    return (date.fromisoformat(day) + later).isoformat()
