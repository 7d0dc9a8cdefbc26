"""Recalls in the console: the trace first, then letters, answers and the end."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.inventory.models import CapsuleLot, LotStatus
from pharmacy.kernel.ids import encode
from pharmacy.orders.rules import Status
from pharmacy.recalls.models import Recall, RecallNotice
from pharmacy.staff.rules import Role
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.orders import Bench

AT = "/bench/recalls"
TOLD = "2026-03-02T15:30"
"""By the pharmacy's clock, six hours behind: 21:30 UTC."""


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def send(client: Client, path: str, headers: Headers, **fields: str) -> tuple[int, str]:
    answer = client.post(path, headers={"HX-Request": "true"} | headers, data=fields)
    return answer.status_code, answer.headers.get("HX-Location", "") + answer.text


def recalled(client: Client, headers: Headers, bench: Bench) -> Recall:
    lot = encode("ing", bench.lots[1_500].active_lot_id)
    status, text = send(
        client, AT, headers, lot=lot, reason="Too little naltrexone.", serious="yes", notice_at=TOLD
    )
    assert status == 200, text
    return bench.session.scalars(select(Recall)).one()


def test_the_trace_is_seen_before_a_lot_is_recalled(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    bench.order(Status.HANDED_OVER)
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    lot = bench.lots[1_500]
    status, text = send(client, f"{AT}/lots", pharmacist, code=lot.lot_number)
    assert (status, encode("lot", lot.id) in text) == (200, True)
    page = client.get(f"{AT}/new?lot={encode('lot', lot.id)}", headers=pharmacist).text
    facts = dict(re.findall(r"<dt>(\w+)</dt><dd>(\d+)</dd>", page))
    assert (facts["Patients"], facts["Prescribers"], facts["Orders"]) == ("1", "1", "1")
    assert "Recall the lot" in page
    assert session.scalars(select(Recall)).all() == []
    looked = select(AuditEntry).where(AuditEntry.action == "recall.read")
    assert session.scalars(looked).first() is not None

    technician = as_role(Role.TECHNICIAN, browser=True)
    seen = client.get(f"{AT}/new?lot={encode('lot', lot.id)}", headers=technician)
    assert (seen.status_code, "Recall the lot" in seen.text) == (200, False)
    assert send(client, AT, technician, lot="x")[0] == 403
    assert send(client, f"{AT}/lots", technician, code="NO-SUCH-LOT")[0] == 404


def test_a_recall_is_followed_letter_by_letter_to_its_end(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    bench.order(Status.HANDED_OVER)
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    recall = recalled(client, pharmacist, bench)
    assert recall.notice_at.isoformat() == "2026-03-02T21:30:00+00:00"
    at = f"{AT}/{encode('rcl', recall.id)}"
    session.expire_all()
    assert session.get_one(CapsuleLot, bench.lots[1_500].id).status is LotStatus.RECALLED
    assert "0 of 3 sent" in client.get(AT, headers=pharmacist).text
    assert "Tell recipients and the Board" in client.get(at, headers=pharmacist).text
    assert send(client, f"{at}/closure", pharmacist, note="done")[0] == 409

    for notice in session.scalars(select(RecallNotice)).all():
        own = f"{AT}/letters/{encode('rcn', notice.id)}"
        assert client.get(own, headers=pharmacist).content.startswith(b"%PDF-")
        assert send(client, f"{own}/sent", pharmacist, means="letter")[0] == 200
        if notice.patient_id:
            told = send(client, f"{own}/answer", pharmacist, answer="harm-reported", note="rash")
            assert told[0] == 200
    page = client.get(at, headers=pharmacist).text
    assert "Report to MedWatch" in page
    assert "Tells of harm: rash" in page
    for kind in ("notify-recipients-and-board", "report-to-medwatch"):
        assert send(client, f"{at}/deadlines", pharmacist, kind=kind)[0] == 200
    assert send(client, f"{at}/closure", pharmacist, note="All came back.")[0] == 200
    page = client.get(at, headers=pharmacist).text
    assert "All came back." in page
    assert "Close the recall" not in page


def test_harm_is_told_by_the_pharmacys_clock_and_never_ahead(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    recall = recalled(client, pharmacist, bench)
    at = f"{AT}/{encode('rcl', recall.id)}/harm"
    ahead = (recall.opened_at + timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    assert send(client, at, pharmacist, advised_at=ahead)[0] == 422
    assert send(client, at, pharmacist, advised_at="soon")[0] == 422
    assert send(client, at, pharmacist, advised_at=TOLD)[0] == 200
