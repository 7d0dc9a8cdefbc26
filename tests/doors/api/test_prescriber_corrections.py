"""Correcting who a prescriber is over HTTP, and what becomes of orders that were held for it."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.jobs import Job
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders import operations as orders
from pharmacy.orders import queries
from pharmacy.orders.rules import Status
from pharmacy.prescribers.rules.people import CorrectionReason as Reason
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client
from tests.factories.orders import Bench
from tests.factories.prescribers import JORDAN, correct, make_prescriber

PATH = f"/api/v1/prescribers/{JORDAN}/corrections"
BODY: dict[str, Any] = {
    "family": "Testprescriber",
    "given": "Jordan",
    "practice_state": "TX",
    "birth_date": "1975-01-02",
    "reason": "written-wrongly",
    "words": "Passport",
}


def test_a_held_order_is_checked_again_when_its_prescriber_is_corrected(
    client: Client, session: Session, bench: Bench, as_role: AsRole
) -> None:
    """Somebody enrolled Jordan under another name than prescriptions and the registry have."""
    correct(session, make_prescriber(session), Reason.WRITTEN_WRONGLY, given="Casey")
    order = bench.order(Status.REVIEW)
    held = {hold.code for hold in queries.open_holds(session, order.id)}
    first, second = as_role(Role.ADMINISTRATOR), as_role(Role.ADMINISTRATOR)

    proposed = client.post(PATH, json=BODY, headers=first)
    assert proposed.status_code == 201, proposed.text
    at = f"/api/v1/prescriber-corrections/{proposed.json()['id']}/confirmation"
    alone = client.post(at, headers=first)
    both = client.post(at, headers=second)

    assert {"order-name-differs", "identity-name-differs"} <= held
    assert (alone.status_code, alone.json()["code"]) == (409, "second-person-needed")
    assert both.status_code == 200, both.text
    assert both.json()["orders_checked_again"] == 1
    owed = session.scalars(
        select(Job.dedupe_key).where(Job.ref_id == order.id, Job.kind == JobKind.CHECK_ORDER)
    ).all()
    assert any(":prescriber:" in (key or "") for key in owed)
    orders.check(session, order.id, now=NOW)
    assert not queries.open_holds(session, order.id)


def test_what_was_corrected_is_read_with_what_was_there_before(
    client: Client, session: Session, as_role: AsRole
) -> None:
    correct(session, make_prescriber(session), family="Newname")

    (row,) = client.get(PATH, headers=as_role(Role.ADMINISTRATOR)).json()

    assert (row["was"]["family"], row["to_be"]["family"]) == ("Testprescriber", "Newname")
    assert (row["decision"], row["reason"]) == ("confirmed", "changed")


def test_whoever_proposed_it_may_take_it_back(
    client: Client, session: Session, as_role: AsRole
) -> None:
    make_prescriber(session)
    administrator = as_role(Role.ADMINISTRATOR)
    proposed = client.post(PATH, json=BODY, headers=administrator).json()["id"]

    answer = client.post(
        f"/api/v1/prescriber-corrections/{proposed}/rejection", headers=administrator
    )

    assert (answer.status_code, answer.json()["decision"]) == (200, "rejected")
