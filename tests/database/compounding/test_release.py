"""What keeps a batch from being released, and stops it afterwards."""

from collections.abc import Callable

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from pharmacy.compounding import operations
from pharmacy.compounding.models import (
    Batch,
    Item,
    Outcome,
    Weighing,
)
from pharmacy.compounding.rules.life import (
    BatchNotReleasable,
)
from pharmacy.inventory.models import CapsuleLot, LotStatus
from pharmacy.staff.rules import SecondPersonNeeded
from tests.conftest import NOW
from tests.factories.compounding import Laboratory


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


def test_whoever_made_it_does_not_release_it(laboratory: Laboratory) -> None:
    batch = laboratory.plan()
    laboratory.technician = laboratory.second
    laboratory.filled(batch)
    laboratory.tested(batch)

    with pytest.raises(SecondPersonNeeded):
        operations.release(laboratory.session, batch.id, by=laboratory.second, now=NOW)


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
