"""Weighing: which lot, on which balance, by whom, and who verifies it."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import (
    Captured,
    Item,
    Weighing,
)
from pharmacy.compounding.operations import Reading
from pharmacy.compounding.operations.planning import (
    LotsInUse,
    WrongLot,
)
from pharmacy.compounding.operations.weighing import (
    BalanceOverdue,
    ItemNotNeeded,
    LotsNotScanned,
    SecondReaderNeeded,
    WeighedAlready,
    WeighingNotVerifiable,
)
from pharmacy.compounding.rules.life import (
    BatchStatus,
)
from pharmacy.compounding.rules.tolerance import WeighingVerdict, WeightNotShown
from pharmacy.inventory.models import LotStatus
from pharmacy.inventory.rules.lots import LotNotUsable
from pharmacy.kernel.quantities import mg
from pharmacy.staff.rules import PermissionMissing, SecondPersonNeeded
from tests.conftest import NOW
from tests.factories.compounding import Laboratory, make_balance


def test_too_little_powder_is_weighed_as_a_trituration(laboratory: Laboratory) -> None:
    """domain.md 2.11 (0.5 mg): 52.12 mg is below 120 mg; three times as much, and a third of it."""
    batch = laboratory.weighed(laboratory.plan(500))

    counting = {
        need.item: weighing
        for need, weighing in queries.counting(laboratory.session, batch.id).items()
    }
    assert set(counting) == {
        Item.TRITURATION_ACTIVE,
        Item.TRITURATION_DILUENT,
        Item.TRITURATION_PART,
        Item.FILLER,
    }
    assert counting[Item.TRITURATION_ACTIVE].shown_ug == 156_000
    assert batch.status is BatchStatus.WEIGHED


def test_another_lot_is_another_sheet(laboratory: Laboratory) -> None:
    """domain.md V13: 463.5 mg of a dihydrate (99.5 %, 8.6 % water) take 509.66 mg."""
    batch = laboratory.scan(laboratory.plan())
    assert batch.sheet is not None
    assert batch.sheet["weigh_mg"] == "469"
    dihydrate = laboratory.powder(
        "naltrexone-hydrochloride",
        packs="180",
        amount="25000",
        salt_form="hcl-dihydrate",
        assay_pct=Decimal("99.5"),
        assay_basis="anhydrous",
        water_pct=Decimal("8.6"),
    )

    laboratory.scan(batch, active=dihydrate)

    assert batch.sheet["active_mg"] == "509.66"
    assert batch.sheet["weigh_mg"] == "510"


def test_lots_change_only_while_nothing_of_them_counts(laboratory: Laboratory) -> None:
    batch = laboratory.scan(laboratory.plan())
    weighing = laboratory.weigh(batch, Item.ACTIVE)
    with pytest.raises(LotsInUse):
        laboratory.scan(batch)

    operations.void(
        laboratory.session, weighing.id, reason="spilt", by=laboratory.technician, now=NOW
    )
    laboratory.scan(batch)

    assert laboratory.active.on_hand_ug == 25_000_000 - 469_000, "what was spilt stays gone"


def test_a_weight_out_of_tolerance_is_kept_and_does_not_count(laboratory: Laboratory) -> None:
    """1 % of 469 mg is 4.69 mg: 473 is within, 474 is too much."""
    batch = laboratory.scan(laboratory.plan())

    off = laboratory.weigh(batch, Item.ACTIVE, mg(474))
    with pytest.raises(WeighingNotVerifiable):
        operations.verify(laboratory.session, off.id, by=laboratory.pharmacist, now=NOW)
    good = laboratory.weigh(batch, Item.ACTIVE, mg(473))

    assert (off.verdict, good.verdict) == (WeighingVerdict.TOO_MUCH, WeighingVerdict.WITHIN)
    assert laboratory.active.on_hand_ug == 25_000_000 - 473_000
    with pytest.raises(WeighedAlready):
        laboratory.weigh(batch, Item.ACTIVE)


def test_a_wrong_lot_stops_before_anything_is_weighed(laboratory: Laboratory) -> None:
    batch = laboratory.plan()
    with pytest.raises(LotsNotScanned):
        operations.targets(laboratory.session, batch)
    with pytest.raises(WrongLot):
        laboratory.scan(batch, active=laboratory.filler)
    laboratory.scan(batch)
    with pytest.raises(WrongLot):
        operations.weigh(
            laboratory.session,
            batch.id,
            item=Item.ACTIVE,
            lot_id=laboratory.filler.id,
            reading=laboratory.reading(mg(469)),
            by=laboratory.technician,
            now=NOW,
        )
    with pytest.raises(KeyError):
        laboratory.weigh(batch, Item.TRITURATION_PART)
    with pytest.raises(ItemNotNeeded):
        operations.weigh(
            laboratory.session,
            batch.id,
            item=Item.TRITURATION_PART,
            lot_id=None,
            reading=laboratory.reading(mg(120)),
            by=laboratory.technician,
            now=NOW,
        )


def test_a_quarantined_or_empty_lot_is_not_scanned(laboratory: Laboratory) -> None:
    batch = laboratory.plan()
    small = laboratory.powder(
        "naltrexone-hydrochloride",
        packs="180",
        amount="400",
        salt_form="hcl-anhydrous",
        assay_pct=Decimal("99.2"),
        assay_basis="anhydrous",
        water_pct=Decimal("0.4"),
    )
    with pytest.raises(LotNotUsable) as refused:
        laboratory.scan(batch, active=small)
    assert refused.value.facts["reason"] == "active-lot-too-small"

    small.status = LotStatus.QUARANTINED
    with pytest.raises(LotNotUsable):
        laboratory.scan(batch, active=small)


def test_a_balance_weighs_what_it_can_and_while_it_is_verified(laboratory: Laboratory) -> None:
    batch = laboratory.scan(laboratory.plan())
    overdue = make_balance(
        laboratory.session, verified_on=date(2025, 1, 1), due_on=date(2026, 3, 1)
    )
    for balance, shown, refusal in (
        (overdue, mg(469), BalanceOverdue),
        (laboratory.balance, mg("469.5"), WeightNotShown),
        (laboratory.balance, mg(0), WeightNotShown),
    ):
        with pytest.raises(refusal):
            operations.weigh(
                laboratory.session,
                batch.id,
                item=Item.ACTIVE,
                lot_id=laboratory.active.id,
                reading=laboratory.reading(shown, balance=balance),
                by=laboratory.technician,
                now=NOW,
            )


def test_a_typed_weight_is_read_by_two(laboratory: Laboratory) -> None:
    batch = laboratory.scan(laboratory.plan())

    def typed(second: object) -> Weighing:
        reading = Reading(
            balance_id=laboratory.balance.id,
            shown=mg(469),
            captured=Captured.TYPED,
            second_by=second,
        )
        return operations.weigh(
            laboratory.session,
            batch.id,
            item=Item.ACTIVE,
            lot_id=laboratory.active.id,
            reading=reading,
            by=laboratory.technician,
            now=NOW,
        )

    for nobody in (None, laboratory.technician.id, batch.id):
        with pytest.raises(SecondReaderNeeded):
            typed(nobody)
    weighing = typed(laboratory.second.id)
    with pytest.raises(SecondPersonNeeded):
        operations.verify(laboratory.session, weighing.id, by=laboratory.second, now=NOW)


def test_nobody_verifies_their_own_weighing(laboratory: Laboratory) -> None:
    batch = laboratory.scan(laboratory.plan())
    weighing = laboratory.weigh(batch, Item.ACTIVE, by=laboratory.pharmacist)

    with pytest.raises(SecondPersonNeeded):
        operations.verify(laboratory.session, weighing.id, by=laboratory.pharmacist, now=NOW)
    with pytest.raises(PermissionMissing):
        operations.verify(laboratory.session, weighing.id, by=laboratory.technician, now=NOW)
    with pytest.raises(IntegrityError, match="verifier_is_another"):
        laboratory.session.execute(
            update(Weighing).values(verified_by=Weighing.weighed_by, verified_at=NOW)
        )


def test_a_weighing_is_never_changed(laboratory: Laboratory) -> None:
    laboratory.weigh(laboratory.scan(laboratory.plan()), Item.ACTIVE)

    with pytest.raises(IntegrityError, match="append-only"):
        laboratory.session.execute(update(Weighing).values(shown_ug=470_000))
