"""The first check: what was signed beside the plan, findings, strategies, questions, holds."""

import base64
import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.kernel.ids import encode
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Hold, Order
from pharmacy.orders.rules import Action, Status
from pharmacy.orders.rules.clarifying import QuestionKind
from pharmacy.patients import operations as patients
from pharmacy.patients.rules import GivenAnswer, Reply, Topic
from pharmacy.screening import queries as findings
from pharmacy.screening.models import Finding
from pharmacy.staff.rules import Role
from pharmacy.titration import queries as plans
from tests.doors.api.conftest import AsRole, Client, Clock, Headers
from tests.factories.bundles import payload_of, sample_bundle
from tests.factories.orders import Bench
from tests.factories.prescriptions import make_evidence

OPEN_PAGE = {"HX-Request": "true"}


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


@pytest.fixture
def order(bench: Bench) -> Order:
    """An order in review, whose patient has a transplant (a block) and a thyroid (a review)."""
    order = bench.order(Status.REVIEW)
    said = [GivenAnswer(topic=each, reply=Reply.YES) for each in (Topic.TRANSPLANT, Topic.THYROID)]
    patients.record_answers(
        bench.session,
        order.patient_id,
        said,
        source="patient-phone",
        by=bench.technician,
        now=bench.now,
    )
    operations.check(bench.session, order.id, now=bench.now)
    return order


def at(order: Order) -> str:
    return f"/orders/{encode('ord', order.id)}"


def send(client: Client, path: str, headers: Headers, **fields: str) -> tuple[int, str]:
    answer = client.post(path, headers=OPEN_PAGE | headers, data=fields or {"_": "1"})
    told = answer.headers.get("HX-Trigger", "") + answer.headers.get("HX-Location", "")
    return answer.status_code, told + answer.text


def finding_of(session: Session, order: Order, severity: str) -> Finding:
    found = findings.open_findings(session, order.prescription_id, order.fill_no)
    return next(each for each in found if each.severity == severity)


