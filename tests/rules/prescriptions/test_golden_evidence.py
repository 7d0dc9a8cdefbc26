"""Evidence that each release took in is decided alike by every later one. Never edit them."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from pharmacy.prescriptions.models import Evidence, Verification
from pharmacy.prescriptions.operations import verify_again

GOLDEN = sorted((Path(__file__).parents[2] / "golden").glob("evidence-*.json"))
RECORDS = [
    pytest.param(record, id=f"{file.stem} {record['verification']['alg']}")
    for file in GOLDEN
    for record in json.loads(file.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize("record", RECORDS)
def test_the_decision_of_an_earlier_release_stands(record):
    kept = record["evidence"]
    evidence = Evidence(
        npi=kept["npi"],
        jws=kept["jws"].encode(),
        jws_sha256=bytes.fromhex(kept["jws_sha256"]),
        payload_sha256=bytes.fromhex(kept["payload_sha256"]),
        received_at=datetime.fromisoformat(kept["received_at"]),
    )

    again = verify_again(evidence, Verification(**record["verification"]))

    assert again.differences == ()
    assert again.decision == "accepted"


def test_there_is_evidence_of_the_first_release():
    assert GOLDEN[0].name == "evidence-0.1.0.json"
