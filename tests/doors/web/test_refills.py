"""Next fills at the console: who is due, who must wait, who needs the prescriber, what to make."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.kernel.ids import encode
from pharmacy.orders import queries as orders
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.refills import operations
from pharmacy.refills.models import Refill, RefillState
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.doors.api.conftest import AsRole, Client, Clock, Headers
from tests.factories.dates import begin_the_day_after
from tests.factories.orders import Bench
from tests.factories.prescriptions import make_maintenance

OPEN_PAGE = {"HX-Request": "true"}
OPENS = NOW + timedelta(days=62)
"""3 May 2026: 75 % of 84 days are 63, both 2 March and this day counted (domain.md 7.6)."""
DUE = NOW + timedelta(days=79)
"""20 May: first dose on 3 March, 84 nights, less seven days."""


@pytest.fixture
def bench(session: Session) -> Bench:
    found = Bench(session)
    begin_the_day_after(found)
    return found


def following(bench: Bench, status: Status = Status.HANDED_OVER) -> Refill:
    """84 nights of 4.5 mg with one repeat, walked to a status, and what follows."""
    prescription = make_maintenance(
        bench.session, patient=bench.patient(), valid_from=date(2026, 3, 2)
    )
    refill = operations.schedule(
        bench.session, bench.order(status, prescription=prescription).id, now=bench.now
    )
    assert refill is not None
    return refill


def at(refill: Refill) -> str:
    return f"/refills/{encode('rfl', refill.id)}/order"


def press(client: Client, path: str, headers: Headers, **fields: str) -> tuple[int, str]:
    answer = client.post(path, headers=OPEN_PAGE | headers, data=fields or {"_": "1"})
    told = answer.headers.get("HX-Trigger", "") + answer.headers.get("HX-Location", "")
    return answer.status_code, told + answer.text


def test_what_is_due_is_ordered_with_one_key(
    client: Client, as_role: AsRole, session: Session, bench: Bench, clock: Clock
) -> None:
    refill = following(bench)
    clock.now = DUE
    technician = as_role(Role.TECHNICIAN, browser=True)

    before = f"/orders/{encode('ord', refill.after_order_id)}"
    assert "Tue 26 May 2026" in client.get(before, headers=technician).text  # without a dose

    page = client.get("/refills", headers=technician).text
    assert "2 of 2" in page
    assert "4.5 mg" in page
    assert f'hx-post="{at(refill)}"' in page
    assert "Order the one due first" in page
    status, told = press(client, at(refill), technician)

    assert (status, "Fill 2 is ordered" in told) == (200, True)
    session.expire_all()
    assert refill.state is RefillState.ORDERED
    assert refill.order_id is not None
    assert orders.get(session, refill.order_id).fill_no == 2
    assert encode("ord", refill.order_id) in client.get(before, headers=technician).text
    assert "No fill is due today." in client.get("/refills", headers=technician).text
    status, told = press(client, at(refill), technician)
    assert (status, "This refill is ordered" in told) == (409, True)


def test_before_its_day_only_a_pharmacist_fills_and_says_why(
    client: Client, as_role: AsRole, session: Session, bench: Bench, clock: Clock
) -> None:
    """50 % of 84 days are 42: from 12 April a patient's wish is enough, before only more."""
    refill = following(bench)
    clock.now = NOW + timedelta(days=50)
    technician, pharmacist = (
        as_role(role, browser=True) for role in (Role.TECHNICIAN, Role.PHARMACIST)
    )

    page = client.get("/refills?view=coming", headers=technician).text
    assert "not before Sun 3 May 2026" in page
    assert "Earlier" not in page
    assert press(client, at(refill), technician)[0] == 409
    assert "Earlier" in client.get("/refills?view=coming", headers=pharmacist).text
    assert press(client, at(refill), pharmacist)[0] == 409
    assert press(client, at(refill), pharmacist, early="because")[0] == 422
    assert press(client, at(refill), pharmacist, early="vacation")[0] == 200

    session.expire_all()
    assert refill.state is RefillState.ORDERED


def test_where_the_fill_before_is_still_here_nothing_is_offered(
    client: Client, as_role: AsRole, bench: Bench, clock: Clock
) -> None:
    refill = following(bench, Status.READY)
    clock.now = DUE

    page = client.get("/refills", headers=as_role(Role.TECHNICIAN, browser=True)).text

    assert "The fill before it is not with the patient" in page
    assert at(refill) not in page


def test_where_nothing_follows_the_prescriber_must_renew(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    order = bench.order(Status.HANDED_OVER)  # a titration without a repeat or a continuation
    operations.schedule(bench.session, order.id, now=bench.now)
    technician = as_role(Role.TECHNICIAN, browser=True)

    page = client.get("/refills?view=renewal", headers=technician).text

    assert "The prescriber signs anew." in page
    assert "every authorised fill of this prescription is ordered" in page
    assert "The prescriber signs anew." not in client.get("/refills", headers=technician).text


def test_long_after_its_day_a_fill_stands_in_a_list_of_its_own(
    client: Client, as_role: AsRole, bench: Bench, clock: Clock
) -> None:
    """Due on 19 May; sixty days later, on 18 July, it is still due, and lapsed the day after."""
    refill = following(bench)
    assert refill.due_on == date(2026, 5, 19)
    lists = {}

    for day in (date(2026, 7, 18), date(2026, 7, 19)):
        clock.now = NOW + (day - NOW.date())
        technician = as_role(Role.TECHNICIAN, browser=True)
        lists[day] = [
            name
            for name in ("due", "coming", "lapsed")
            if at(refill) in client.get(f"/refills?view={name}", headers=technician).text
        ]

    assert lists == {date(2026, 7, 18): ["due"], date(2026, 7, 19): ["lapsed"]}


def test_what_three_months_need_is_summed_by_dose(
    client: Client, as_role: AsRole, bench: Bench
) -> None:
    """Two patients, 84 nights of 4.5 mg each: 168 nights, 756 mg."""
    following(bench, Status.PLANNED)
    following(bench, Status.PLANNED)

    page = client.get("/refills?view=coming", headers=as_role(Role.PHARMACIST, browser=True)).text

    assert '<td class="number">168</td><td class="number">756 mg</td>' in page


def test_who_saw_the_list_is_found_by_the_patient(
    client: Client, as_role: AsRole, session: Session, bench: Bench
) -> None:
    refill = following(bench)

    client.get("/refills?view=coming", headers=as_role(Role.PHARMACIST, browser=True))

    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "refills.read")).one()
    assert entry.detail["orders"] == [encode("ord", refill.after_order_id)]
    order = session.get_one(Order, refill.after_order_id)
    looks = client.get(
        f"/audit/orders/{encode('ord', order.id)}/looks",
        headers=as_role(Role.AUDITOR, browser=True),
    )
    assert "refills" in looks.text.lower()
