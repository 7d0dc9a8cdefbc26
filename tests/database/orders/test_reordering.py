"""A fill whose order was cancelled or rejected is ordered again: once, whole, and checked anew."""

from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra.db import Database
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.intake import FillAlreadyOrdered, FillNotAuthorised
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.gates import PrescriptionOver
from pharmacy.orders.rules.life import MoveNotAllowed
from pharmacy.orders.rules.parts import OrderKind
from pharmacy.orders.rules.reasons import ReasonUnknown, ReasonWordsNeeded
from pharmacy.orders.rules.reordering import FillDivided, NotTheFillItself, PrescriptionVoided
from pharmacy.practice.rules import Policy
from pharmacy.staff.rules import WORKER, PermissionMissing
from pharmacy.titration import queries as plans
from pharmacy.titration.models import PlanState
from tests.conftest import NOW
from tests.database.orders.test_claims import at_once
from tests.database.orders.test_parts import broken, split
from tests.database.orders.test_replacing import count_lost, later, replace
from tests.factories.dates import begin_the_day_after
from tests.factories.orders import Bench
from tests.factories.prescriptions import make_maintenance

FEW = 6


@pytest.fixture
def bench(session: Session) -> Bench:
    found = Bench(session)
    begin_the_day_after(found)
    return found


def cancelled(bench: Bench, order: Order, reason: str = "patient-asked") -> Order:
    return operations.cancel(
        bench.session, order.id, reason=reason, by=bench.pharmacist, now=bench.now
    )


def rejected(bench: Bench, order: Order, reason: str = "clinically-unsafe") -> Order:
    return operations.reject(
        bench.session,
        order.id,
        reason=reason,
        words="Opioids for ten days.",
        by=bench.pharmacist,
        now=bench.now,
    )


def again(bench: Bench, order: Order, reason: str = "patient-wants-it", words: str = "") -> Order:
    return operations.reorder(
        bench.session, order.id, reason=reason, words=words, by=bench.pharmacist, now=bench.now
    )


def test_a_cancelled_fill_is_ordered_again_and_reaches_the_patient(bench: Bench) -> None:
    order = cancelled(bench, bench.order(Status.READY))

    new = again(bench, order)

    assert (new.kind, new.fill_no, new.status) == (OrderKind.FILL, 1, Status.RECEIVED)
    assert (new.prescription_id, new.of_order_id) == (order.prescription_id, order.id)
    assert new.number != order.number
    assert (new.plan_id, new.first_dose_on, new.nights) == (None, None, None)
    bench.walk(new, Status.HANDED_OVER)
    vials = queries.containers(bench.session, new.id)
    assert [(each.step_no, each.strength_ug, each.quantity) for each in vials] == [
        (1, 1_500, 28),
        (2, 3_000, 28),
        (3, 4_500, 28),
    ]
    assert order.status is Status.CANCELLED
    assert broken(bench.session) == set()


def test_a_rejected_fill_is_ordered_again_once_the_finding_is_over(bench: Bench) -> None:
    order = rejected(bench, bench.order(Status.REVIEW))
    later(bench, 12)

    new = again(bench, order, reason="finding-settled")

    bench.walk(new, Status.PLANNED)
    assert broken(bench.session) == set()


def test_the_new_order_is_planned_and_dated_anew(bench: Bench) -> None:
    """Approved on 2 March for the 3rd; ordered again on the 22nd, its first dose is on the 23rd."""
    order = cancelled(bench, bench.order(Status.PLANNED))
    later(bench, 20)

    new = bench.walk(again(bench, order), Status.PLANNED)

    assert (order.first_dose_on, new.first_dose_on) == (date(2026, 3, 3), date(2026, 3, 23))
    assert order.plan_id is not None
    assert plans.get(bench.session, order.plan_id).state is PlanState.SUPERSEDED
    plan = plans.current(bench.session, new.prescription_id, 1)
    assert plan is not None
    assert (plan.id, plan.state) == (new.plan_id, PlanState.APPROVED)


def test_both_orders_remember_it(bench: Bench) -> None:
    order = cancelled(bench, bench.order(Status.PLANNED))

    new = again(bench, order, reason="other", words="The clinic called.")

    ended, began = (queries.events(bench.session, each.id) for each in (order, new))
    assert (ended[-1].action, ended[-1].reason) == ("ordered-again", "The clinic called.")
    assert ended[-1].facts == {"code": "other", "ordered_again": str(new.id)}
    assert began[0].facts == {"fill_no": 1, "kind": "fill", "of": str(order.id)}


@pytest.mark.parametrize(
    "reason", ["prescriber-asked", "dose-changed", "key-compromised", "replaced"]
)
def test_what_ended_with_its_prescription_is_not_ordered_again(bench: Bench, reason: str) -> None:
    order = cancelled(bench, bench.order(Status.PLANNED), reason)

    with pytest.raises(PrescriptionVoided):
        again(bench, order)


def test_a_duplicate_is_not_ordered_again(bench: Bench) -> None:
    order = rejected(bench, bench.order(Status.REVIEW), "duplicate")

    with pytest.raises(PrescriptionVoided):
        again(bench, order)


def test_only_within_the_prescription(bench: Bench) -> None:
    """It is valid until 1 September 2026: 183 days after 2 March."""
    order = cancelled(bench, bench.order(Status.REVIEW))
    bench.now += timedelta(days=184)

    with pytest.raises(PrescriptionOver):
        again(bench, order)


def test_an_order_that_did_not_end_so_is_not_ordered_again(bench: Bench) -> None:
    ready, gone = bench.order(Status.READY), bench.order(Status.HANDED_OVER)

    for each in (ready, gone):
        with pytest.raises(MoveNotAllowed):
            again(bench, each)


