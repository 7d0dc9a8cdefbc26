"""A bench with lots, shells and a balance, and batches that people bring along."""

import itertools
from base64 import b64decode
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Self

from sqlalchemy.orm import Session

from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import Balance, Batch, Captured, Item, Need, Protocol, WeightKind
from pharmacy.compounding.operations import Reading, Trial
from pharmacy.compounding.operations.stock_triturations import make_trituration
from pharmacy.compounding.rules.life import BatchStatus
from pharmacy.compounding.rules.preparation import StepState
from pharmacy.inventory import operations as inventory
from pharmacy.inventory.models import IngredientLot, ShellLot
from pharmacy.inventory.rules.lots import IngredientLotFacts, ShellLotFacts
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.quantities import Mass, mg
from pharmacy.staff.rules import Actor, Role
from tests.conftest import NOW
from tests.factories.practice import make_site
from tests.factories.staff import make_actor
from tests.factories.titration import CELLULOSE, make_formulations

counter = itertools.count(1)
PASSING = ("223.1", "225.4", "221.8", "224.9", "226.2", "222.7", "223.6", "219.9", "225.0", "224.3")
"""Net fills of domain.md V23, milligrams."""
SHELL = mg(48)
ANHYDROUS: dict[str, Any] = {
    "salt_form": "hcl-anhydrous",
    "assay_pct": Decimal("99.2"),
    "assay_basis": "anhydrous",
    "water_pct": Decimal("0.4"),
}
"""Correction 1 / (0.992 x 0.996) = 1.012113."""
PHOTO = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
"""One grey dot."""


def make_balance(session: Session, **columns: Any) -> Balance:
    """Add a verified balance of the class that the worked sheets use, without a wire."""
    values: dict[str, Any] = {
        "id": new_id(),
        "name": f"Balance {next(counter)}",
        "protocol": Protocol.MT_SICS,
        "step_ug": 1_000,
        "minimum_ug": 120_000,
        "error_percent": Decimal(5),
        "verified_on": NOW.date(),
        "due_on": NOW.date() + timedelta(days=180),
    }
    balance = Balance(**values | columns)
    session.add(balance)
    session.flush()
    return balance


