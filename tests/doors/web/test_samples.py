"""Capsules at a laboratory, from the page of their batch: sent, answered, and what that stops."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.compounding.models import Batch, LabSample
from pharmacy.compounding.rules.life import BatchStatus
from pharmacy.inventory.models import CapsuleLot, LotStatus
from pharmacy.kernel.ids import encode
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.compounding import Laboratory

CERTIFICATE = b"%PDF-1.4 what Example Analytics found"
ASSAY = {
    "kind": "composite-assay",
    "cause": "new-formulation",
    "capsules": "10",
    "laboratory": "Example Analytics",
}


@pytest.fixture
def batch(session: Session) -> Batch:
    """A released batch of a hundred capsules."""
    return Laboratory(session).released()


def at(batch: Batch) -> str:
    return f"/bench/{encode('bat', batch.id)}"


def send(client: Client, path: str, headers: Headers, **fields: str) -> tuple[int, str]:
    answer = client.post(path, headers={"HX-Request": "true"} | headers, data=fields)
    return answer.status_code, answer.headers.get("HX-Location", "") + answer.text


def answer(
    client: Client, batch: Batch, headers: Headers, contents: str, document: bytes = CERTIFICATE
) -> tuple[int, str]:
    """Write down the answer to the one sample of a batch."""
    client.cookies.clear()
    [sample] = _samples(batch)
    told = client.post(
        f"{at(batch)}/samples/{encode('smp', sample.id)}/result",
        headers={"HX-Request": "true"} | headers,
        data={"contents": contents},
        files={"certificate": ("found.pdf", document, "application/pdf")},
    )
    return told.status_code, told.headers.get("HX-Trigger", "") + told.text


def _samples(batch: Batch) -> list[LabSample]:
    session = Session.object_session(batch)
    assert session is not None
    return list(session.scalars(select(LabSample)))


def test_a_sample_is_sent_and_its_answer_kept_with_the_certificate(
    client: Client, as_role: AsRole, session: Session, batch: Batch
) -> None:
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    assert "Nothing was sent" in client.get(at(batch), headers=pharmacist).text

    assert send(client, f"{at(batch)}/samples", pharmacist, **ASSAY)[0] == 200
    page = client.get(at(batch), headers=pharmacist).text
    assert "Awaited" in page
    assert "What Example Analytics found" in page
    assert answer(client, batch, pharmacist, "99.4 %")[0] == 200

    [sample] = _samples(batch)
    session.refresh(sample)
    assert (sample.verdict, sample.contents) == ("passed", ["99.4"])
    page = client.get(at(batch), headers=pharmacist).text
    assert "Passed" in page
    assert "99.4 %" in page
    kept = f"{at(batch)}/samples/{encode('smp', sample.id)}/certificate"
    technician = as_role(Role.TECHNICIAN, browser=True)
    assert client.get(kept, headers=technician).content == CERTIFICATE


def test_an_answer_that_fails_stops_the_batch_and_its_capsules(
    client: Client, as_role: AsRole, session: Session, batch: Batch
) -> None:
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    send(client, f"{at(batch)}/samples", pharmacist, **ASSAY)

    assert answer(client, batch, pharmacist, "88.9")[0] == 200

    session.expire_all()
    assert batch.status is BatchStatus.QUARANTINED
    assert session.get_one(CapsuleLot, batch.capsule_lot_id).status is LotStatus.QUARANTINED
    page = client.get(at(batch), headers=pharmacist).text
    assert "Failed" in page
    assert "Its capsules are not dispensed." in page


def test_figures_that_are_none_stand_beside_their_field_and_only_pharmacists_write_them(
    client: Client, as_role: AsRole, batch: Batch
) -> None:
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    few = ASSAY | {"capsules": "9"}
    assert send(client, f"{at(batch)}/samples", pharmacist, **few)[0] == 422
    send(client, f"{at(batch)}/samples", pharmacist, **ASSAY)

    status, told = answer(client, batch, pharmacist, "ninety")
    assert (status, "This is no figure: ninety" in told) == (422, True)
    assert answer(client, batch, pharmacist, "99.4 99.6")[0] == 422
    assert answer(client, batch, pharmacist, "99.4", b"a letter")[0] == 422
    technician = as_role(Role.TECHNICIAN, browser=True)
    assert "Send a sample" not in client.get(at(batch), headers=technician).text
    assert send(client, f"{at(batch)}/samples", technician, **ASSAY)[0] == 403
