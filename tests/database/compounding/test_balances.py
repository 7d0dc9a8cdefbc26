"""Whatever people do at the bench, in whatever order: powder, shells and capsules balance."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

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
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from pharmacy import invariants
from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import (
    Batch,
    Item,
    LabSample,
    Outcome,
    SampleCause,
    SampleKind,
)
from pharmacy.infra.db import Database
from pharmacy.kernel.quantities import Mass, mg
from pharmacy.kernel.refusals import Refusal
from pharmacy.recalls import operations as recalls
from pharmacy.recalls.rules.timers import LotKind
from pharmacy.staff.rules import Actor
from tests.conftest import NOW
from tests.factories.compounding import ANHYDROUS, PASSING, Laboratory

CHECKED: Final = frozenset(
    {
        "capsules-balance",
        "powder-balances",
        "shells-balance",
        "powder-is-never-negative",
        "weighed-left-its-lot",
        "filled-is-a-lot",
        "batch-powder-is-accounted-for",
        "capsules-hold-what-was-weighed",
        "powder-returns-were-weighed",
        "triturations-balance",
        "recalled-lots-are-blocked",
        "recalled-batches-are-stopped",
        "released-by-another",
        "quarantined-is-looked-into",
        "stopped-is-not-offered",
    }
)
OFF: Final = (mg(0), mg(0), mg(0), mg(2), mg(400))


class Floor(RuleBasedStateMachine):
    """Little powder, some batches, and people who do things at the wrong time."""

    batches: Bundle[Batch] = Bundle("batches")

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

    @initialize()
    def open_the_laboratory(self) -> None:
        self.laboratory = Laboratory(self.session)
        self.rest = self.laboratory.powder(
            "naltrexone-hydrochloride", packs="180", amount="300", **ANHYDROUS
        )
        self.people = (
            self.laboratory.technician,
            self.laboratory.pharmacist,
            self.laboratory.second,
        )

    def attempt(self, act: Callable[..., object], *arguments: Any, **named: Any) -> None:
        """Do something that may be refused; a refusal undoes what it began."""
        try:
            with self.session.begin_nested():
                act(*arguments, **named)
        except Refusal:
            self.session.expire_all()

    @rule(target=batches, strength=st.sampled_from([500, 4_500]), capsules=st.integers(20, 300))
    def plan(self, strength: int, capsules: int) -> Batch:
        return self.laboratory.plan(strength, capsules)

    @rule(target=batches, strength=st.sampled_from([500, 4_500]))
    def plan_and_make(self, strength: int) -> Batch:
        batch = self.laboratory.plan(strength)
        self.attempt(self.laboratory.filled, batch)
        self.attempt(self.laboratory.tested, batch)
        return batch

    @rule(batch=batches)
    def scan(self, batch: Batch) -> None:
        self.attempt(self.laboratory.scan, batch)

    @rule(batch=batches)
    def scan_a_rest_first(self, batch: Batch) -> None:
        self.attempt(self.laboratory.scan, batch, self.laboratory.active, active=self.rest)

    @rule(batch=batches, act=st.sampled_from(["", "weigh", "blend", "fill", "test"]))
    def do_steps(self, batch: Batch, act: str) -> None:
        self.attempt(self.laboratory.do_step, batch, act)

    @rule(batch=batches, step=st.integers(1, 6))
    def call(self, batch: Batch, step: int) -> None:
        by = self.laboratory.technician
        self.attempt(
            operations.call_pharmacist,
            self.session,
            batch.id,
            step,
            question="Is this right?",
            by=by,
            now=NOW,
        )

    @rule(batch=batches, who=st.integers(0, 2))
    def answer(self, batch: Batch, who: int) -> None:
        self.step(operations.answer_call, batch, answer="It is.", by=self.people[who])

    @rule(
        batch=batches,
        item=st.sampled_from(list(Item)),
        off=st.sampled_from(OFF),
        who=st.integers(0, 2),
    )
    def weigh(self, batch: Batch, item: Item, off: Mass, who: int) -> None:
        if batch.sheet is None:
            return
        for need, wanted in operations.targets(self.session, batch).items():
            if need.item is item:
                weigh = self.laboratory.weigh_need
                self.attempt(weigh, batch, need, wanted + off, by=self.people[who])

    @rule(batch=batches, who=st.integers(0, 2))
    def verify_all(self, batch: Batch, who: int) -> None:
        for weighing in queries.counting(self.session, batch.id).values():
            self.attempt(operations.verify, self.session, weighing.id, by=self.people[who], now=NOW)

    @rule(batch=batches, who=st.integers(0, 2))
    def void_one(self, batch: Batch, who: int) -> None:
        for weighing in list(queries.counting(self.session, batch.id).values())[:1]:
            self.attempt(
                operations.void,
                self.session,
                weighing.id,
                reason="spilt",
                by=self.people[who],
                now=NOW,
            )

    @rule(batch=batches)
    def hurry(self, batch: Batch) -> None:
        self.attempt(self.laboratory.weighed, batch)

    @rule(batch=batches, who=st.integers(0, 2))
    def blend(self, batch: Batch, who: int) -> None:
        self.step(operations.blend, batch, by=self.people[who])

    @rule(batch=batches, off=st.integers(-12, 12), broken=st.integers(0, 3), who=st.integers(0, 2))
    def fill(self, batch: Batch, off: int, broken: int, who: int) -> None:
        self.step(
            operations.fill,
            batch,
            shell_lot_id=self.laboratory.shells.id,
            filled=batch.capsules + off,
            broken=broken,
            by=self.people[who],
        )

    @rule(batch=batches, is_light=st.booleans())
    def test_capsules(self, batch: Batch, is_light: bool) -> None:
        nets = (*PASSING[:9], "120") if is_light else PASSING
        self.attempt(self.laboratory.tested, batch, nets)

    @rule(batch=batches, who=st.integers(0, 2))
    def release(self, batch: Batch, who: int) -> None:
        self.step(operations.release, batch, by=self.people[who])

    @rule(batch=batches, outcome=st.sampled_from(list(Outcome)), who=st.integers(0, 2))
    def conclude(self, batch: Batch, outcome: Outcome, who: int) -> None:
        self.step(operations.conclude, batch, outcome=outcome, findings="seen", by=self.people[who])

    @rule(batch=batches)
    def quarantine(self, batch: Batch) -> None:
        self.step(operations.quarantine, batch, reason="odd", by=self.laboratory.pharmacist)

    @rule(batch=batches)
    def scrap(self, batch: Batch) -> None:
        self.step(operations.scrap, batch, reason="spoilt", by=self.laboratory.pharmacist)

    @rule(batch=batches, kind=st.sampled_from(list(SampleKind)), capsules=st.integers(1, 60))
    def send_sample(self, batch: Batch, kind: SampleKind, capsules: int) -> None:
        self.step(
            operations.send_sample,
            batch,
            kind=kind,
            cause=SampleCause.INVESTIGATION,
            capsules=capsules,
            laboratory="Example Analytics",
            by=self.laboratory.pharmacist,
        )

    @rule(batch=batches, assay=st.sampled_from(["99.1", "80"]))
    def hear_from_the_laboratory(self, batch: Batch, assay: str) -> None:
        found = select(LabSample).where(
            LabSample.batch_id == batch.id, LabSample.kind == SampleKind.ASSAY
        )
        for sample in self.session.scalars(found).all():
            self.attempt(
                operations.record_result,
                self.session,
                sample.id,
                contents=[Decimal(assay)],
                document=b"%PDF-1.4 certificate",
                by=self.laboratory.second,
                now=NOW,
            )

    @rule()
    def make_a_trituration(self) -> None:
        self.attempt(self.laboratory.trituration)

    @rule(batch=batches)
    def scan_a_trituration(self, batch: Batch) -> None:
        def scan() -> None:
            self.laboratory.scan(batch, active=self.laboratory.trituration())

        self.attempt(scan)

    @rule(batch=batches, kind=st.sampled_from(list(LotKind)))
    def recall_a_lot_of(self, batch: Batch, kind: LotKind) -> None:
        lots = {
            LotKind.INGREDIENT: batch.active_lot_id,
            LotKind.SHELL: batch.shell_lot_id,
            LotKind.CAPSULE: batch.capsule_lot_id,
        }
        if (lot_id := lots[kind]) is not None:
            self.recall(kind, lot_id)

    @rule()
    def recall_the_rest(self) -> None:
        self.recall(LotKind.INGREDIENT, self.rest.id)

    @rule()
    def receive_fresh_lots(self) -> None:
        self.laboratory.active = self.laboratory.powder(
            "naltrexone-hydrochloride", packs="180", amount="2500", **ANHYDROUS
        )
        self.laboratory.shells = self.laboratory.shell_lot()

    def recall(self, kind: LotKind, lot_id: UUID) -> None:
        self.attempt(
            recalls.open_recall,
            self.session,
            kind,
            lot_id,
            reason="The supplier found another substance in it.",
            serious=False,
            notice_at=NOW,
            by=self.laboratory.pharmacist,
            now=NOW,
        )

    def step(self, act: Callable[..., object], batch: Batch, *, by: Actor, **named: Any) -> None:
        self.attempt(act, self.session, batch.id, by=by, now=NOW, **named)

    @invariant()
    def everything_balances(self) -> None:
        self.session.flush()
        for each in invariants.ALL:
            if each.name in CHECKED:
                assert self.session.execute(text(each.sql)).all() == [], each.words


def test_no_sequence_of_acts_breaks_a_balance(worker_database: Database) -> None:
    run_state_machine_as_test(
        lambda: Floor(worker_database), settings=settings(max_examples=12, stateful_step_count=40)
    )


def test_every_checked_balance_exists() -> None:
    assert {each.name for each in invariants.ALL} >= CHECKED
