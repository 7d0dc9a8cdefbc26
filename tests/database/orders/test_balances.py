"""Whatever people do, in whatever order: capsules balance and histories stay legal."""

import contextlib
from collections.abc import Callable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from pharmacy.infra.db import Database
from pharmacy.inventory import operations as inventory
from pharmacy.inventory.models import CapsuleLot, CapsuleMove, LotStatus, MoveKind
from pharmacy.inventory.rules.lots import LotNotUsable
from pharmacy.kernel.refusals import Refusal
from pharmacy.orders import operations, queries
from pharmacy.orders.models import Container, Order, OrderEvent
from pharmacy.orders.rules import MOVES, Action, Status
from pharmacy.orders.rules.handing_over import HandingOver
from pharmacy.titration import queries as plans
from tests.factories.inventory import make_capsule_lot
from tests.factories.orders import Bench
from tests.factories.prescriptions import regimen

HOLDING = (Status.LABELING, Status.FINAL_CHECK, Status.READY)
NEXT = {
    Status.PLANNED: Action.ALLOCATE,
    Status.COMPOUNDING: Action.ALLOCATE,
    Status.LABELING: Action.PACK,
    Status.FINAL_CHECK: Action.RELEASE,
    Status.READY: Action.HAND_OVER,
}
NEXT_ACTIONS = sorted(set(NEXT.values()))
WEEKS = regimen((1_500, 7), (3_000, 7))
HANDED = {"given": HandingOver(identifiers=["name", "phone"], counselling="declined")}


