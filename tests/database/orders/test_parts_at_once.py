"""Two pharmacists at one fill: no night is handed over twice."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.db import Database
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.parts import NothingLeft, OrderKind, PartEmpty, VialLost
from tests.conftest import NOW
from tests.database.orders.test_claims import at_once
from tests.factories.orders import Bench

FEW = 6


def tried(database: Database, work: Callable[[Session], Order]) -> str:
    try:
        with database.transaction() as session:
            return str(work(session).id)
    except (NothingLeft, PartEmpty, VialLost) as refusal:
        return refusal.code


def nights_of(database: Database, kind: OrderKind) -> list[tuple[int, int]]:
    with database.transaction() as session:
        found = session.scalars(
            select(Order).where(Order.kind == kind, Order.status != Status.CANCELLED)
        )
        return [each.nights for each in found if each.nights]


def test_an_order_is_split_at_one_place_by_many(database: Database) -> None:
    with database.transaction() as session:
        bench = Bench(session)
        order = bench.order(Status.PLANNED)
        order_id, first_on, pharmacist = order.id, order.first_dose_on, bench.pharmacist
    assert first_on is not None

    def split(_: int) -> str:
        return tried(
            database,
            lambda session: operations.split(
                session,
                order_id,
                through=first_on + timedelta(days=27),
                reason="cost",
                by=pharmacist,
                now=NOW,
            ),
        )

    answers = at_once(FEW, split)

    assert answers.count("part-empty") == FEW - 1
    assert nights_of(database, OrderKind.REMAINDER) == [(29, 84)]


def test_the_rest_is_ordered_once_from_either_part(database: Database) -> None:
    """The middle of three parts is cancelled; two people order it again from different orders."""
    with database.transaction() as session:
        bench = Bench(session)
        whole = bench.order(Status.PLANNED)
        assert whole.first_dose_on is not None
        asked = {"reason": "cost", "by": bench.pharmacist, "now": NOW}
        middle = operations.split(
            session, whole.id, through=whole.first_dose_on + timedelta(days=27), **asked
        )
        bench.walk(middle, Status.PLANNED)
        last = operations.split(
            session, middle.id, through=whole.first_dose_on + timedelta(days=55), **asked
        )
        operations.cancel(session, last.id, reason="patient-asked", by=bench.pharmacist, now=NOW)
        ids: list[UUID] = [whole.id, middle.id]
        pharmacist = bench.pharmacist

    def order_rest(number: int) -> str:
        return tried(
            database,
            lambda session: operations.order_rest(session, ids[number % 2], by=pharmacist, now=NOW),
        )

    answers = at_once(FEW, order_rest)

    assert answers.count("nothing-left-of-fill") == FEW - 1
    assert sorted(nights_of(database, OrderKind.REMAINDER)) == [(29, 56), (57, 84)]


def test_a_vial_is_replaced_by_one_of_many(database: Database) -> None:
    with database.transaction() as session:
        bench = Bench(session)
        order_id = bench.order(Status.HANDED_OVER).id
        vial_id = queries.containers(session, order_id)[0].id
        pharmacist = bench.pharmacist

    def replace(_: int) -> str:
        return tried(
            database,
            lambda session: operations.replace(
                session, order_id, vials=[vial_id], reason="damaged", by=pharmacist, now=NOW
            ),
        )

    answers = at_once(FEW, replace)

    assert answers.count("vial-lost") == FEW - 1
    assert nights_of(database, OrderKind.REPLACEMENT) == [(1, 28)]
