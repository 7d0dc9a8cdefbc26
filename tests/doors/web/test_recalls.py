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
from pharmacy.recalls import queries
from pharmacy.recalls.models import Recall, RecallNotice
from pharmacy.recalls.operations import drafting, draw_letters
from pharmacy.staff.rules import WORKER, Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.compounding import Laboratory
from tests.factories.orders import Bench
from tests.statements import statements

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


def test_letters_that_a_worker_draws_are_told_of_until_they_are_there(
    client: Client,
    as_role: AsRole,
    session: Session,
    bench: Bench,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of three letters the Board's is drawn at once."""
    monkeypatch.setattr(drafting, "AT_ONCE", 1)
    bench.order(Status.HANDED_OVER)
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    recall = recalled(client, pharmacist, bench)
    at = f"{AT}/{encode('rcl', recall.id)}"
    page = client.get(at, headers=pharmacist).text
    assert "1 of 3 letters drawn" in page
    assert page.count("Being drawn") == 2
    assert "1 of 3 letters drawn" in client.get(f"{at}/drawing", headers=pharmacist).text
    waiting = next(each for each in queries.notices(session, recall.id) if not each.drawn_at)
    own = f"{AT}/letters/{encode('rcn', waiting.id)}"
    early = client.get(own, headers=pharmacist)
    assert (early.status_code, "is not drawn yet" in early.text) == (409, True)

    draw_letters(session, recall.id, by=WORKER, now=NOW)

    session.expire_all()
    done = client.get(f"{at}/drawing", headers=pharmacist | {"HX-Request": "true"})
    assert at in done.headers["HX-Location"]
    assert "Being drawn" not in client.get(at, headers=pharmacist).text
    assert client.get(own, headers=pharmacist).content.startswith(b"%PDF-")


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


def test_pages_of_lots_and_batches_lead_to_their_recall(
    client: Client, as_role: AsRole, session: Session
) -> None:
    laboratory = Laboratory(session)
    batch = laboratory.released()
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    powder = f"/bench/powder/{encode('ing', laboratory.active.id)}"
    shells = encode("shl", laboratory.shells.id)
    pages = (powder, f"/bench/shells/{shells}", f"/bench/{encode('bat', batch.id)}")
    for page, lot in zip(
        pages,
        (encode("ing", laboratory.active.id), shells, encode("lot", batch.capsule_lot_id)),
        strict=True,
    ):
        assert f"{AT}/new?lot={lot}" in client.get(page, headers=pharmacist).text
    technician = as_role(Role.TECHNICIAN, browser=True)
    assert f"{AT}/new" not in client.get(powder, headers=technician).text

    for lot in (shells, encode("ing", laboratory.active.id)):
        fields = {"lot": lot, "reason": "Metal.", "serious": "no", "notice_at": TOLD}
        assert send(client, AT, pharmacist, **fields)[0] == 200

    number = laboratory.shells.lot_number
    assert (
        f"Part of the recall of shell lot {number}"
        in client.get("/bench/shells", headers=technician).text
    )
    for page in pages[::2]:
        said = client.get(page, headers=technician).text
        assert f"Part of the recall of powder lot {laboratory.active.lot_number}" in said


def test_the_list_of_recalls_takes_as_many_statements_for_many_as_for_few(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    pharmacist = as_role(Role.PHARMACIST, browser=True)

    def counted() -> int:
        client.get(AT, headers=pharmacist)
        with statements(session) as sent:
            assert client.get(AT, headers=pharmacist).status_code == 200
        return len(sent)

    def recall_capsules(*strengths: int) -> None:
        for strength in strengths:
            lot = encode("lot", bench.lots[strength].id)
            fields = {"lot": lot, "reason": "Too light.", "serious": "yes", "notice_at": TOLD}
            assert send(client, AT, pharmacist, **fields)[0] == 200

    recalled(client, pharmacist, bench)
    recall_capsules(500)
    few = counted()
    recall_capsules(1_500, 3_000, 4_500)

    assert counted() == few
