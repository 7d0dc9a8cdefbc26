"""At the balance: the right lots, the live reading, the weight, and the second pair of eyes."""

from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, QueryParameter
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import Balance, Captured, Item, Need, WeightKind
from pharmacy.compounding.operations import Reading, WrongLot
from pharmacy.compounding.rules.tolerance import WORDS, WeighingVerdict, judge
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.forms import Form
from pharmacy.http.vouching import require_vouched
from pharmacy.http.weights import captured, glimpsed
from pharmacy.infra.balances import Glimpse
from pharmacy.infra.db import Database
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import Mass, mg
from pharmacy.kernel.refusals import Refusal
from pharmacy.staff.rules import Permission
from pharmacy.web.console.batch_acts import PATH, CodeForm, Needed, act, scanned_powder
from pharmacy.web.console.batch_page import balance_at, name_of
from pharmacy.web.refusals import sentence
from pharmacy.web.view import Answer, CurrentView, View

BENCH: Final = {"permission": Permission.COMPOUND}
LIVE: Final = {"permission": Permission.COMPOUND, "unattended": True}
"""The display is looked at every second, also while nobody sits there."""
Code = Annotated[str, Meta(pattern=r"^[a-z]{3}_[0-9a-z]{26}$")]
Weight = Annotated[str, Meta(pattern=r"^[0-9]{1,9}(\.[0-9]{1,3})?$")]


class LotsForm(CodeForm, frozen=True):
    """The code of one more lot, and those of naltrexone that were scanned before."""

    lots: Annotated[str, Meta(max_length=400)] = ""


class WeighForm(msgspec.Struct, frozen=True):
    """What is weighed from which lot, on which balance; typed, with who read it too."""

    balance: Code
    item: Item | None = None
    lot: Code | None = None
    kind: WeightKind | None = None
    shown_mg: Weight | None = None
    second: Code | None = None
    second_pin: Annotated[str, Meta(max_length=200)] = ""


class VoidForm(msgspec.Struct, frozen=True):
    """Which weighing counts no longer, and why."""

    weighing: Code
    reason: Needed


@dataclass(frozen=True, slots=True)
class Live:
    """What the display shows, beside what is wanted."""

    balance: Balance | None
    shown: Mass | None = None
    is_steady: bool = False
    trouble: str = ""
    target: Mass | None = None
    within: Mass | None = None
    tone: str = ""
    sign: str = ""
    word: str = ""

    @property
    def off(self) -> Mass | None:
        """Shown less target."""
        return self.shown - self.target if self.shown and self.target else None

    @property
    def low(self) -> Mass | None:
        return self.target - self.within if self.target and self.within else None

    @property
    def high(self) -> Mass | None:
        return self.target + self.within if self.target and self.within else None

    @property
    def place(self) -> int:
        """Where the pointer stands on a scale of 0 to 600, the target at 300, a limit at 60."""
        if self.off is None or self.within is None:
            return 0
        return max(4, min(596, round(300 + self.off.mg * 60 / self.within.mg)))


