"""A batch from plan to release, and everything that keeps it from there."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import (
    Batch,
    Captured,
    Item,
    Outcome,
    Weighing,
    WeightKind,
)
from pharmacy.compounding.operations import Reading, Trial
from pharmacy.compounding.operations.planning import (
    AnticipationTooLarge,
    BatchTooLarge,
    LotsInUse,
    WrongLot,
)
from pharmacy.compounding.operations.steps import PersonNeeded
from pharmacy.compounding.operations.weighing import (
    BalanceOverdue,
    ItemNotNeeded,
    LotsNotScanned,
    SecondReaderNeeded,
    WeighedAlready,
    WeighingNotVerifiable,
)
from pharmacy.compounding.rules.life import (
    BatchMoveNotAllowed,
    BatchNotReleasable,
    BatchStatus,
)
from pharmacy.compounding.rules.tolerance import WeighingVerdict, WeightNotShown
from pharmacy.inventory.models import CapsuleLot, LotStatus
from pharmacy.inventory.rules.lots import LotNotUsable
from pharmacy.kernel.quantities import mg
from pharmacy.staff.rules import OPERATOR, PermissionMissing, SecondPersonNeeded
from tests.conftest import NOW
from tests.factories.compounding import PASSING, SHELL, Laboratory, make_balance


@pytest.fixture
def laboratory(session: Session) -> Laboratory:
    return Laboratory(session)


def test_powder_becomes_capsules_that_may_be_dispensed(laboratory: Laboratory) -> None:
    """domain.md 2.11 (4.5 mg): 469.11 mg of powder; BUD of 2 March 2026, day one counted."""
    batch = laboratory.released()

    lot = laboratory.session.get_one(CapsuleLot, batch.capsule_lot_id)
    assert (batch.status, lot.status) == (BatchStatus.RELEASED, LotStatus.RELEASED)
    assert (lot.lot_number, lot.made, lot.strength_ug) == (batch.number, 100, 4_500)
    assert lot.beyond_use_on == date(2026, 8, 28)
    assert batch.beyond_use_set_by == "limit"
    assert laboratory.active.on_hand_ug == 25_000_000 - 469_000
    assert laboratory.filler.on_hand_ug == 500_000_000 - 22_589_000
    assert laboratory.shells.on_hand == 10_000 - 102


def test_too_little_powder_is_weighed_as_a_trituration(laboratory: Laboratory) -> None:
    """domain.md 2.11 (0.5 mg): 52.12 mg is below 120 mg; three times as much, and a third of it."""
    batch = laboratory.weighed(laboratory.plan(500))

    counting = queries.counting(laboratory.session, batch.id)
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
        operations.targets(batch)
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


def test_the_command_line_makes_no_batch(laboratory: Laboratory) -> None:
    with pytest.raises(PersonNeeded):
        laboratory.plan(by=OPERATOR)


def test_steps_are_taken_in_order(laboratory: Laboratory) -> None:
    batch = laboratory.scan(laboratory.plan())
    with pytest.raises(BatchMoveNotAllowed):
        operations.blend(laboratory.session, batch.id, by=laboratory.technician, now=NOW)
    with pytest.raises(BatchMoveNotAllowed):
        operations.release(laboratory.session, batch.id, by=laboratory.second, now=NOW)


def test_capsules_that_differ_too_much_are_looked_into(laboratory: Laboratory) -> None:
    batch = laboratory.filled(laboratory.plan())

    found = laboratory.tested(batch, (*PASSING[:9], "190.0"))

    assert found.verdict == "failed"
    assert batch.status is BatchStatus.QUARANTINED
    with pytest.raises(BatchMoveNotAllowed):
        operations.release(laboratory.session, batch.id, by=laboratory.second, now=NOW)


@pytest.mark.parametrize("outcome", [Outcome.CLEARED, Outcome.REWORKED])
def test_what_failed_is_weighed_anew_and_not_averaged_away(
    laboratory: Laboratory, outcome: Outcome
) -> None:
    batch = laboratory.filled(laboratory.plan())
    laboratory.tested(batch, (*PASSING[:9], "190.0"))

    operations.conclude(
        laboratory.session,
        batch.id,
        outcome=outcome,
        findings="a shell was weighed wet",
        by=laboratory.second,
        now=NOW,
    )

    assert (batch.status, batch.round_no) == (BatchStatus.FILLED, 2)
    assert queries.weights(laboratory.session, batch, WeightKind.CAPSULE) == []
    with pytest.raises(BatchNotReleasable) as refused:
        operations.release(laboratory.session, batch.id, by=laboratory.second, now=NOW)
    assert refused.value.facts["gates"] == ["release-test"]
    laboratory.tested(batch)
    operations.release(laboratory.session, batch.id, by=laboratory.second, now=NOW)


def test_a_yield_that_is_off_is_looked_into(laboratory: Laboratory) -> None:
    """domain.md 7.4: more than 5 % either way; 95 of 100 are not."""
    assert laboratory.filled(laboratory.plan(), 95).status is BatchStatus.FILLED
    assert laboratory.filled(laboratory.plan(), 94).status is BatchStatus.QUARANTINED


def test_scrapped_capsules_are_destroyed_and_counted(laboratory: Laboratory) -> None:
    batch = laboratory.filled(laboratory.plan())

    operations.scrap(
        laboratory.session, batch.id, reason="wrong colour", by=laboratory.second, now=NOW
    )

    lot = laboratory.session.get_one(CapsuleLot, batch.capsule_lot_id)
    assert (batch.status, lot.status, lot.on_hand) == (
        BatchStatus.REJECTED,
        LotStatus.REJECTED,
        0,
    )


def test_a_released_batch_is_stopped_and_cleared(laboratory: Laboratory) -> None:
    batch = laboratory.released()
    operations.quarantine(
        laboratory.session, batch.id, reason="a complaint", by=laboratory.pharmacist, now=NOW
    )
    lot = laboratory.session.get_one(CapsuleLot, batch.capsule_lot_id)
    assert lot.status is LotStatus.QUARANTINED

    operations.conclude(
        laboratory.session,
        batch.id,
        outcome=Outcome.CLEARED,
        findings="the vial was another pharmacy's",
        by=laboratory.pharmacist,
        now=NOW,
    )
    operations.release(laboratory.session, batch.id, by=laboratory.second, now=NOW)

    assert lot.status is LotStatus.RELEASED


def test_a_recalled_component_keeps_the_gate_shut(laboratory: Laboratory) -> None:
    batch = laboratory.made()
    laboratory.filler.status = LotStatus.RECALLED
    laboratory.session.flush()

    with pytest.raises(BatchNotReleasable) as refused:
        operations.release(laboratory.session, batch.id, by=laboratory.second, now=NOW)

    assert refused.value.facts["gates"] == ["components"]


def test_the_first_component_to_expire_sets_the_date(laboratory: Laboratory) -> None:
    """domain.md V20, with shells that expire first."""
    laboratory.shells = laboratory.shell_lot(lot_number="SOON", expires_on=date(2026, 5, 31))

    batch = laboratory.filled(laboratory.plan())

    assert (batch.beyond_use_on, batch.beyond_use_set_by) == (date(2026, 5, 31), "SOON")


def test_whoever_made_it_does_not_release_it(laboratory: Laboratory) -> None:
    batch = laboratory.plan()
    laboratory.technician = laboratory.second
    laboratory.filled(batch)
    laboratory.tested(batch)

    with pytest.raises(SecondPersonNeeded):
        operations.release(laboratory.session, batch.id, by=laboratory.second, now=NOW)


def test_nothing_is_made_beyond_orders_without_a_history(laboratory: Laboratory) -> None:
    """domain.md 3.1."""
    with pytest.raises(AnticipationTooLarge) as refused:
        laboratory.plan(beyond_orders=10, justification="for the holidays")
    assert refused.value.facts["most"] == 0
    with pytest.raises(BatchTooLarge):
        laboratory.plan(capsules=1_001)


def break_weighings(laboratory: Laboratory, batch: Batch) -> None:
    laboratory.session.execute(text("alter table weighings disable trigger append_only"))
    laboratory.session.execute(
        update(Weighing)
        .where(Weighing.item == Item.ACTIVE)
        .values(verified_by=None, verified_at=None)
    )


def break_test(laboratory: Laboratory, batch: Batch) -> None:
    batch.round_no = 2
    laboratory.session.flush()


@pytest.mark.parametrize(
    ("spoil", "constraint"),
    [(break_weighings, "not verified"), (break_test, "release test")],
)
def test_the_database_too_releases_only_what_is_sound(
    laboratory: Laboratory, spoil: Callable[[Laboratory, Batch], None], constraint: str
) -> None:
    batch = laboratory.made()
    spoil(laboratory, batch)

    with pytest.raises(IntegrityError, match=constraint):
        laboratory.session.execute(
            update(Batch).values(
                status="released", released_by=laboratory.second.id, released_at=NOW
            )
        )


def test_the_database_knows_who_is_a_pharmacist(laboratory: Laboratory) -> None:
    laboratory.made()

    with pytest.raises(IntegrityError, match="only a pharmacist"):
        laboratory.session.execute(
            update(Batch).values(
                status="released", released_by=laboratory.colleague.id, released_at=NOW
            )
        )


def test_a_weighing_is_never_changed(laboratory: Laboratory) -> None:
    laboratory.weigh(laboratory.scan(laboratory.plan()), Item.ACTIVE)

    with pytest.raises(IntegrityError, match="append-only"):
        laboratory.session.execute(update(Weighing).values(shown_ug=470_000))


def test_every_test_of_the_reference_can_be_chosen(laboratory: Laboratory) -> None:
    batch = laboratory.filled(laboratory.plan())
    laboratory.put_on_balance(batch, WeightKind.SHELL, *[SHELL] * 10)
    laboratory.put_on_balance(batch, WeightKind.CAPSULE, *(SHELL + mg(net) for net in PASSING * 2))
    contents = [Decimal("98.7")] * 10

    for kind in Trial:
        of_content = kind in {Trial.USP_905, Trial.POTENCY}
        found = operations.judge(
            laboratory.session,
            batch.id,
            kind=kind,
            contents=contents if of_content else (),
            by=laboratory.technician,
            now=NOW,
        )
        assert found.verdict == "passed", kind


def test_every_movement_of_a_batch_balances(laboratory: Laboratory) -> None:
    laboratory.released()
    laboratory.released(500)
    sums = laboratory.session.execute(
        text("""
            select sum(quantity_ug) filter (where kind = 'received')
                 - sum(quantity_ug) filter (where kind <> 'received')
            from ingredient_moves
        """)
    ).scalar_one()

    on_hand = laboratory.active.on_hand_ug + laboratory.filler.on_hand_ug
    assert sums == on_hand
    assert len(laboratory.session.scalars(select(CapsuleLot)).all()) == 2
