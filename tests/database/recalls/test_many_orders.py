"""A recall of many orders takes the statements of a recall of few, and treats each alike."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.infra.jobs.table import Job
from pharmacy.kernel.jobs import JobKind
from pharmacy.orders import queries as order_queries
from pharmacy.orders.models import Order, OrderEvent
from pharmacy.orders.rules import Action, Status
from pharmacy.recalls import operations, queries
from pharmacy.recalls.models import Recall
from pharmacy.recalls.rules.timers import LotKind
from tests.conftest import NOW
from tests.factories.inventory import stock_the_clinic
from tests.factories.orders import Bench
from tests.statements import statements


@pytest.fixture
def bench(session: Session) -> Bench:
    """With capsules for many orders."""
    bench = Bench(session, stock=False)
    bench.lots = stock_the_clinic(session, 2_000)
    return bench


def orders_with_both_lots(bench: Bench, many: int) -> list[Order]:
    """As many orders at each of three places as are wanted."""
    places = (Status.LABELING, Status.READY, Status.HANDED_OVER)
    return [bench.order(place) for _ in range(many) for place in places]


def recall(bench: Bench, strength_ug: int) -> Recall:
    return operations.open_recall(
        bench.session,
        LotKind.CAPSULE,
        bench.lots[strength_ug].id,
        reason="The supplier found less naltrexone than the certificate says.",
        serious=True,
        notice_at=NOW - timedelta(hours=1),
        by=bench.pharmacist,
        now=NOW,
    )


def sent_for(bench: Bench, many: int) -> int:
    """Count the statements of a recall of one lot in three times as many orders."""
    orders_with_both_lots(bench, many)
    bench.session.expunge_all()
    with bench.session.begin_nested() as undone, statements(bench.session) as sent:
        recall(bench, 1_500)
        undone.rollback()
    return len(sent)


def test_a_recall_of_many_orders_takes_no_more_statements_than_one_of_few(bench: Bench) -> None:
    few, many = sent_for(bench, 1), sent_for(bench, 4)

    assert many == few
    assert few < 60


def test_each_of_many_orders_is_held_or_marked_and_each_is_written_down(bench: Bench) -> None:
    reached = orders_with_both_lots(bench, 3)
    versions = {order.id: order.version for order in reached}
    bench.session.expire_all()

    opened = recall(bench, 1_500)

    here = [order for order in reached if order.status is not Status.RECALLED]
    left = [order for order in reached if order.status is Status.RECALLED]
    assert (len(here), len(left)) == (6, 3)
    assert [
        [hold.code for hold in order_queries.open_holds(bench.session, order.id)] for order in here
    ] == [["lot-recalled"]] * 6
    assert [order.version - versions[order.id] for order in reached] == [1] * 9
    for action, count in ((Action.PLACE_HOLD, 6), (Action.RECALL, 3)):
        events = select(func.count()).where(OrderEvent.action == action, OrderEvent.at == NOW)
        kept = select(func.count()).where(AuditEntry.action == f"order.{action}")
        assert (bench.session.scalar(events), bench.session.scalar(kept)) == (count, count)
    owed = select(Job.ref_id).where(
        Job.kind == JobKind.SCHEDULE_REFILL,
        Job.dedupe_key.in_(
            [f"{JobKind.SCHEDULE_REFILL}:{order.id}:v{order.version}" for order in left]
        ),
    )
    assert set(bench.session.scalars(owed)) == {order.id for order in left}
    told = {each.patient_id for each in queries.notices(bench.session, opened.id)} - {None}
    assert told == {order.patient_id for order in left}


def test_a_second_recall_of_the_same_orders_adds_no_hold(bench: Bench) -> None:
    ready = bench.order(Status.READY)
    recall(bench, 1_500)
    version = ready.version

    recall(bench, 3_000)

    assert len(order_queries.open_holds(bench.session, ready.id)) == 1
    assert ready.version == version