class Laboratory:
    """Everything that a batch of domain.md 2.11 needs, and everybody who makes one."""

    def __init__(self, session: Session, *, set_up: bool = True) -> None:
        self.session = session
        if set_up:
            make_site(session)
            make_formulations(session)
        self.technician = make_actor(session, Role.TECHNICIAN)
        self.colleague = make_actor(session, Role.TECHNICIAN)
        self.pharmacist = make_actor(session, Role.PHARMACIST)
        self.second = make_actor(session, Role.PHARMACIST)
        self.balance = make_balance(session)
        self.fine = make_balance(session, step_ug=100, minimum_ug=20_000)
        self.active = self.powder(
            "naltrexone-hydrochloride",
            packs="180",
            amount="25000",
            **ANHYDROUS,
        )
        self.filler = self.powder(CELLULOSE, packs="225", amount="500000")
        self.shells = self.shell_lot()

    @classmethod
    def beside(cls, session: Session) -> Self:
        """A laboratory in a pharmacy that has a site and formulations already."""
        return cls(session, set_up=False)

    def powder(self, ingredient: str, *, packs: str, amount: str, **facts: Any) -> IngredientLot:
        """Receive and release a lot of powder."""
        values: dict[str, Any] = {
            "ingredient": ingredient,
            "lot_number": f"P-{next(counter)}",
            "manufacturer": "Example Chemicals",
            "amount": mg(amount),
            "received_on": date(2026, 1, 5),
            "expires_on": date(2027, 12, 31),
        }
        lot = inventory.receive_ingredient_lot(
            self.session, IngredientLotFacts(**values | facts), by=self.technician, now=NOW
        )
        if lot.salt_form is not None:
            document = f"%PDF-1.4 certificate of {lot.lot_number}".encode()
            inventory.store_certificate(self.session, lot.id, document, by=self.technician, now=NOW)
        inventory.record_packing(
            self.session,
            lot.id,
            capsule_size="3",
            fill_mg=Decimal(packs),
            measured_on=date(2026, 1, 6),
            by=self.technician,
            now=NOW,
        )
        return inventory.release_ingredient_lot(self.session, lot.id, by=self.pharmacist, now=NOW)

    def trituration(self, active: str = "1012.113", diluent: str = "8987.887") -> IngredientLot:
        """Mix and release 10 g of one in ten: 1,000 mg of label in 10,000 mg of mixture."""
        lot = make_trituration(
            self.session,
            lot_number=f"STOCK-{next(counter)}",
            active_lot_id=self.active.id,
            diluent_lot_id=self.filler.id,
            active=mg(active),
            diluent=mg(diluent),
            made_on=date(2026, 3, 2),
            by=self.technician,
            now=NOW,
        )
        inventory.record_packing(
            self.session,
            lot.id,
            capsule_size="3",
            fill_mg=Decimal(220),
            measured_on=date(2026, 3, 2),
            by=self.technician,
            now=NOW,
        )
        return inventory.release_ingredient_lot(self.session, lot.id, by=self.pharmacist, now=NOW)

    def shell_lot(self, **facts: Any) -> ShellLot:
        """Receive and release a lot of shells of size 3."""
        values: dict[str, Any] = {
            "maker": "icapsulepack",
            "lot_number": f"S-{next(counter)}",
            "capsule_size": "3",
            "description": "white capsule",
            "received": 10_000,
            "received_on": date(2026, 1, 5),
            "expires_on": date(2027, 12, 31),
        }
        lot = inventory.receive_shell_lot(
            self.session, ShellLotFacts(**values | facts), by=self.technician, now=NOW
        )
        return inventory.release_shell_lot(self.session, lot.id, by=self.pharmacist, now=NOW)

    def plan(
        self,
        strength_ug: int = 4_500,
        capsules: int = 100,
        *,
        is_prepared: bool = True,
        **changes: Any,
    ) -> Batch:
        """Plan a batch, and make the bench ready for it."""
        values: dict[str, Any] = {"beyond_orders": 0, "by": self.pharmacist, "now": NOW}
        batch = operations.plan(
            self.session, strength_ug=strength_ug, capsules=capsules, **values | changes
        )
        if is_prepared:
            self.do_step(batch)
        return batch

    def do_step(self, batch: Batch, act: str = "") -> None:
        """Do the first open steps of a batch up to one of an act, and that one, in every part."""
        for step in queries.step_states(self.session, batch.id):
            if not step.is_done:
                self._do(batch, step)
            if step.act == act:
                return

    def _do(self, batch: Batch, step: StepState) -> None:
        whole = {"by": self.technician, "now": NOW}
        where = (self.session, batch.id, step.no)
        for check in queries.checks(self.session, batch.id):
            if check.step_no == step.no:
                operations.tick(*where, check.no, **whole)
        later = NOW
        if step.wait is not None and step.timer_finished_at is None:
            if step.timer_started_at is None:
                operations.start_timer(*where, **whole)
            later = NOW + step.wait
            operations.finish_timer(*where, by=self.technician, now=later)
        if step.needs_photo and not step.has_photo:
            operations.keep_photo(*where, PHOTO, **whole)
        operations.finish_step(*where, by=self.technician, now=later)

    def scan(self, batch: Batch, *further: IngredientLot, **lots: IngredientLot) -> Batch:
        """Scan the powders; `further` lots of naltrexone after the first."""
        return operations.scan_lots(
            self.session,
            batch.id,
            active_lot_ids=[lot.id for lot in (lots.get("active", self.active), *further)],
            filler_lot_id=lots.get("filler", self.filler).id,
            by=self.technician,
            now=NOW,
        )

    def reading(self, shown: Mass, *, balance: Balance | None = None) -> Reading:
        """What a connected balance shows."""
        return Reading(
            balance_id=(balance or self.balance).id, shown=shown, captured=Captured.BALANCE
        )

    def weigh(
        self, batch: Batch, item: Item, shown: Mass | None = None, *, by: Actor | None = None
    ) -> Any:
        """Weigh an item; exactly what is wanted where nothing else is said."""
        targets = operations.targets(self.session, batch)
        need = next((need for need in targets if need.item is item), None)
        if need is None:
            raise KeyError(item)
        return self.weigh_need(batch, need, shown, by=by)

    def weigh_need(
        self, batch: Batch, need: Need, shown: Mass | None = None, *, by: Actor | None = None
    ) -> Any:
        """Weigh an item from one of its lots."""
        wanted = operations.targets(self.session, batch)[need]
        return operations.weigh(
            self.session,
            batch.id,
            item=need.item,
            lot_id=need.lot_id,
            reading=self.reading(shown or wanted),
            by=by or self.technician,
            now=NOW,
        )

    def weighed(self, batch: Batch) -> Batch:
        """Scan what is not scanned, weigh everything and have it verified."""
        if batch.sheet is None:
            self.scan(batch)
        for need in operations.targets(self.session, batch):
            self.weigh_need(batch, need)
        for weighing in queries.counting(self.session, batch.id).values():
            operations.verify(self.session, weighing.id, by=self.pharmacist, now=NOW)
        return batch

    def filled(self, batch: Batch, capsules: int | None = None, *, broken: int = 2) -> Batch:
        """Weigh, blend and fill."""
        self.weighed(batch)
        self.do_step(batch, "weigh")
        operations.blend(self.session, batch.id, by=self.technician, now=NOW)
        self.do_step(batch, "blend")
        operations.fill(
            self.session,
            batch.id,
            shell_lot_id=self.shells.id,
            filled=capsules or batch.capsules,
            broken=broken,
            by=self.technician,
            now=NOW,
        )
        if batch.status is BatchStatus.FILLED:
            self.do_step(batch, "fill")
        return batch

    def put_on_balance(self, batch: Batch, kind: WeightKind, *shown: Mass) -> None:
        operations.weigh_capsules(
            self.session,
            batch.id,
            kind=kind,
            readings=[self.reading(each, balance=self.fine) for each in shown],
            by=self.technician,
            now=NOW,
        )

    def tested(self, batch: Batch, nets: tuple[str, ...] = PASSING) -> Any:
        """Weigh ten shells and these fills, and judge them."""
        self.put_on_balance(batch, WeightKind.SHELL, *[SHELL] * 10)
        self.put_on_balance(batch, WeightKind.CAPSULE, *(SHELL + mg(net) for net in nets))
        found = operations.judge(
            self.session, batch.id, kind=Trial.RELEASE, by=self.technician, now=NOW
        )
        if batch.status is BatchStatus.FILLED:
            self.do_step(batch, "test")
        return found

    def made(self, strength_ug: int = 4_500, capsules: int = 100) -> Batch:
        """A batch that waits for nothing but its release."""
        batch = self.filled(self.plan(strength_ug, capsules))
        self.tested(batch)
        return batch

    def released(self, strength_ug: int = 4_500, capsules: int = 100) -> Batch:
        batch = self.made(strength_ug, capsules)
        return operations.release(self.session, batch.id, by=self.second, now=NOW)