class WeighingPages(Controller):
    """Weighing into a batch, and the weights of its capsules."""

    path = PATH

    @post("/lots", opt=BENCH, status_code=200, sync_to_thread=True)
    def scan_lots(
        self, batch_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Scan the powders: naltrexone, more of it where one lot is too little, then the filler."""
        given = form.read(LotsForm)
        wanted = ids.decode("bat", batch_id)
        before = [each for each in given.lots.split(",") if each]
        with db.transaction() as session:
            lot = scanned_powder(session, given.code.strip(), view)
            code = ids.encode("ing", lot.id)
            if operations.check_lot(session, wanted, lot.id, now=view.now):
                kept = ",".join([*before, code] if code not in before else before)
                words = f"{name_of(lot).capitalize()}, lot {lot.lot_number}: right"
                return view.go(f"/bench/{batch_id}?lots={kept}", toast=words)
            if not before:
                raise WrongLot("this is the filler; the naltrexone comes first", field="code")
            operations.scan_lots(
                session,
                wanted,
                active_lot_ids=[ids.decode("ing", each) for each in before],
                filler_lot_id=lot.id,
                by=actor,
                now=view.now,
            )
        return view.go(f"/bench/{batch_id}", toast="The sheet is worked out for these lots")

    @post("/source", opt=BENCH, status_code=200, sync_to_thread=True)
    def scan_source(self, batch_id: FromPath[str], form: Form, view: CurrentView, db: Db) -> Answer:
        """Scan what is weighed now: the right lot opens the scale, any other stops the line."""
        code = form.read(CodeForm).code.strip()
        wanted = ids.decode("bat", batch_id)
        with db.transaction() as session:
            lot = scanned_powder(session, code, view)
            batch = queries.get(session, wanted)
            counting = queries.counting(session, batch.id)
            left = [need for need in operations.targets(session, batch) if need not in counting]
            operations.check_lot(session, wanted, lot.id, now=view.now)
            if not left or left[0].lot_id != lot.id:
                what = f"{name_of(lot)}, lot {lot.lot_number}"
                raise WrongLot(f"this is {what}: not what is weighed now", field="code")
        return view.go(f"/bench/{batch_id}?from={ids.encode('ing', lot.id)}")

    @get("/reading", opt=LIVE, sync_to_thread=True)
    def reading(
        self,
        *,
        batch_id: FromPath[str],
        view: CurrentView,
        db: Db,
        item: Annotated[Item | None, QueryParameter(required=False)] = None,
        lot: Annotated[str, QueryParameter(required=False, max_length=40)] = "",
    ) -> Answer:
        """Show what the balance shows now. Nothing of it is written down."""
        with db.transaction() as session:
            balance = balance_at(queries.balances(session), view)
            target, within = _wanted(session, ids.decode("bat", batch_id), item, lot, balance)
            session.expunge_all()
        live = _looked(balance, target, within)
        return view.part("bench/reading.html", live=live)

    @post("/weighings", opt=BENCH, status_code=200, sync_to_thread=True)
    def weigh(
        self, batch_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Write down what the balance shows, or what two people read, for the item at hand."""
        given = form.read(WeighForm)
        reading = _reading(db, given, view)
        if given.item is None:
            return _one_by_one(view, db, batch_id, given, reading)
        lot_id = ids.decode("ing", given.lot) if given.lot else None
        with db.transaction() as session:
            weighing = operations.weigh(
                session,
                ids.decode("bat", batch_id),
                item=given.item,
                lot_id=lot_id,
                reading=reading,
                by=actor,
                now=view.now,
            )
            word, sign = WORDS[weighing.verdict]
            counts = weighing.verdict is WeighingVerdict.WITHIN
        at = f"/bench/{batch_id}" + ("" if counts or not given.lot else f"?from={given.lot}")
        says = "kept" if counts else "not counted; adjust the powder and weigh again"
        return view.go(at, toast=f"{sign} {reading.shown}: {word}; {says}")

    @post(
        "/weighings/{weighing_id:str}/verification",
        opt={"permission": Permission.VERIFY_WEIGHING},
        status_code=200,
        sync_to_thread=True,
    )
    def verify(
        self,
        *,
        batch_id: FromPath[str],
        weighing_id: FromPath[str],
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> Answer:
        """Verify a weighing, as a pharmacist who did not weigh."""

        def do(session: Session, _: UUID) -> object:
            wanted = ids.decode("wgh", weighing_id)
            return operations.verify(session, wanted, by=actor, now=now)

        return act(view, db, batch_id, do, toast="Verified")

    @post("/void", opt=BENCH, status_code=200, sync_to_thread=True)
    def void(
        self, batch_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Make a weighing count no longer; its powder is waste."""
        given = form.read(VoidForm)

        def do(session: Session, _: UUID) -> object:
            wanted = ids.decode("wgh", given.weighing)
            return operations.void(session, wanted, reason=given.reason, by=actor, now=view.now)

        return act(view, db, batch_id, do, toast="Voided; the powder is waste")


def _wanted(
    session: Session, batch_id: UUID, item: Item | None, lot: str, balance: Balance | None
) -> tuple[Mass | None, Mass | None]:
    """Return the target of what is weighed, and how far off it may be on this balance."""
    if item is None or balance is None:
        return None, None
    need = Need(item, ids.decode("ing", lot) if lot else None)
    target = operations.targets(session, queries.get(session, batch_id)).get(need)
    if target is None:
        return None, None
    return target, operations.allowed(session, target, balance)


def _looked(balance: Balance | None, target: Mass | None, within: Mass | None) -> Live:
    """Look at the display; a balance that is away is said in words."""
    if balance is None:
        return Live(None, trouble="No balance is set up. An administrator adds one.")
    try:
        seen = glimpsed(balance)
    except Refusal as refusal:
        return Live(
            balance,
            trouble=f"{sentence(str(refusal))} {refusal.remedy}",
            target=target,
            within=within,
        )
    return _judged(balance, seen, target, within)


def _judged(balance: Balance, seen: Glimpse, target: Mass | None, within: Mass | None) -> Live:
    tone, word, sign = "plain", "moving", "\N{HORIZONTAL ELLIPSIS}"
    if target is not None and within is not None and seen.mass > Mass.ZERO:
        verdict = judge(seen.mass, target=target, within=within).verdict
        word, sign = WORDS[verdict]
        tone = {WeighingVerdict.WITHIN: "good", WeighingVerdict.TOO_LITTLE: "warn"}.get(
            verdict, "bad"
        )
    elif seen.is_steady:
        word, sign = ("ready", "\N{WHITE CIRCLE}") if not seen.mass.mg else ("steady", "=")
    return Live(
        balance,
        shown=seen.mass,
        is_steady=seen.is_steady,
        target=target,
        within=within,
        tone=tone,
        sign=sign,
        word=word,
    )


def _reading(db: Database, given: WeighForm, view: View) -> Reading:
    """Return a typed weight with its second reader, or ask the balance itself."""
    balance_id = ids.decode("bal", given.balance)
    if given.shown_mg is None:
        return captured(db, balance_id)
    second_by = ids.decode("acc", given.second) if given.second else None
    if second_by is not None:
        require_vouched(
            db, second_by, pin=given.second_pin, field="second_pin", by=view.actor, now=view.now
        )
    return Reading(
        balance_id=balance_id,
        shown=mg(given.shown_mg),
        captured=Captured.TYPED,
        second_by=second_by,
    )


def _one_by_one(
    view: View, db: Database, batch_id: str, given: WeighForm, reading: Reading
) -> Answer:
    """Keep the weight of one shell or capsule."""
    kind = given.kind or WeightKind.CAPSULE

    def do(session: Session, wanted: UUID) -> object:
        return operations.weigh_capsules(
            session, wanted, kind=kind, readings=[reading], by=view.actor, now=view.now
        )

    return act(view, db, batch_id, do, toast=f"{kind.capitalize()}: {reading.shown}")
