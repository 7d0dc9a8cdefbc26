"""The pages of those who keep watch: labels on paper, staff, jobs, reasons, audit, figures."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from pharmacy.infra import audit, audit_walks, jobs
from pharmacy.infra.jobs import JobState, Progress
from pharmacy.infra.printers import Delivery
from pharmacy.kernel.ids import encode, new_id
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders.models import Order, ReasonCode
from pharmacy.orders.rules import Status
from pharmacy.prescribers.operations import go_on_importing
from pharmacy.printing import operations as printing
from pharmacy.printing.models import LabelCopy
from pharmacy.printing.rules import CopyState
from pharmacy.staff.models import Account
from pharmacy.staff.rules import WORKER, Role
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.orders import Bench
from tests.factories.practice import make_site
from tests.factories.printing import furnish, labelled_order, make_printer, printed
from tests.factories.registry_files import EXCLUDED, LEIE_HEADINGS, csv_text

OPEN_PAGE = {"HX-Request": "true"}


@pytest.fixture
def lost(bench: Bench) -> LabelCopy:
    """A copy of which nobody knows whether it came out."""
    furnish(bench.session, make_printer(bench.session))
    order = labelled_order(bench)
    copy = printed(bench, order)[0]
    errand = printing.begin(bench.session, copy.id, now=bench.now)
    assert errand is not None
    lost = Delivery("unknown", ("connection-lost",))
    printing.end(bench.session, copy.id, errand.tries, lost, last=True, now=bench.now)
    return copy


def send(client: Client, path: str, headers: Headers, **fields: str) -> tuple[int, str]:
    answer = client.post(path, headers=OPEN_PAGE | headers, data=fields or {"_": "1"})
    return answer.status_code, answer.headers.get("HX-Location", "") + answer.text


def test_a_label_that_is_not_there_is_said_so_and_printed_anew(
    client: Client, as_role: AsRole, session: Session, lost: LabelCopy
) -> None:
    technician, at = as_role(Role.TECHNICIAN, browser=True), f"/labels/{encode('cpy', lost.id)}"
    listed = client.get("/labels", headers=technician).text
    assert "Look at the printer, then say what you found." in listed
    assert "The connection broke: see that its cable is in." in listed

    assert send(client, f"{at}/found", technician, found="not-there")[0] == 200
    printer = encode("prn", lost.printer_id)
    status, answer = send(
        client, f"{at}/reprint", technician, reason="not-printed", printer=printer
    )

    session.expire_all()
    new = session.scalars(select(LabelCopy).where(LabelCopy.copy_no == 2)).one()
    assert status == 200
    assert encode("cpy", new.id) in answer
    assert (lost.state, new.state) == (CopyState.VOID, CopyState.QUEUED)
    assert (new.label_id, new.reason) == (lost.label_id, "not-printed")


def test_a_reprint_without_a_reason_is_refused_beside_the_field(
    client: Client, as_role: AsRole, session: Session, lost: LabelCopy
) -> None:
    technician, at = as_role(Role.TECHNICIAN, browser=True), f"/labels/{encode('cpy', lost.id)}"

    answer = client.post(
        f"{at}/reprint",
        headers=OPEN_PAGE | technician,
        data={"printer": encode("prn", lost.printer_id)},
    )

    assert answer.status_code == 422
    assert '"reason":"This is needed."' in answer.headers["HX-Trigger"]
    assert len(session.scalars(select(LabelCopy).where(LabelCopy.copy_no == 2)).all()) == 0


def test_an_administrator_reads_no_patient_anywhere_in_administration(
    client: Client, as_role: AsRole, bench: Bench, lost: LabelCopy
) -> None:
    order = bench.session.get_one(Order, lost.order_id)
    administrator = as_role(Role.ADMINISTRATOR, browser=True)
    parts = ("", "/staff", "/printers", "/jobs?state=ready", "/registries", "/checks")

    pages = [client.get(f"/admin{part}", headers=administrator) for part in parts]
    pages += [
        client.get(f"/admin{part}", headers=administrator) for part in ("/reasons", "/policies")
    ]

    assert {each.status_code for each in pages} == {200}
    assert not any(str(order.number) in each.text for each in pages)
    assert not any("Testpatient" in each.text for each in pages)


def test_a_job_that_was_given_up_stands_first_and_is_given_another_chance(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    jobs.add(session, JobKind.CHECK_ORDER, ref_id=new_id())
    session.execute(text("update jobs set state = 'dead', attempts = 8, last_error = 'Boom'"))
    job = session.scalars(select(jobs.Job)).one()
    administrator = as_role(Role.ADMINISTRATOR, browser=True)
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    assert "1 job was given up" in client.get("/admin", headers=administrator).text
    assert "Boom" in client.get("/admin/jobs", headers=administrator).text
    assert "Try again" not in client.get(f"/admin/jobs/{job.id}", headers=pharmacist).text

    assert send(client, f"/admin/jobs/{job.id}/retry", administrator)[0] == 200

    session.expire_all()
    assert (job.state, job.attempts) == (JobState.READY, 0)


def test_an_invitation_is_shown_once_and_opens_the_account(
    client: Client, as_role: AsRole, session: Session
) -> None:
    make_site(session)
    administrator = as_role(Role.ADMINISTRATOR, browser=True)
    newcomer = {"username": "kim.lee", "display_name": "Kim Lee", "initials": "KL"}

    status, page = send(client, "/admin/staff", administrator, **newcomer, roles="technician")

    assert status == 200
    token = page.partition('id="token">')[2].partition("<")[0]
    account = session.scalars(select(Account).where(Account.username == "kim.lee")).one()
    member = client.get(f"/admin/staff/{encode('acc', account.id)}", headers=administrator).text
    assert token not in member
    assert "Invited, not opened" in member
    opened = client.post(
        "/api/v1/password", json={"token": token, "password": "lamp orbit quiet fern"}
    )
    assert opened.status_code == 204


def test_nobody_shuts_their_own_account(client: Client, as_role: AsRole, session: Session) -> None:
    administrator = as_role(Role.ADMINISTRATOR, browser=True)
    own = encode("acc", session.scalars(select(Account.id)).one())

    assert (
        "ask another administrator" in client.get(f"/admin/staff/{own}", headers=administrator).text
    )
    assert send(client, f"/admin/staff/{own}/disable", administrator)[0] == 403


def test_a_reason_out_of_use_is_not_offered_and_not_forgotten(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    pharmacist, at = as_role(Role.PHARMACIST, browser=True), "/admin/reasons/reject/duplicate"

    assert send(client, at, pharmacist, words="There is another order")[0] == 200

    session.expire_all()
    reason = session.get_one(ReasonCode, ("reject", "duplicate"))
    assert (reason.words, reason.is_active) == ("There is another order", False)
    order = encode("ord", bench.order(Status.REVIEW).id)
    shown = client.get(f"/orders/{order}", headers=pharmacist).text
    assert 'value="not-clarified"' in shown
    assert 'value="duplicate"' not in shown


def test_an_auditor_finds_who_looked_at_the_patient_of_an_order(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order, other = bench.order(Status.REVIEW), bench.order(Status.REVIEW)
    reader, stranger = (as_role(Role.PHARMACIST, browser=True) for _ in range(2))
    auditor = as_role(Role.AUDITOR, browser=True)
    names = session.scalars(select(Account.display_name).order_by(Account.id.desc()).limit(3)).all()
    client.get(f"/orders/{encode('ord', order.id)}", headers=reader)
    client.get(f"/orders/{encode('ord', other.id)}", headers=stranger)

    url = f"/audit/orders/{encode('ord', order.id)}/looks"
    looked = client.get(url, headers=auditor).text

    assert "order.read" in looked
    assert f'<th scope="row">{names[2]}</th>' in looked
    assert f'<th scope="row">{names[1]}</th>' not in looked
    assert client.get(url, headers=reader).status_code == 403


def test_a_search_by_rx_number_has_an_address_that_names_nobody(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = bench.order(Status.REVIEW)
    auditor = as_role(Role.AUDITOR, browser=True)

    status, onward = send(client, "/audit/search", auditor, subject=f"Rx {order.number}")

    assert status == 200
    assert f"subject={encode('ord', order.id)}" in onward
    assert str(order.number) not in onward
    for number in ("99999999", "9" * 30):
        unknown, refused = send(client, "/audit/search", auditor, subject=f"Rx {number}")
        assert unknown == 422
        assert "No order has this number" in refused


def test_the_chain_is_walked_and_a_break_is_told(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    bench.order(Status.REVIEW)
    audit.seal(session, now=bench.now)
    auditor = as_role(Role.AUDITOR, browser=True)
    assert "Nobody has verified the chain yet" in client.get("/audit/chain", headers=auditor).text

    def walked() -> str:
        assert send(client, "/audit/chain", auditor)[0] == 200
        under_way = client.get("/audit/chain", headers=auditor).text
        assert "The walk begins." in under_way
        assert "A walk is under way." in under_way
        while audit_walks.under_way(session):
            [job] = jobs.listing(session, kind=JobKind.VERIFY_AUDIT, limit=1)
            audit_walks.go_on(session, job.ref_id, by=WORKER, now=bench.now)
        return client.get("/audit/chain", headers=auditor).text

    assert "The chain is whole" in walked()
    session.execute(text("alter table audit_seals disable trigger user"))
    session.execute(text("update audit_seals set entries = entries + 1"))
    assert "Broken at seal 1" in walked()


def test_figures_of_the_flow_name_nobody(client: Client, as_role: AsRole, bench: Bench) -> None:
    bench.now -= timedelta(hours=1)
    bench.order(Status.HANDED_OVER)
    bench.order(Status.REVIEW)

    shown = client.get("/flow?days=7", headers=as_role(Role.TECHNICIAN, browser=True)).text

    assert "1 of 1 released orders were right at first: 100.0 %." in shown
    assert "1 open order" in shown
    assert "Testpatient" not in shown


def test_an_administrator_sends_a_registry_s_file_and_reads_what_came_of_it(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    administrator = as_role(Role.ADMINISTRATOR, browser=True)
    overseer = as_role(Role.PHARMACIST, browser=True)

    def sent(body: str, **fields: str) -> int:
        file = {"file": ("UPDATED.csv", body.encode(), "text/csv")}
        said = {"kind": "leie", "file_date": bench.now.date().isoformat()} | fields
        headers = OPEN_PAGE | administrator
        return client.post("/admin/registries", headers=headers, files=file, data=said).status_code

    def came_of_it() -> str:
        [job] = jobs.listing(session, kind=JobKind.IMPORT_REGISTRY, limit=1)
        assert "is being read" in client.get("/admin/registries", headers=overseer).text
        while go_on_importing(session, job.ref_id, by=WORKER, now=bench.now) is Progress.MORE:
            pass
        bench.now += timedelta(seconds=1)
        return client.get("/admin/registries", headers=overseer).text

    assert "Send a file" not in client.get("/admin/registries", headers=overseer).text
    good = csv_text(LEIE_HEADINGS, [EXCLUDED])
    assert sent(good) == 200
    assert "Taken over" in came_of_it()

    session.execute(text("alter table registry_uploads disable trigger user"))
    session.execute(text("update registry_uploads set asked_at = asked_at - interval '1 hour'"))
    assert sent(csv_text(LEIE_HEADINGS, [{**EXCLUDED, "DOB": "in May"}])) == 200
    refused = came_of_it()
    assert "1 row could not be read" in refused
    assert "Line 2: a date is written in no known way" in refused
    assert "in May" not in refused

    assert sent("PK\x03\x04") == 422
    assert sent(good, columns="status: Status", kind="licenses") == 422
