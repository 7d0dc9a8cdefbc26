"""Many hands on one shelf."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.infra.db import Database
from pharmacy.inventory.models import CapsuleLot, CapsuleMove
from pharmacy.orders import operations
from pharmacy.orders.models import Container, Order
from pharmacy.orders.rules import Status
from tests.conftest import NOW
from tests.database.orders.test_claims import at_once
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import Bench
from tests.factories.prescriptions import regimen

TWENTY = 20


def statuses(session: Session) -> list[Status]:
    return sorted(session.scalars(select(Order.status)))


def test_twenty_technicians_never_give_a_capsule_twice(database: Database) -> None:
    """100 capsules in two lots, 20 orders of 7 each: 14 of them are served."""
    with database.transaction() as session:
        bench = Bench(session, stock=False)
        make_capsule_lot(session, 1_500, 52)
        make_capsule_lot(session, 1_500, 48)
        week = regimen((1_500, 7))
        order_ids = [bench.order(Status.PLANNED, regimen=week).id for _ in range(TWENTY)]
        technician = bench.technician

    def allocate(number: int) -> UUID:
        with database.transaction() as session:
            return operations.allocate(session, order_ids[number], by=technician, now=NOW).id

    assert sorted(at_once(TWENTY, allocate), key=str) == sorted(order_ids, key=str)

    with database.transaction() as session:
        assert statuses(session).count(Status.LABELING) == 14
        assert statuses(session).count(Status.COMPOUNDING) == 6
        lots = session.scalars(select(CapsuleLot)).all()
        assert sum(lot.reserved for lot in lots) == 98
        assert all(lot.reserved <= lot.on_hand for lot in lots)
        reserved = session.scalars(
            select(CapsuleMove.quantity).where(CapsuleMove.kind == "reserved")
        ).all()
        assert sum(reserved) == 98
        assert sum(session.scalars(select(Container.quantity))) == 98


def test_one_order_allocated_by_many_is_allocated_once(database: Database) -> None:
    with database.transaction() as session:
        bench = Bench(session)
        order_id = bench.order(Status.PLANNED).id
        technician = bench.technician

    def allocate(_: int) -> UUID:
        with database.transaction() as session:
            return operations.allocate(session, order_id, by=technician, now=NOW).id

    answers = at_once(8, allocate)

    assert answers.count(order_id) == 1
    with database.transaction() as session:
        assert sum(session.scalars(select(CapsuleLot.reserved))) == 84
