"""The fill that follows: what it is, when it may be made, and that it is made once."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra.db import Database
from pharmacy.orders import operations as orders
from pharmacy.orders import queries as order_queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.intake import FillAlreadyOrdered, FillNotAuthorised
from pharmacy.orders.rules import Status
from pharmacy.practice.operations import change_policy
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions import queries as prescriptions
from pharmacy.prescriptions.models import Prescription
from pharmacy.refills import operations, queries
from pharmacy.refills.models import Refill, RefillState
from pharmacy.refills.operations import LastFillNotHandedOver
from pharmacy.refills.rules import NoFillsLeft, RefillClosed, RefillExpired, RefillTooSoon
from pharmacy.staff.rules import OPERATOR, Role
from tests.conftest import NOW
from tests.database.orders.test_claims import at_once
from tests.factories.orders import Bench
from tests.factories.prescriptions import make_maintenance, make_prescription, regimen

OPENS = NOW + timedelta(days=62)
"""3 May 2026: 75 % of 84 days are 63, both 2 March and this day counted."""


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def scheduled(bench: Bench, order: Order) -> Refill:
    refill = operations.schedule(bench.session, order.id, now=bench.now)
    assert refill is not None
    return refill


def maintained(bench: Bench, status: Status = Status.HANDED_OVER) -> Refill:
    """Walk 84 nights of 4.5 mg with one repeat, and work out what follows."""
    prescription = make_maintenance(
        bench.session, patient=bench.patient(), valid_from=date(2026, 3, 2)
    )
    return scheduled(bench, bench.order(status, prescription=prescription))


def test_a_titration_is_followed_by_its_maintenance(bench: Bench, session: Session) -> None:
    titration = make_prescription(session, patient=bench.patient())
    maintenance = make_maintenance(session, follows=titration)

    refill = scheduled(bench, bench.order(Status.PLANNED, prescription=titration))

    assert (refill.prescription_id, refill.fill_no) == (maintenance.id, 1)
    assert refill.remaining_fills == 2
    assert refill.regimen is not None
    assert [(step["dose_ug"], step["days"]) for step in refill.regimen["steps"]] == [(4_500, 84)]


def test_a_long_titration_goes_on_at_the_first_step_that_was_not_delivered(
    bench: Bench, session: Session
) -> None:
    """domain.md 1.5: two of four steps in the first fill; the second is never step 1 again."""
    steps = regimen((500, 28), (1_500, 28), (3_000, 28), (4_500, 28))
    titration = make_prescription(
        session, patient=bench.patient(), regimen=steps, authorised_fills=2, days_per_fill=56
    )

    refill = scheduled(bench, bench.order(Status.PLANNED, prescription=titration))

    assert refill.regimen is not None
    assert [(step["no"], step["dose_ug"]) for step in refill.regimen["steps"]] == [
        (3, 3_000),
        (4, 4_500),
    ]


def test_without_a_fill_that_follows_the_prescriber_must_renew(bench: Bench) -> None:
    refill = scheduled(bench, bench.order(Status.PLANNED))

    assert refill.state is RefillState.RENEWAL_NEEDED
    assert (refill.prescription_id, refill.fill_no, refill.remaining_fills) == (None, None, 0)
    with pytest.raises(NoFillsLeft):
        operations.order_next(bench.session, refill.id, by=bench.technician, now=OPENS)


def test_a_repeat_of_a_titration_without_then_continue_is_passed_over(
    bench: Bench, session: Session
) -> None:
    titration = make_prescription(session, patient=bench.patient(), authorised_fills=2)

    refill = scheduled(bench, bench.order(Status.PLANNED, prescription=titration))

    assert refill.state is RefillState.RENEWAL_NEEDED
    passed = [line["formula"] for line in refill.working if line["name"] == "passed-over"]
    assert passed == ["fill-not-described"]


def test_a_repeat_of_a_titration_goes_on_with_the_last_dose_where_policy_says_so(
    bench: Bench, session: Session
) -> None:
    change_policy(session, "continue_final", True, reason="agreed", by=OPERATOR, now=NOW)
    titration = make_prescription(session, patient=bench.patient(), authorised_fills=2)

    refill = scheduled(bench, bench.order(Status.PLANNED, prescription=titration))

    assert refill.regimen is not None
    assert [(step["dose_ug"], step["days"]) for step in refill.regimen["steps"]] == [(4_500, 84)]


def test_a_window_counts_from_the_hand_over_and_the_run_out_from_the_labels(
    bench: Bench, session: Session
) -> None:
    """Labels from 5 March on, 84 days; handed over on the 4th. 75 % are 63 days, both counted."""
    prescription = make_maintenance(session, patient=bench.patient(), valid_from=date(2026, 3, 2))
    order = bench.order(Status.READY, prescription=prescription)
    planned = scheduled(bench, order)
    assert (planned.earliest_on, planned.run_out_on) == (date(2026, 5, 6), date(2026, 5, 28))

    bench.hand_over(order, at=NOW + timedelta(days=2))
    again = scheduled(bench, order)

    assert again.id == planned.id
    assert (again.earliest_on, again.run_out_on) == (date(2026, 5, 5), date(2026, 5, 28))


def test_what_is_dated_anew_moves_the_next_fill_too(bench: Bench, session: Session) -> None:
    """On 9 March the doses are moved to the 12th: 84 days from then are used up on 4 June."""
    prescription = make_maintenance(session, patient=bench.patient(), valid_from=date(2026, 3, 2))
    order = bench.order(Status.READY, prescription=prescription)
    bench.now += timedelta(days=7)

    orders.date_anew(session, order.id, by=bench.technician, now=bench.now)

    assert scheduled(bench, order).run_out_on == date(2026, 6, 4)


def test_a_fill_begins_once_and_closes_its_refill(bench: Bench, session: Session) -> None:
    refill = maintained(bench)

    order = operations.order_next(session, refill.id, by=bench.technician, now=OPENS)

    assert (order.fill_no, order.status, refill.order_id) == (2, Status.RECEIVED, order.id)
    with pytest.raises(RefillClosed):
        operations.order_next(session, refill.id, by=bench.technician, now=OPENS)
    scheduled(bench, order_queries.get(session, refill.after_order_id))
    assert refill.state is RefillState.ORDERED


def test_too_soon_a_technician_waits_and_a_pharmacist_says_why(
    bench: Bench, session: Session
) -> None:
    refill = maintained(bench)
    day_before = OPENS - timedelta(days=1)

    with pytest.raises(RefillTooSoon):
        operations.order_next(
            session, refill.id, early="vacation", by=bench.technician, now=day_before
        )
    order = operations.order_next(
        session, refill.id, early="vacation", by=bench.pharmacist, now=day_before
    )
    assert order.fill_no == 2


def test_a_fill_is_not_followed_before_it_is_handed_over(bench: Bench, session: Session) -> None:
    refill = maintained(bench, Status.READY)

    with pytest.raises(LastFillNotHandedOver):
        operations.order_next(session, refill.id, by=bench.technician, now=OPENS)


def test_an_ended_prescription_is_not_filled(bench: Bench, session: Session) -> None:
    refill = maintained(bench)

    with pytest.raises(RefillExpired):
        operations.order_next(
            session, refill.id, by=bench.technician, now=NOW + timedelta(days=365)
        )
    assert refill.prescription_id is not None
    prescriptions.get(session, refill.prescription_id).cancelled_at = NOW
    with pytest.raises(NoFillsLeft):
        operations.order_next(session, refill.id, by=bench.technician, now=OPENS)


def test_a_prescription_that_ends_before_the_window_opens_needs_a_renewal(
    bench: Bench, session: Session
) -> None:
    prescription = make_maintenance(
        session,
        patient=bench.patient(),
        valid_from=date(2026, 3, 2),
        valid_until=date(2026, 5, 3),
    )

    refill = scheduled(bench, bench.order(Status.PLANNED, prescription=prescription))

    assert refill.state is RefillState.RENEWAL_NEEDED


@pytest.mark.parametrize("renewal", [False, True])
def test_what_follows_a_cancelled_order_is_cancelled(
    bench: Bench, session: Session, renewal: bool
) -> None:
    if renewal:
        refill = scheduled(bench, bench.order(Status.LABELING))
    else:
        refill = maintained(bench, Status.LABELING)

    orders.cancel(
        session, refill.after_order_id, reason="patient-asked", by=bench.pharmacist, now=NOW
    )
    scheduled(bench, order_queries.get(session, refill.after_order_id))

    assert refill.state is RefillState.CANCELLED


def test_the_due_list_goes_by_day_and_page(bench: Bench, session: Session) -> None:
    refills = [maintained(bench, Status.PLANNED) for _ in range(3)]
    refills[2].due_on -= timedelta(days=5)
    session.flush()

    first = queries.due(session, by=bench.technician, limit=2)
    assert [row.refill.id for row in first[:2]] == [refills[2].id, min(r.id for r in refills[:2])]
    last = first[1].refill
    rest = queries.due(session, by=bench.technician, after=(last.due_on, last.id), limit=2)
    assert [row.refill.id for row in rest] == [max(r.id for r in refills[:2])]
    before = queries.due(session, by=bench.technician, due_before=refills[0].due_on, limit=9)
    assert [row.refill.id for row in before] == [refills[2].id]


def test_a_clinic_sees_the_fills_of_its_own_prescribers(bench: Bench, session: Session) -> None:
    refill = maintained(bench)
    own, stranger = bench.person(Role.EHR_CLIENT), bench.person(Role.EHR_CLIENT, npi="1999999901")

    assert [row.refill.id for row in queries.due(session, by=own, limit=9)] == [refill.id]
    assert queries.due(session, by=stranger, limit=9) == []


def test_the_database_too_holds_fills_to_what_was_authorised(
    bench: Bench, session: Session
) -> None:
    maintained(bench, Status.PLANNED)

    for change in ("fill_no = 3", "authorised_fills = 3, fill_no = 3"):
        with pytest.raises(IntegrityError), session.begin_nested():
            session.execute(text(f"update refills set {change}"))


def test_of_two_hundred_who_order_the_next_fill_as_many_succeed_as_are_authorised(
    database: Database,
) -> None:
    """2 fills authorised, 200 racing calls: 2 succeed."""
    with database.transaction() as session:
        bench = Bench(session)
        prescription_id = make_maintenance(session, patient=bench.patient()).id
        technician = bench.technician

    def open_next(_: int) -> int:
        with database.transaction() as session:
            prescription = session.get_one(Prescription, prescription_id)
            taken = session.scalars(
                select(Order.fill_no).where(Order.prescription_id == prescription_id)
            ).all()
            return orders.open_fill(
                session,
                prescription,
                fill_no=len(taken) + 1,
                policy=Policy(),
                by=technician,
                now=NOW,
            ).fill_no

    answers = [answer for _ in range(10) for answer in at_once(20, open_next)]

    assert sorted(answer for answer in answers if isinstance(answer, int)) == [1, 2]
    refused = [answer for answer in answers if not isinstance(answer, int)]
    assert len(refused) == 198
    assert {type(answer) for answer in refused} <= {FillAlreadyOrdered, FillNotAuthorised}


def test_of_twenty_who_order_one_refill_one_succeeds(database: Database) -> None:
    with database.transaction() as session:
        bench = Bench(session)
        refill_id = maintained(bench).id
        technician = bench.technician

    def order_it(_: int) -> UUID:
        with database.transaction() as session:
            return operations.order_next(session, refill_id, by=technician, now=OPENS).id

    answers = at_once(20, order_it)

    assert sum(isinstance(answer, UUID) for answer in answers) == 1
    assert sum(isinstance(answer, RefillClosed) for answer in answers) == 19
