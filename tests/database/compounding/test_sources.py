"""What naltrexone is weighed from: several lots of one salt form, or a stock trituration."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import Batch, Item
from pharmacy.compounding.operations.planning import WrongLot
from pharmacy.compounding.operations.stock_triturations import make_trituration
from pharmacy.compounding.rules.bench import PackingMissing
from pharmacy.compounding.rules.correction import NotEnoughPowder, SaltFormsMixed
from pharmacy.compounding.rules.life import BatchStatus
from pharmacy.compounding.rules.sources import TriturationAlone
from pharmacy.inventory import operations as inventory
from pharmacy.inventory.models import IngredientLot, LotComponent
from pharmacy.kernel.quantities import mg
from tests.conftest import NOW
from tests.factories.compounding import ANHYDROUS, Laboratory


def powder(laboratory: Laboratory, amount: str, **facts: Any) -> IngredientLot:
    values = ANHYDROUS | facts
    return laboratory.powder("naltrexone-hydrochloride", packs="180", amount=amount, **values)


def stock(laboratory: Laboratory, active: str = "1012.113", diluent: str = "8987.887") -> Any:
    """10 g of one in ten: 1,000 mg of label in 10,000 mg of mixture."""
    lot = make_trituration(
        laboratory.session,
        lot_number="STOCK-1",
        active_lot_id=laboratory.active.id,
        diluent_lot_id=laboratory.filler.id,
        active=mg(active),
        diluent=mg(diluent),
        made_on=date(2026, 3, 2),
        by=laboratory.technician,
        now=NOW,
    )
    inventory.record_packing(
        laboratory.session,
        lot.id,
        capsule_size="3",
        fill_mg=Decimal(220),
        measured_on=date(2026, 3, 2),
        by=laboratory.technician,
        now=NOW,
    )
    return inventory.release_ingredient_lot(
        laboratory.session, lot.id, by=laboratory.pharmacist, now=NOW
    )


def shares(batch: Batch) -> list[tuple[str, str]]:
    assert batch.sheet is not None
    return [(share["weigh_mg"], share["label_mg"]) for share in batch.sheet["shares"]]


def test_the_second_lot_gives_what_the_first_has_not(laboratory: Laboratory) -> None:
    """
    domain.md 2.11 and E7: 463.5 mg of label, 300 mg of lot A with f 1.012113 hold 296.410 mg.

    Lot B, of 99.5 % and 0.2 % water, has f = 1 / (0.995 x 0.998) = 1.007049, so that the other
    167.090 mg of label are 168.268 mg of it; the balance shows whole milligrams.
    """
    first = powder(laboratory, "300")
    second = powder(laboratory, "5000", assay_pct=Decimal("99.5"), water_pct=Decimal("0.2"))
    batch = laboratory.scan(laboratory.plan(), second, active=first)

    assert shares(batch) == [("300", "296.41"), ("168", "167.09")]
    targets = operations.targets(laboratory.session, batch)
    assert [(need.item, need.lot_id, str(mass)) for need, mass in targets.items()][:2] == [
        (Item.ACTIVE, first.id, "300 mg"),
        (Item.ACTIVE, second.id, "168 mg"),
    ]
    laboratory.filled(batch)
    laboratory.tested(batch)
    operations.release(laboratory.session, batch.id, by=laboratory.second, now=NOW)

    laboratory.session.refresh(first)
    laboratory.session.refresh(second)
    assert (first.on_hand_ug, second.on_hand_ug) == (0, 4_832_000)
    held = select(LotComponent.ingredient_lot_id).where(
        LotComponent.capsule_lot_id == batch.capsule_lot_id
    )
    assert {first.id, second.id} < set(laboratory.session.scalars(held))


def test_every_lot_is_weighed_before_the_batch_is(laboratory: Laboratory) -> None:
    first, second = powder(laboratory, "300"), powder(laboratory, "5000")
    batch = laboratory.scan(laboratory.plan(), second, active=first)
    active, other, fill_up = operations.targets(laboratory.session, batch)
    for need in (active, fill_up):
        weighing = laboratory.weigh_need(batch, need)
        operations.verify(laboratory.session, weighing.id, by=laboratory.pharmacist, now=NOW)
    assert batch.status is BatchStatus.WEIGHING

    weighing = laboratory.weigh_need(batch, other)
    operations.verify(laboratory.session, weighing.id, by=laboratory.pharmacist, now=NOW)

    assert batch.status is BatchStatus.WEIGHED


def test_salt_forms_are_not_mixed_and_lots_are_enough(laboratory: Laboratory) -> None:
    first = powder(laboratory, "300")
    dihydrate = powder(laboratory, "5000", salt_form="hcl-dihydrate", water_pct=Decimal("8.6"))
    little = powder(laboratory, "121")
    batch = laboratory.plan()
    with pytest.raises(SaltFormsMixed):
        laboratory.scan(batch, dihydrate, active=first)
    with pytest.raises(NotEnoughPowder):
        laboratory.scan(batch, little, active=first)
    with pytest.raises(WrongLot):
        laboratory.scan(batch, first, active=first)

    assert batch.sheet is None


def test_a_stock_trituration_was_corrected_when_it_was_made(laboratory: Laboratory) -> None:
    """domain.md 2.7: 0.5 mg x 100 x 1.03 = 51.5 mg of label are 515 mg of one in ten."""
    mixture = stock(laboratory)
    batch = laboratory.scan(laboratory.plan(500), active=mixture)

    assert batch.sheet is not None
    assert (batch.sheet["trituration"], batch.sheet["weigh_mg"]) == (None, "515")
    laboratory.filled(batch)
    laboratory.tested(batch)
    operations.release(laboratory.session, batch.id, by=laboratory.second, now=NOW)
    assert queries.active_lot_ids(laboratory.session, batch.id) == [mixture.id]


def test_a_stock_trituration_is_the_only_source(laboratory: Laboratory) -> None:
    mixture = stock(laboratory)

    with pytest.raises(TriturationAlone):
        laboratory.scan(laboratory.plan(500), laboratory.active, active=mixture)


def test_a_lot_that_nobody_packed_is_not_shared(laboratory: Laboratory) -> None:
    first = powder(laboratory, "300")
    unpacked = make_trituration(
        laboratory.session,
        lot_number="STOCK-2",
        active_lot_id=laboratory.active.id,
        diluent_lot_id=laboratory.filler.id,
        active=mg(1000),
        diluent=mg(9000),
        made_on=date(2026, 3, 2),
        by=laboratory.technician,
        now=NOW,
    )
    inventory.release_ingredient_lot(
        laboratory.session, unpacked.id, by=laboratory.pharmacist, now=NOW
    )
    with pytest.raises(PackingMissing):
        laboratory.scan(laboratory.plan(), unpacked, active=first)