class Shelf(RuleBasedStateMachine):
    """A bench with little stock, orders, and people who do things at the wrong time."""

    orders: Bundle[Order] = Bundle("orders")

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.connection = database.engine.connect()
        self.transaction = self.connection.begin()
        self.session = Session(
            self.connection, join_transaction_mode="create_savepoint", expire_on_commit=False
        )

    def teardown(self) -> None:
        self.session.close()
        self.transaction.rollback()
        self.connection.close()

    @initialize(target=orders)
    def open_the_pharmacy(self) -> Order:
        self.bench = Bench(self.session, stock=False)
        for strength in (1_500, 3_000):
            make_capsule_lot(self.session, strength, 10)
        return self.order()

    def attempt(self, act: Callable[..., object], order: Order, **arguments: Any) -> None:
        """Do something that may be refused; a refusal undoes what it began."""
        try:
            with self.session.begin_nested():
                act(self.session, order.id, now=self.bench.now, **arguments)
        except Refusal:
            self.session.expire_all()

    @rule(target=orders)
    def another(self) -> Order:
        return self.order()

    def order(self) -> Order:
        return self.bench.order(Status.PLANNED, regimen=WEEKS)

    @rule(quantity=st.integers(5, 40), strength=st.sampled_from([1_500, 3_000]))
    def restock(self, quantity: int, strength: int) -> None:
        make_capsule_lot(self.session, strength, quantity)

    def steps(self, order: Order) -> dict[Action, Callable[[], None]]:
        """Everything that people do with an order, right or wrong just now."""
        technician, pharmacist = self.bench.technician, self.bench.pharmacist

        def allocate() -> None:
            self.attempt(operations.allocate, order, by=technician)
            operations.labeled(self.session, order.id, now=self.bench.now)

        def pack() -> None:
            scanned = self.bench.codes(order)
            self.attempt(operations.pack, order, by=technician, scanned=scanned)

        def send_back() -> None:
            self.attempt(operations.send_back, order, by=pharmacist, reason="wrong-count")

        def cancel() -> None:
            self.attempt(operations.cancel, order, by=pharmacist, reason="patient-asked")

        def reallocate() -> None:
            self.attempt(operations.reallocate, order, by=pharmacist, reason="lot-withdrawn")

        return {
            Action.ALLOCATE: allocate,
            Action.PACK: pack,
            Action.RELEASE: lambda: self.attempt(
                operations.release, order, attestation=self.bench.word(order), by=pharmacist
            ),
            Action.HAND_OVER: lambda: self.attempt(
                operations.hand_over, order, by=technician, **HANDED
            ),
            Action.SEND_BACK: send_back,
            Action.CANCEL: cancel,
            Action.REALLOCATE: reallocate,
        }

    @rule(order=orders, times=st.integers(1, 4))
    def go_on(self, order: Order, times: int) -> None:
        self.carry_on(order, times)

    def carry_on(self, order: Order, times: int) -> None:
        """Take the next steps, as far as they are possible."""
        for _ in range(times):
            if order.status in NEXT:
                self.steps(order)[NEXT[order.status]]()

    @rule(order=orders, times=st.integers(0, 4))
    def stop(self, order: Order, times: int) -> None:
        """Cancel an order, however far it has come by then."""
        self.carry_on(order, times)
        self.steps(order)[Action.CANCEL]()

    @rule(order=orders, times=st.integers(1, 3), more=st.integers(0, 3))
    def begin_anew(self, order: Order, times: int, more: int) -> None:
        """Take other capsules for an order, however far it has come by then, and go on."""
        self.carry_on(order, times)
        self.steps(order)[Action.REALLOCATE]()
        self.carry_on(order, more)

    @rule(order=orders, action=st.sampled_from([*NEXT_ACTIONS, Action.SEND_BACK]))
    def do_anything(self, order: Order, action: Action) -> None:
        self.steps(order)[action]()

    @rule(data=st.data())
    def recall_a_lot(self, data: st.DataObject) -> None:
        lots = self.session.scalars(select(CapsuleLot.id).order_by(CapsuleLot.lot_number)).all()
        lot_id = lots[data.draw(st.integers(0, len(lots) - 1))]
        with contextlib.suppress(LotNotUsable):
            inventory.withdraw_capsule_lot(
                self.session,
                lot_id,
                status=LotStatus.RECALLED,
                reason="potency",
                by=self.bench.pharmacist,
                now=self.bench.now,
            )

    @invariant()
    def lots_balance(self) -> None:
        """What was made is on hand, dispensed or wasted; nothing is lost."""
        self.session.flush()
        moves = self.session.execute(
            select(CapsuleMove.lot_id, CapsuleMove.kind, func.sum(CapsuleMove.quantity)).group_by(
                CapsuleMove.lot_id, CapsuleMove.kind
            )
        )
        moved = {(lot_id, kind): int(total) for lot_id, kind, total in moves}
        for lot in self.session.scalars(select(CapsuleLot)):
            of = {kind: moved.get((lot.id, kind), 0) for kind in MoveKind}
            out = of[MoveKind.DISPENSED] + of[MoveKind.WASTED]
            assert lot.made == of[MoveKind.MADE] == lot.on_hand + out
            assert lot.reserved == of[MoveKind.RESERVED] - of[MoveKind.UNRESERVED] - out
            assert 0 <= lot.reserved <= lot.on_hand

    @invariant()
    def what_is_reserved_stands_in_containers(self) -> None:
        held = self.session.scalar(
            select(func.sum(Container.quantity))
            .join(Order, Order.id == Container.order_id)
            .where(Order.status.in_(HOLDING), Container.voided_at.is_(None))
        )
        reserved = self.session.scalar(select(func.sum(CapsuleLot.reserved)))
        assert int(held or 0) == int(reserved or 0)

    @invariant()
    def every_dose_is_what_was_ordered(self) -> None:
        """Capsules times strength is dose times nights, step by step."""
        for order in self.session.scalars(select(Order).where(Order.status.in_(HOLDING))):
            assert order.plan_id is not None
            vials = queries.containers(self.session, order.id)
            for step in plans.get(self.session, order.plan_id).planned_steps:
                given = sum(v.quantity * v.strength_ug for v in vials if v.step_no == step.no)
                assert given == step.dose_ug * step.days

    @invariant()
    def histories_are_legal(self) -> None:
        for event in self.session.scalars(select(OrderEvent).where(OrderEvent.from_status != "")):
            path = MOVES[Action(event.action)].paths
            assert path[Status(str(event.from_status))] == event.to_status


def test_capsules_balance_whatever_people_do(worker_database: Database) -> None:
    run_state_machine_as_test(
        lambda: Shelf(worker_database),
        settings=settings(max_examples=15, stateful_step_count=20, deadline=None),
    )
