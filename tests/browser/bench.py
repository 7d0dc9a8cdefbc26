"""Batches at every point of their lives, powder, and orders that wait for capsules."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from sqlalchemy import select, text, update

from pharmacy.compounding import operations
from pharmacy.compounding.models import (
    Balance,
    Batch,
    Item,
    SampleCause,
    SampleKind,
    WeightKind,
)
from pharmacy.formulary import operations as formulary
from pharmacy.formulary.rules.formulation import Formula
from pharmacy.formulary.rules.usual_record import usual_record
from pharmacy.inventory import operations as inventory
from pharmacy.inventory.rules.lots import IngredientLotFacts, ShellLotFacts
from pharmacy.kernel.quantities import mg
from pharmacy.orders import operations as orders
from pharmacy.orders.rules import Status
from pharmacy.recalls import operations as recalls
from pharmacy.recalls.rules.timers import LotKind
from pharmacy.staff.models import Account
from pharmacy.staff.rules import Actor, Role
from tests.browser.people import NAMES
from tests.browser.recalled import stock_a_recall
from tests.factories.compounding import NOW, SHELL, Laboratory
from tests.factories.orders import Bench
from tests.factories.patients import make_patient

"""The balance at the bench. What a test puts on it is what every page shows."""
FAILING = ("228", "229", "199", "230", "231", "228", "229", "230", "228", "231")


def stock_bench(bench: Bench, *, port: int) -> None:
    """Fill the pages of the bench, whose balances answer on a port of this machine."""
    session = bench.session
    _orders_that_wait(bench)
    lab = Laboratory.beside(session)
    for balance, name in ((lab.balance, "Bench balance"), (lab.fine, "Fine balance")):
        session.execute(
            update(Balance)
            .where(Balance.id == balance.id)
            .values(name=name, host="127.0.0.1", port=port)
        )
    _lots_that_wait(lab)
    for number, stand in enumerate(STANDS):
        batch = lab.plan(4_500, 100 + number, is_prepared=stand is not _untouched)
        stand(lab, batch)
        session.flush()
    stock_a_recall(bench, lab)


def _orders_that_wait(bench: Bench) -> None:
    """Two orders of one strength plan come while no capsule lot lasts long enough for them."""
    session = bench.session
    session.execute(
        text("create temporary table kept as select id, beyond_use_on from capsule_lots")
    )
    session.execute(
        text("update capsule_lots set beyond_use_on = :soon"),
        {"soon": bench.now.date() + timedelta(days=4)},  # two nights of the first step
    )
    for number, (family, given) in enumerate((("Okafor", "Chidi"), ("Petrova", "Yana"))):
        patient = make_patient(
            session, identifier_value=f"MRN-W{number}", family=family, given=given
        )
        order = bench.order(Status.PLANNED, patient=patient)
        order.due_at = bench.now + timedelta(hours=20 + number)
        orders.allocate(session, order.id, by=bench.technician, now=bench.now)
    session.execute(
        text(
            "update capsule_lots set beyond_use_on = kept.beyond_use_on"
            " from kept where kept.id = capsule_lots.id"
        )
    )
    session.execute(text("drop table kept"))


def _lots_that_wait(lab: Laboratory) -> None:
    """A lot of each kind in quarantine, one that is recalled, and a formula for a second look."""
    session, now = lab.session, NOW
    facts = IngredientLotFacts(
        ingredient="naltrexone-hydrochloride",
        lot_number="NTX-2606",
        manufacturer="Example Chemicals",
        amount=mg(25_000),
        received_on=now.date(),
        expires_on=now.date() + timedelta(days=900),
        salt_form="hcl-dihydrate",
        assay_pct=Decimal("99.6"),
        assay_basis="anhydrous",
        water_pct=Decimal("8.4"),
    )
    lot = inventory.receive_ingredient_lot(session, facts, by=lab.technician, now=now)
    papers = b"%PDF-1.4 certificate of NTX-2606"
    inventory.store_certificate(session, lot.id, papers, by=lab.technician, now=now)
    recalled = lab.powder("microcrystalline-cellulose", packs="225", amount="500000")
    recalls.open_recall(
        session,
        LotKind.INGREDIENT,
        recalled.id,
        reason="Its maker found metal in it.",
        serious=True,
        notice_at=now,
        by=lab.second,
        now=now,
    )
    shells = ShellLotFacts(
        maker="icapsulepack",
        lot_number="SH-2606",
        capsule_size="3",
        description="white capsule",
        received=10_000,
        received_on=now.date(),
    )
    inventory.receive_shell_lot(session, shells, by=lab.technician, now=now)
    formula = Formula(
        strength_ug=2_000,
        size="3",
        filler="microcrystalline-cellulose",
        description="white capsule",
        overage=Decimal("0.03"),
        beyond_use_days=180,
    )
    reason = "A step of 2 mg that two clinics ask for."
    formulary.propose(
        session, formula, usual_record(formula), reason=reason, by=lab.second, now=now
    )
    draft = replace(formula, strength_ug=2_500)
    found = select(Account.id).where(Account.username == NAMES[Role.PHARMACIST][0])
    writer = Actor(session.scalars(found).one(), "staff", frozenset({Role.PHARMACIST}))
    later = now + timedelta(minutes=1)
    formulary.propose(
        session, draft, usual_record(draft), reason="A step between.", by=writer, now=later
    )


def _untouched(_: Laboratory, __: Batch) -> None:
    """Nothing was done."""


def _prepared(_: Laboratory, __: Batch) -> None:
    """The room is clean; the lots are to be scanned."""


def _scanned(lab: Laboratory, batch: Batch) -> None:
    lab.scan(batch)


def _half_weighed(lab: Laboratory, batch: Batch) -> None:
    lab.scan(batch)
    lab.weigh(batch, Item.ACTIVE)


def _to_verify(lab: Laboratory, batch: Batch) -> None:
    _half_weighed(lab, batch)
    lab.weigh(batch, Item.FILLER)


def _called(lab: Laboratory, batch: Batch) -> None:
    lab.weighed(batch)
    operations.call_pharmacist(
        lab.session,
        batch.id,
        2,
        question="The filler looks grey at the rim. Go on?",
        by=lab.technician,
        now=NOW,
    )


def _timed(lab: Laboratory, batch: Batch) -> None:
    lab.weighed(batch)
    lab.do_step(batch, "weigh")
    operations.blend(lab.session, batch.id, by=lab.technician, now=NOW)
    operations.start_timer(lab.session, batch.id, 3, by=lab.technician, now=NOW)


def _shells_weighed(lab: Laboratory, batch: Batch) -> None:
    lab.filled(batch)
    lab.put_on_balance(batch, WeightKind.SHELL, *[SHELL] * 10)
    nets = ("228", "231", "226", "229")
    lab.put_on_balance(batch, WeightKind.CAPSULE, *(SHELL + mg(net) for net in nets))


def _made(lab: Laboratory, batch: Batch) -> None:
    lab.filled(batch)
    lab.tested(batch)


def _at_the_laboratory(lab: Laboratory, batch: Batch) -> None:
    _made(lab, batch)
    for kind, capsules in ((SampleKind.UNIFORMITY, 30), (SampleKind.ASSAY, 10)):
        sample = operations.send_sample(
            lab.session,
            batch.id,
            kind=kind,
            cause=SampleCause.NEW_FORMULATION,
            capsules=capsules,
            laboratory="Example Analytics",
            by=lab.second,
            now=NOW,
        )
    operations.record_result(
        lab.session,
        sample.id,
        contents=[Decimal("99.4")],
        document=b"%PDF-1.4 what Example Analytics found",
        by=lab.second,
        now=NOW,
    )


def _failed(lab: Laboratory, batch: Batch) -> None:
    lab.filled(batch)
    lab.tested(batch, FAILING)


STANDS = (
    _untouched,
    _prepared,
    _scanned,
    _half_weighed,
    _to_verify,
    _called,
    _timed,
    _shells_weighed,
    _made,
    _failed,
    _at_the_laboratory,
)
"""Each batch is one capsule more than the one before, from a hundred: so tests name them."""
