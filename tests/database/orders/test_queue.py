"""Finding orders: each filter, its edges, and pages that neither repeat nor leave out."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.queries import QueueFilter
from pharmacy.orders.rules import Owner, Status
from tests.conftest import NOW
from tests.factories.orders import Bench
from tests.factories.patients import make_patient


def found(session: Session, **only: Any) -> list[int]:
    rows = queries.queue(session, QueueFilter(**only), limit=50)
    return [row.order.number for row in rows]


def order_of(
    bench: Bench, family: str, given: str = "Avery", born: date = date(1981, 7, 14)
) -> Order:
    patient = make_patient(
        bench.session,
        identifier_value=f"MRN-{family}-{given}",
        family=family,
        given=given,
        birth_date=born,
    )
    return bench.order(patient=patient)


def test_patients_are_found_by_how_their_names_begin(bench: Bench, session: Session) -> None:
    o_neil = order_of(bench, "O'Neil-Testperson", "Zoë")
    percent = order_of(bench, "Under_Testperson")
    order_of(bench, "Other")

    assert found(session, family_prefix="o'nE") == [o_neil.number]
    assert found(session, family_prefix="O", given_prefix="zoë") == [o_neil.number]
    assert found(session, family_prefix="under_") == [percent.number]
    assert found(session, family_prefix="%") == found(session, family_prefix="neil") == []


def test_patients_are_found_by_birth_date(bench: Bench, session: Session) -> None:
    order_of(bench, "Elder", born=date(1950, 1, 1))
    younger = order_of(bench, "Younger", born=date(1999, 12, 31))

    assert found(session, birth_date=date(1999, 12, 31)) == [younger.number]


def test_an_order_is_found_by_its_number_and_by_a_lot_in_its_vials(
    bench: Bench, session: Session
) -> None:
    packed, received = bench.order(Status.FINAL_CHECK), bench.order()
    lot = bench.lots[queries.containers(session, packed.id)[0].strength_ug]

    assert found(session, number=received.number) == [received.number]
    assert found(session, lot_number=lot.lot_number) == [packed.number]
    assert found(session, lot_number=lot.lot_number.lower() + "x") == []
    assert found(session, order_ids=(received.id,)) == [received.number]
    assert found(session, order_ids=()) == []


def test_what_waits_for_the_prescriber_is_a_list_of_its_own(bench: Bench, session: Session) -> None:
    asked, held = bench.order(Status.REVIEW), bench.order(Status.REVIEW)
    for order, owner in ((asked, Owner.PRESCRIBER), (held, Owner.PHARMACIST)):
        operations.place_hold(
            session,
            order.id,
            code="dose-unclear",
            words="Which?",
            owner=owner,
            by=bench.technician,
            now=NOW,
        )

    assert found(session, hold_owner=Owner.PRESCRIBER) == [asked.number]
    assert found(session, hold_code="dose-unclear") == [asked.number, held.number]
    assert found(session, hold_owner=Owner.WORKER) == []


def test_nobody_is_offered_to_check_what_they_packed(bench: Bench, session: Session) -> None:
    packed, other = bench.order(Status.FINAL_CHECK), bench.order(Status.REVIEW)

    assert found(session, not_packed_by=bench.technician.id) == [other.number]
    assert found(session, not_packed_by=bench.pharmacist.id) == [packed.number, other.number]


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_hold_every_order_once_also_when_many_are_due_at_once(
    bench: Bench, session: Session, *, newest_first: bool
) -> None:
    orders = [bench.order() for _ in range(5)]
    orders[4].due_at -= timedelta(hours=1)
    session.flush()
    only = QueueFilter(newest_first=newest_first)

    shown: list[int] = []
    after = None
    while rows := queries.queue(session, only, after=after, limit=2):
        shown += [row.order.number for row in rows[:2]]
        after = (rows[:2][-1].order.due_at, rows[:2][-1].order.id)

    by_due = sorted(orders, key=lambda order: (order.due_at, order.id), reverse=newest_first)
    assert shown == [order.number for order in by_due]