def test_each_signed_sentence_is_shown_as_received(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    def with_words(bundle: dict) -> None:
        request = bundle["entry"][0]["resource"]
        request["note"] = [{"text": "Kein Farbstoff, bitte: <b>danke</b>"}]
        request["dosageInstruction"][0]["patientInstruction"] = "Take it with water."

    payload = payload_of(sample_bundle(with_words))
    jws = b".".join((b"e30", _b64(payload), b"c2ln"))
    order = bench.order(
        Status.REVIEW,
        evidence=make_evidence(bench.session, jws=jws),
        request_system="https://ehr.example.org/fhir/rx",
        request_value="RX-2026-000123-1",
    )

    page = client.get(at(order), headers=as_role(Role.PHARMACIST, browser=True)).text

    assert "Kein Farbstoff, bitte: &lt;b&gt;danke&lt;/b&gt;" in page
    assert "Take it with water." in page
    assert "Direction 1, to the patient" in page
    assert "Direction 3" in page
    assert "stay at the last tolerated dose and call the prescriber" in page
    assert "Take 4.5 mg by mouth at bedtime.<" not in page  # the set's other request


def _b64(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def test_a_block_is_overridden_for_a_coded_reason_and_after_asking(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    block = finding_of(session, order, "block")
    path = f"{at(order)}/findings/{encode('fnd', block.id)}"
    decided = {"decision": "override", "reason": "prescriber-confirmed"}

    status, answer = send(client, path, pharmacist, **decided)
    assert status == 422
    assert "note of asking at the prescriber" in answer
    status, answer = send(client, path, pharmacist, **decided | {"reason": "because-i-say-so"})
    assert status == 422
    contact = "Dr Testprescriber, phone, 2 March: agreed"
    assert send(client, path, pharmacist, **decided, contact=contact)[0] == 200

    session.expire_all()
    assert (block.decision, block.reason_code) == ("override", "prescriber-confirmed")
    assert block.reason == "The prescriber knows of it and confirmed the order."
    page = client.get(at(order), headers=pharmacist).text
    assert contact in page


@pytest.mark.parametrize(
    ("severity", "decision", "goes_on"),
    [
        ("review", "accept", True),
        ("review", "not-applicable", True),
        ("review", "refuse", False),
        ("block", "not-applicable", True),
        ("block", "refuse", False),
    ],
)
def test_every_decision_that_a_finding_allows_is_taken_from_the_page(  # noqa: PLR0917
    client: Client,
    as_role: AsRole,
    session: Session,
    order: Order,
    severity: str,
    decision: str,
    goes_on: bool,
) -> None:
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    found = finding_of(session, order, severity)
    public = encode("fnd", found.id)
    dialog = client.get(at(order), headers=pharmacist).text.split(f'id="decide-{public}"')[1]
    assert f'value="{decision}"' in dialog.split("</dialog>")[0]

    status, _ = send(
        client,
        f"{at(order)}/findings/{public}",
        pharmacist,
        decision=decision,
        reason="data-wrong",
        words="Seen in the chart.",
        contact="Nurse Testnurse by phone: agreed",
    )

    session.expire_all()
    assert status == 200
    assert (found.decision, found.reason) == (decision, "Seen in the chart.")
    assert findings.is_settled(found) is goes_on


def test_a_reason_that_asks_for_words_is_not_given_without(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    review = finding_of(session, order, "review")

    status, answer = send(
        client,
        f"{at(order)}/findings/{encode('fnd', review.id)}",
        as_role(Role.PHARMACIST, browser=True),
        decision="accept",
        reason="other",
    )

    session.expire_all()
    assert status == 422
    assert "in words" in answer
    assert review.decision is None


def test_a_finding_of_another_order_is_not_there(
    client: Client, as_role: AsRole, session: Session, bench: Bench, order: Order
) -> None:
    other = bench.order(Status.REVIEW)
    foreign = encode("fnd", finding_of(session, order, "block").id)
    path = f"{at(other)}/findings/{foreign}"

    answer = client.post(
        path,
        headers=OPEN_PAGE | as_role(Role.PHARMACIST, browser=True),
        data={"decision": "refuse", "reason": "risk-too-high"},
    )

    assert answer.status_code == 404
    assert "no such finding" in answer.text
    assert finding_of(session, order, "block").decision is None


def test_another_strategy_is_chosen_with_its_costs_beside_it(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    rows = client.get(at(order), headers=pharmacist).text.split('class="strategies"')[1]
    costs = re.findall(r'<td class="number">(\d+)</td>', rows.split("</table>")[0])
    # 28 nights each of 1.5, 3 and 4.5 mg. A: 84 capsules in 3 vials, one a night. B, of 1.5 mg:
    # 28 + 56 + 84 = 168. D, 1.5 mg to titrate and 4.5 mg: 28 + 56 + 28 = 112. Held after step 1, A
    # leaves 56 capsules of other strengths; B none; D the 28 of 4.5 mg, as 3 mg is 2 x 1.5 mg.
    assert costs == ["84", "3", "1", "56", "168", "3", "3", "0", "112", "3", "2", "28"]

    path = f"{at(order)}/strategy"
    assert send(client, path, pharmacist, strategy="B")[0] == 422
    status, _ = send(client, path, pharmacist, strategy="B", reason="May have to stay at a step.")

    plan = plans.current(session, order.prescription_id, order.fill_no)
    assert status == 200
    assert plan
    assert (plan.strategy, plan.version) == ("B", 2)
    page = client.get(at(order), headers=pharmacist).text
    assert "May have to stay at a step." in page


def test_evidence_about_the_prescriber_is_shown_by_source_with_its_age(
    client: Client, as_role: AsRole, bench: Bench, order: Order, clock: Clock
) -> None:
    for _ in range(12):  # keys are asked for at every check; that hides no older answer
        operations.check(bench.session, order.id, now=bench.now)
    clock.now += timedelta(minutes=4)

    page = client.get(at(order), headers=as_role(Role.PHARMACIST, browser=True)).text

    shown = page.split('id="checks"')[1].split("</section>")[0]
    for kind in ("Identity", "License", "Exclusion", "Key"):
        assert kind in shown
    assert "4 min old" in shown


def test_a_question_is_asked_reminded_of_and_settled_by_telephone(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    asked = {"kind": "titration", "words": "Is step 2 3 mg?", "field": "dosageInstruction[1]"}
    status, answer = send(client, f"{at(order)}/questions", pharmacist, **asked)
    question = queries.open_clarifications(session, order.id)[0]
    path = f"{at(order)}/questions/{encode('clr', question.id)}"
    assert status == 200
    assert f"{path}/undo" in answer
    listed = client.get("/questions", headers=pharmacist).text
    assert "Is step 2 3 mg?" in listed
    assert str(order.number) in listed

    reminded = {"words": "Left word with the nurse.", "onward": "list"}
    status, answer = send(client, f"{path}/reminder", pharmacist, **reminded)
    assert (status, '"/questions"' in answer) == (200, True)
    session.expire_all()
    assert question.reminded_at is not None
    event = queries.last_event(session, order.id, Action.REMIND_PRESCRIBER)
    assert event
    assert event.reason == "Left word with the nurse."

    said = {"words": "Yes, 3 mg.", "spoke_with": "Dr Testprescriber"}
    assert send(client, f"{path}/telephone", pharmacist, **said)[0] == 422  # not read back
    said["read_back"] = "yes"
    yesterday = {"said_at": "2020-01-01T10:00"}
    assert send(client, f"{path}/telephone", pharmacist, **said, **yesterday)[0] == 422
    assert send(client, f"{path}/telephone", pharmacist, **said)[0] == 200
    session.expire_all()
    assert (question.state, question.spoke_with) == ("answered", "Dr Testprescriber")
    assert queries.open_holds(session, order.id) == []
    assert "Yes, 3 mg." in client.get(at(order), headers=pharmacist).text
    assert "No question waits" in client.get("/questions", headers=pharmacist).text


def test_a_question_is_taken_back_by_undo_or_for_a_reason(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    for kind in (QuestionKind.DOSE, QuestionKind.REFILLS):
        send(client, f"{at(order)}/questions", pharmacist, kind=kind, words="Which?")
    first, second = queries.open_clarifications(session, order.id)
    paths = [f"{at(order)}/questions/{encode('clr', each.id)}" for each in (first, second)]

    assert send(client, f"{paths[0]}/undo", pharmacist)[0] == 200
    assert send(client, f"{paths[1]}/withdrawal", pharmacist)[0] == 422
    assert send(client, f"{paths[1]}/withdrawal", pharmacist, reason="The chart says it.")[0] == 200

    session.expire_all()
    assert (first.withdraw_reason, second.withdraw_reason) == ("Undone.", "The chart says it.")
    assert queries.open_holds(session, order.id) == []


def test_a_hold_has_a_coded_reason_and_a_pharmacist_undoes_it(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    order = bench.order(Status.PLANNED)
    pharmacist = as_role(Role.PHARMACIST, browser=True)
    given = {"reason": "payment", "words": "Card was declined.", "owner": "technician"}
    assert send(client, f"{at(order)}/holds", pharmacist, **given | {"reason": "mood"})[0] == 422

    status, answer = send(client, f"{at(order)}/holds", pharmacist, **given)
    hold = session.scalars(select(Hold).where(Hold.order_id == order.id)).one()
    undo = f"{at(order)}/holds/{encode('hld', hold.id)}/undo"
    assert (status, hold.code, hold.words) == (200, "payment", "Card was declined.")
    assert undo in answer
    again, answer = send(client, f"{at(order)}/holds", pharmacist, **given | {"words": "Other."})
    assert again == 409
    assert "on hold for this reason" in answer

    assert send(client, undo, pharmacist)[0] == 200
    session.expire_all()
    assert (hold.lift_reason, queries.open_holds(session, order.id)) == ("Undone.", [])


def test_a_technician_holds_and_is_offered_no_undo_that_is_not_theirs(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = bench.order(Status.PLANNED)

    status, answer = send(
        client,
        f"{at(order)}/holds",
        as_role(Role.TECHNICIAN, browser=True),
        reason="question",
        words="Whose vial?",
        owner="pharmacist",
    )

    assert status == 200
    assert "/undo" not in answer


def test_a_coded_reason_is_read_in_the_pharmacys_own_words(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = bench.order(Status.FINAL_CHECK)
    pharmacist = as_role(Role.PHARMACIST, browser=True)

    assert send(client, f"{at(order)}/send-back", pharmacist, reason="wrong-count")[0] == 200

    page = client.get(at(order), headers=pharmacist).text
    assert "Sent back</strong>" in page
    assert "The count is wrong." in page