def test_a_pharmacist_orders_again_for_a_coded_reason(bench: Bench) -> None:
    order = cancelled(bench, bench.order(Status.PLANNED))

    with pytest.raises(ReasonUnknown):
        again(bench, order, reason="no-mood")
    with pytest.raises(ReasonWordsNeeded):
        again(bench, order, reason="other")
    bench.pharmacist = bench.technician
    with pytest.raises(PermissionMissing):
        again(bench, order)


def test_a_fill_has_one_living_order(bench: Bench) -> None:
    order = cancelled(bench, bench.order(Status.PLANNED))
    new = again(bench, order)

    with pytest.raises(FillAlreadyOrdered) as refused:
        again(bench, order)

    assert refused.value.facts["number"] == new.number
    third = again(bench, cancelled(bench, new))
    assert third.of_order_id == new.id
    with pytest.raises(FillAlreadyOrdered):
        again(bench, order)
    assert broken(bench.session) == set()


def test_of_many_who_order_again_one_does(database: Database) -> None:
    with database.transaction() as session:
        bench = Bench(session)
        first = cancelled(bench, bench.order(Status.PLANNED))
        second = cancelled(bench, again(bench, first))
        ids, pharmacist = [first.id, second.id], bench.pharmacist

    def reorder(number: int) -> str:
        try:
            with database.transaction() as session:
                return str(
                    operations.reorder(
                        session, ids[number % 2], reason="can-be-made", by=pharmacist, now=NOW
                    ).id
                )
        except FillAlreadyOrdered as refusal:
            return refusal.code

    assert at_once(FEW, reorder).count("fill-already-ordered") == FEW - 1


def test_the_database_too_lets_one_order_of_a_fill_stand(bench: Bench) -> None:
    order = cancelled(bench, bench.order(Status.PLANNED))
    again(bench, order)

    with (
        pytest.raises(IntegrityError, match="another order is for these nights"),
        bench.session.begin_nested(),
    ):
        _write_another(bench, order, "received")
    bench.session.execute(text("set local session_replication_role = replica"))  # no trigger
    with pytest.raises(IntegrityError, match="uq_orders_standing_fill"):
        _write_another(bench, order, "received")


def test_the_database_too_wants_to_know_what_is_ordered_again(bench: Bench) -> None:
    order = bench.order(Status.PLANNED)

    with pytest.raises(IntegrityError, match="ck_orders_supplement_of_another"):
        bench.session.execute(
            text("update orders set of_order_id = id where id = :id"), {"id": order.id}
        )


def _write_another(bench: Bench, order: Order, status: str) -> None:
    bench.session.execute(
        text(
            "insert into orders (id, prescription_id, fill_no, authorised_fills, patient_id, npi,"
            " status, received_at, due_at, status_since, kind, supplement_no, of_order_id)"
            " select gen_random_uuid(), prescription_id, fill_no, authorised_fills, patient_id,"
            " npi, :status, received_at, due_at, status_since, 'fill', 9, id"
            " from orders where id = :id"
        ),
        {"id": order.id, "status": status},
    )


def test_opening_a_fill_that_ended_says_where_it_is_ordered_again(bench: Bench) -> None:
    prescription = make_maintenance(
        bench.session, patient=bench.patient(), valid_from=date(2026, 3, 2)
    )
    order = bench.order(Status.PLANNED, prescription=prescription)
    new = again(bench, cancelled(bench, order))

    with pytest.raises(FillAlreadyOrdered) as refused:
        operations.open_fill(
            bench.session, prescription, fill_no=1, policy=Policy(), by=WORKER, now=bench.now
        )

    assert queries.of_fill(bench.session, prescription.id, 1) is new
    assert str(refused.value.facts["order"]).startswith("ord_")


def test_a_divided_fill_is_ordered_again_whole_when_no_part_stands(bench: Bench) -> None:
    whole = bench.order(Status.PLANNED)
    rest = split(bench, whole)
    cancelled(bench, whole)

    with pytest.raises(FillDivided) as refused:
        again(bench, whole)
    assert refused.value.facts["number"] == rest.number
    cancelled(bench, rest)
    with pytest.raises(NotTheFillItself):
        again(bench, rest)
    new = bench.walk(again(bench, whole), Status.HANDED_OVER)

    assert sum(each.quantity for each in queries.containers(bench.session, new.id)) == 84
    assert broken(bench.session) == set()


def test_a_part_of_a_fill_that_was_ordered_again_belongs_to_its_newest_order(bench: Bench) -> None:
    new = again(bench, cancelled(bench, bench.order(Status.PLANNED)))
    bench.walk(new, Status.PLANNED)

    rest = split(bench, new)

    assert queries.own_of_fill(bench.session, rest) == new.id
    bench.walk(new, Status.HANDED_OVER)
    bench.walk(rest, Status.HANDED_OVER)
    assert broken(bench.session) == set()


def test_a_fill_that_a_replacement_was_counted_as_is_not_ordered_again(bench: Bench) -> None:
    """Two fills: the second is cancelled, and what the patient lost is counted as it instead."""
    count_lost(bench)
    prescription = make_maintenance(
        bench.session, patient=bench.patient(), valid_from=date(2026, 3, 2)
    )
    first = bench.order(Status.HANDED_OVER, prescription=prescription)
    later(bench, 62)
    second = cancelled(bench, bench.order(Status.REVIEW, prescription=prescription, fill_no=2))

    assert replace(bench, first, 1, reason="lost-by-patient").uses_fill

    with pytest.raises(FillNotAuthorised):
        again(bench, second)
    with pytest.raises(IntegrityError, match="authorises fewer fills"):
        _write_another(bench, second, "received")
