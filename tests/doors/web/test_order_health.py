"""Asking the patient at the console: what is to be asked, what they said, what comes of it."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.kernel.ids import encode
from pharmacy.orders import operations
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.patients import operations as operations_of_patients
from pharmacy.patients import queries as patients
from pharmacy.patients.models import HealthAnswer
from pharmacy.patients.rules import GivenAnswer, Reply, Topic, questions_for
from pharmacy.screening import queries as findings
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client, Headers
from tests.factories.orders import Bench
from tests.factories.prescriptions import make_maintenance

OPEN_PAGE = {"HX-Request": "true"}
NO_TO_ALL = {f"{topic}-answer": "no" for topic in questions_for("female", continues=False)}


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


@pytest.fixture
def order(bench: Bench) -> Order:
    """An order that the worker has checked, and whose patient nobody has asked anything."""
    return operations.check(bench.session, bench.order().id, now=bench.now)


@pytest.fixture
def technician(as_role: AsRole) -> Headers:
    return as_role(Role.TECHNICIAN, browser=True)


def at(order: Order) -> str:
    return f"/orders/{encode('ord', order.id)}"


def tell(
    client: Client, order: Order, headers: Headers, fields: dict[str, str | list[str]]
) -> tuple[int, str]:
    given = {"source": "patient-phone"} | fields
    answer = client.post(f"{at(order)}/health", headers=OPEN_PAGE | headers, data=given)
    return answer.status_code, answer.headers.get("HX-Trigger", "") + answer.text


def blocks(session: Session, order: Order) -> set[str]:
    found = findings.undecided(session, order.prescription_id, order.fill_no)
    return {each.rule_id for each in found}


def test_an_order_whose_patient_was_not_asked_says_so_first(
    client: Client, as_role: AsRole, session: Session, order: Order
) -> None:
    """Thirteen questions hold an order; alcohol and surgery are for the counter (N14, N15)."""
    page = client.get(at(order), headers=as_role(Role.PHARMACIST, browser=True)).text

    assert "13 questions to the patient" in page
    assert f'class="button primary" href="{at(order)}/health"' in page
    assert "The patient is not asked everything yet." in page
    asked = client.get(f"{at(order)}/health", headers=as_role(Role.TECHNICIAN, browser=True)).text
    assert "15 questions to ask now" in asked
    assert "In the last two weeks, have you taken any opioid" in asked
    read = session.scalars(select(AuditEntry).where(AuditEntry.action == "patient.health-read"))
    assert [entry.patient_id for entry in read] == [order.patient_id]


def test_a_no_to_every_question_lets_the_order_go_on(
    client: Client, technician: Headers, session: Session, order: Order
) -> None:
    status, told = tell(client, order, technician, dict(NO_TO_ALL))

    assert status == 200
    assert "15 answers kept, and screened again" in told
    answers = session.scalars(select(HealthAnswer)).all()
    assert {(each.answer, each.source) for each in answers} == {(Reply.NO, "patient-phone")}
    assert blocks(session, order) == set()
    assert order.status is Status.REVIEW
    assert "Nothing is to ask now" in client.get(f"{at(order)}/health", headers=technician).text


def test_what_belongs_to_a_yes_is_kept_and_screened(
    client: Client, technician: Headers, session: Session, order: Order
) -> None:
    """domain.md R02: tramadol four days ago is too near; ibuprofen is in no list of opioids."""
    recent = (NOW - timedelta(days=4)).date()
    fields = NO_TO_ALL | {
        "opioids-answer": "yes",
        "opioids-medicine": ["Tramadol 50 mg", "", ""],
        "opioids-last_taken": [recent.isoformat(), "", ""],
        "medicines-answer": "yes",
        "medicines-medicine": ["ibuprofen"],
        "medicines-last_taken": [""],
        "liver-answer": "yes",
        "liver-kinds": ["raised-tests"],
        "surgery-answer": "yes",
        "surgery-on": "2026-04-01",
        "surgery-note": "a hernia",
    }

    assert tell(client, order, technician, fields)[0] == 200

    said = patients.latest_answers(session, order.patient_id)
    assert said[Topic.OPIOIDS].details["medicines"] == [
        {"name": "Tramadol 50 mg", "rxnorm": "", "last_taken_on": recent.isoformat()}
    ]
    assert said[Topic.LIVER].details["kinds"] == ["raised-tests"]
    assert (said[Topic.SURGERY].details["on"], said[Topic.SURGERY].details["note"]) == (
        "2026-04-01",
        "a hernia",
    )
    assert "R02" in blocks(session, order)
    page = client.get(f"{at(order)}/health", headers=technician).text
    assert f"Tramadol 50 mg until {recent:%a} {recent.day} {recent:%b %Y}" in page


def test_details_beside_a_no_are_no_part_of_it(
    client: Client, technician: Headers, session: Session, order: Order
) -> None:
    """Somebody began with yes, named a kind, and went back to no."""
    fields = NO_TO_ALL | {"liver-kinds": ["liver-failure"], "liver-note": "no, that was her sister"}

    assert tell(client, order, technician, fields)[0] == 200

    said = patients.latest_answers(session, order.patient_id)[Topic.LIVER]
    assert (said.answer, said.details["kinds"], said.details["note"]) == (Reply.NO, [], "")


def test_what_was_left_out_is_not_asked(
    client: Client, technician: Headers, session: Session, order: Order
) -> None:
    fields = {"opioids-answer": "no", "liver-answer": "unknown"}

    assert tell(client, order, technician, fields)[0] == 200

    said = patients.latest_answers(session, order.patient_id)
    assert {topic: row.answer for topic, row in said.items()} == {
        Topic.OPIOIDS: Reply.NO,
        Topic.LIVER: Reply.UNKNOWN,
    }
    assert {"N03", "N07"} <= blocks(session, order)
    assert "N01" not in blocks(session, order)
    page = client.get(f"{at(order)}/health", headers=technician).text
    assert "14 questions to ask now" in page  # liver again: not known is not no
    assert "Did not know. Last: Unknown" in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "Choose a reply to one question at least."),
        ({"liver-answer": "perhaps"}, "Choose one of the values."),
        (
            {
                "opioids-answer": "yes",
                "opioids-medicine": [""],
                "opioids-last_taken": ["2026-02-27"],
            },
            "Name the medicine that was taken then.",
        ),
        (
            {
                "opioids-answer": "yes",
                "opioids-medicine": ["tramadol"],
                "opioids-last_taken": ["yesterday"],
            },
            "This is no day.",
        ),
        (
            {
                "opioids-answer": "yes",
                "opioids-medicine": ["tramadol"],
                "opioids-last_taken": ["2062-02-27"],
            },
            "impossible day",
        ),
        ({"liver-answer": "yes", "liver-kinds": ["vampirism"]}, "unknown kinds"),
    ],
)
def test_an_answer_that_cannot_be_read_keeps_nothing(  # noqa: PLR0917
    client: Client,
    technician: Headers,
    session: Session,
    order: Order,
    fields: dict[str, str | list[str]],
    words: str,
) -> None:
    good = {"transplant-answer": "no"} if fields else {}

    status, told = tell(client, order, technician, good | fields)

    assert status == 422
    assert words in told
    assert session.scalars(select(HealthAnswer)).all() == []


def test_a_man_is_not_asked_about_pregnancy(
    client: Client, technician: Headers, bench: Bench
) -> None:
    order = bench.order()
    patients.get(bench.session, order.patient_id).gender = "male"
    bench.session.flush()

    page = client.get(f"{at(order)}/health", headers=technician).text

    assert "13 questions to ask now" in page
    assert "Are you pregnant" not in page


def test_at_the_next_fill_the_opioid_question_comes_again(
    client: Client, technician: Headers, session: Session, bench: Bench
) -> None:
    """domain.md 4.1: 14 days for opioids and the last step, 180 for the rest; 84 days passed."""
    patient = bench.patient()
    maintenance = make_maintenance(session, patient=patient, valid_from=date(2026, 3, 2))
    operations_of_patients.record_answers(
        session,
        patient.id,
        [GivenAnswer(topic=topic, reply=Reply.NO) for topic in Topic],
        source="patient-form",
        by=bench.technician,
        now=NOW - timedelta(days=84),
    )
    order = bench.order(prescription=maintenance, fill_no=2)
    operations.check(session, order.id, now=bench.now)

    page = client.get(f"{at(order)}/health", headers=technician).text

    assert "2 questions to ask now" in page
    assert "did you stay at a lower dose" in page
    assert "Asked too long ago. Last: No" in page


def test_who_stayed_at_a_lower_dose_waits_for_the_prescriber(
    client: Client, technician: Headers, session: Session, bench: Bench, as_role: AsRole
) -> None:
    """A refill goes on where the patient is, not where the calendar is."""
    maintenance = make_maintenance(session, patient=bench.patient(), valid_from=date(2026, 3, 2))
    order = bench.order(Status.REVIEW, prescription=maintenance, fill_no=2)
    fields = {"last-step-answer": "yes", "last-step-kinds": ["stayed-lower", "sleep"]}

    assert tell(client, order, technician, fields)[0] == 200

    assert blocks(session, order) == {"D01", "D02"}
    page = client.get(at(order), headers=as_role(Role.PHARMACIST, browser=True)).text
    assert "ask the prescriber what it is to be" in page


def test_who_may_not_ask_sees_no_answers(client: Client, as_role: AsRole, order: Order) -> None:
    for role in (Role.ADMINISTRATOR, Role.AUDITOR):
        answer = client.get(f"{at(order)}/health", headers=as_role(role, browser=True))
        assert answer.status_code == 403
