"""At the bench: capsules that the order needs are compounded, on a balance that is simulated."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from pharmacy.kernel.quantities import Mass, mg
from pharmacy.local.balance import BalanceSimulator
from pharmacy.local.demo.people import DemoTrouble, Json, Person
from pharmacy.local.demo.preparing import do_steps
from pharmacy.local.demo.telling import Teller

SHELL: Final = mg(48)
SPREAD: Final = ("-1.6", "0.9", "-2.1", "0.4", "1.7", "-0.8", "0.2", "-2.9", "1.1", "0.6")
"""Milligrams by which the demo's capsules differ from what they should hold."""
STEP: Final = mg("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class AtTheBench:
    """
    One batch from proposal to release, by the public API alone.

    Args:
        technician: Weighs, blends and fills.
        verifier: A pharmacist, who verifies every weighing.
        releaser: Another pharmacist, who had no hand in it.
        today: The pharmacy's date.
        keep: Writes a file where the user finds it.
    """

    technician: Person
    verifier: Person
    releaser: Person
    teller: Teller
    today: date
    keep: Callable[[str, bytes], None]

    def make_what_is_needed(self) -> list[str]:
        """Make every proposed batch; return the orders that got their capsules by it."""
        teller = self.teller
        teller.begin("Technician: asking what waiting orders need")
        proposals = self.technician.get("/batch-proposals")["proposals"]
        if not proposals:
            raise DemoTrouble("an order waits, and no batch is proposed")
        teller.done(", ".join(_needed(each) for each in proposals))
        with BalanceSimulator() as simulator:
            balance = self._balance(simulator.port)
            served = [self._make(each, simulator, balance) for each in proposals]
        return [order for orders in served for order in orders]

    def _balance(self, port: int) -> str:
        added = self.verifier.post(
            "/balances",
            {
                "name": "Example balance",
                "protocol": "mt-sics",
                "host": "127.0.0.1",
                "port": port,
                "step_mg": "0.1",
                "minimum_mg": "20",
                "verified_on": self.today.isoformat(),
                "due_on": (self.today + timedelta(days=90)).isoformat(),
            },
        )
        return str(added["id"])

    def _make(self, proposal: Json, simulator: BalanceSimulator, balance: str) -> list[str]:
        batch = self._accepted(proposal)
        path = f"/batches/{batch['id']}"
        self._prepare(path, "")
        self._weigh(path, batch, simulator, balance)
        self._prepare(path, "weigh")
        self._blend(path)
        self._prepare(path, "blend")
        self._fill(path, batch)
        self._prepare(path, "fill")
        self._test(path, Decimal(batch["sheet"]["net_fill_mg"]), simulator, balance)
        self._prepare(path, "test")
        return self._release(path)

    def _accepted(self, proposal: Json) -> Json:
        teller = self.teller
        teller.begin("Pharmacist: accepting the batch")
        wanted = {name: proposal[name] for name in ("strength_mg", "capsules")}
        batch = self.verifier.post("/batches", wanted)
        teller.done(f"{batch['number']}, {batch['capsules']} capsules of {batch['strength_mg']} mg")
        teller.begin("Technician: scanning powder and filler")
        lots = self.technician.get("/ingredient-lots")["items"]
        active = next(lot for lot in lots if lot["salt_form"])
        fill_up = next(lot for lot in lots if not lot["salt_form"])
        scanned = {"active_lot": active["id"], "filler_lot": fill_up["id"]}
        batch = self.technician.post(f"/batches/{batch['id']}/lots", scanned)
        teller.done(f"{len(batch['working'])} quantities worked out for these very lots")
        return batch

    def _weigh(self, path: str, batch: Json, simulator: BalanceSimulator, balance: str) -> None:
        for target in batch["targets"]:
            item = target["item"]
            self.teller.begin(f"Technician: weighing {item.replace('-', ' ')}")
            simulator.put(mg(target["target_mg"]))
            body = {"item": item, "balance": balance, "ingredient_lot": target["ingredient_lot"]}
            shown = self.technician.post(f"{path}/weighings", body)
            self.verifier.post(f"/weighings/{shown['id']}/verification")
            self.teller.done(
                f"{shown['shown_mg']} mg from the balance, {shown['sign']} {shown['verdict']};"
                " verified by a pharmacist"
            )

    def _prepare(self, path: str, act: str) -> None:
        do_steps(self.technician, path, until=act, teller=self.teller)

    def _blend(self, path: str) -> None:
        self.teller.begin("Technician: blending")
        self.technician.post(f"{path}/blend")
        self.teller.done("geometrically; it dates the batch")

    def _fill(self, path: str, batch: Json) -> None:
        self.teller.begin("Technician: filling")
        shells = self.technician.listed("/shell-lots")[0]
        body = {"shell_lot": shells["id"], "filled": batch["capsules"], "broken": 1}
        filled = self.technician.post(f"{path}/fill", body)
        self.teller.done(
            f"{filled['filled']} capsules, yield {filled['yield_percent']} %,"
            f" use by {filled['beyond_use_on']} ({filled['beyond_use_set_by']})"
        )

    def _test(self, path: str, net: Decimal, simulator: BalanceSimulator, balance: str) -> None:
        self.teller.begin("Technician: weighing ten shells and ten capsules, one by one")
        for _ in SPREAD:
            simulator.put(SHELL)
            self.technician.post(f"{path}/weights", {"kind": "shell", "balance": balance})
        for off in SPREAD:
            simulator.put((SHELL + Mass(net + Decimal(off))).rounded_to(STEP))
            self.technician.post(f"{path}/weights", {"kind": "capsule", "balance": balance})
        judged = self.technician.post(f"{path}/tests", {"test": "release"})["tests"][0]
        result = judged["result"]
        self.teller.done(
            f"{judged['verdict']}; fills {result['lowest_percent']} to"
            f" {result['highest_percent']} % of {result['theoretical_mg']} mg"
        )

    def _release(self, path: str) -> list[str]:
        self.teller.begin("Another pharmacist: releasing the batch, every gate green")
        signed = {"record_sha256": self.releaser.get(path)["record_sha256"]}
        released = self.releaser.post(f"{path}/release", signed)
        name = f"worksheet-{released['batch']['number']}.pdf"
        self.keep(name, self.technician.download(f"/api/v1{path}/worksheet"))
        orders: list[str] = released["orders"]
        self.teller.done(f"{len(orders)} waiting orders got their capsules")
        return orders


def _needed(proposal: Json) -> str:
    return f"{proposal['capsules']} capsules of {proposal['strength_mg']} mg"
