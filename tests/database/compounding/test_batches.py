"""A batch from plan to shelf, and what happens on the way."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import select, text

from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import (
    Outcome,
    WeightKind,
)
from pharmacy.compounding.operations import Trial
from pharmacy.compounding.operations.planning import (
    AnticipationTooLarge,
    BatchTooLarge,
)
from pharmacy.compounding.operations.steps import PersonNeeded
from pharmacy.compounding.rules.life import (
    BatchMoveNotAllowed,
    BatchNotReleasable,
    BatchStatus,
)
from pharmacy.inventory.models import CapsuleLot, LotStatus
from pharmacy.kernel.quantities import mg
from pharmacy.staff.rules import OPERATOR
from tests.conftest import NOW
from tests.factories.compounding import PASSING, SHELL, Laboratory


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
    assert refused.value.facts["gates"] == ["steps", "release-test"]
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


def test_the_first_component_to_expire_sets_the_date(laboratory: Laboratory) -> None:
    """domain.md V20, with shells that expire first."""
    laboratory.shells = laboratory.shell_lot(lot_number="SOON", expires_on=date(2026, 5, 31))

    batch = laboratory.filled(laboratory.plan())

    assert (batch.beyond_use_on, batch.beyond_use_set_by) == (date(2026, 5, 31), "SOON")


def test_nothing_is_made_beyond_orders_without_a_history(laboratory: Laboratory) -> None:
    """domain.md 3.1."""
    with pytest.raises(AnticipationTooLarge) as refused:
        laboratory.plan(beyond_orders=10, justification="for the holidays")
    assert refused.value.facts["most"] == 0
    with pytest.raises(BatchTooLarge):
        laboratory.plan(capsules=1_001)


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
