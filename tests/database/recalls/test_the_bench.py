"""A recall reaches batches wherever they stand: on the bench, filled or released."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy import invariants
from pharmacy.compounding import operations as compounding
from pharmacy.compounding import queries as batches
from pharmacy.compounding.models import Batch, Outcome
from pharmacy.compounding.rules.life import (
    BatchMoveNotAllowed,
    BatchNotReleasable,
    BatchStatus,
    ComponentUnsound,
)
from pharmacy.inventory.models import CapsuleLot, IngredientLot, LotStatus, ShellLot
from pharmacy.inventory.rules.lots import LotNotUsable
from pharmacy.recalls import operations, queries
from pharmacy.recalls.models import Recall
from pharmacy.recalls.rules.timers import LotKind
from tests.conftest import NOW
from tests.factories.compounding import ANHYDROUS, Laboratory


@pytest.fixture
def laboratory(session: Session) -> Laboratory:
    return Laboratory(session)


def recall(laboratory: Laboratory, lot: IngredientLot | ShellLot) -> Recall:
    kind = LotKind.SHELL if isinstance(lot, ShellLot) else LotKind.INGREDIENT
    return operations.open_recall(
        laboratory.session,
        kind,
        lot.id,
        reason="The supplier found another substance in it.",
        serious=False,
        notice_at=NOW - timedelta(hours=1),
        by=laboratory.pharmacist,
        now=NOW,
    )


def blended(laboratory: Laboratory) -> Batch:
    batch = laboratory.weighed(laboratory.plan())
    laboratory.do_step(batch, "weigh")
    return compounding.blend(laboratory.session, batch.id, by=laboratory.technician, now=NOW)


def conclude(laboratory: Laboratory, batch: Batch, outcome: Outcome) -> Batch:
    return compounding.conclude(
        laboratory.session,
        batch.id,
        outcome=outcome,
        findings="looked into",
        by=laboratory.pharmacist,
        now=NOW,
    )


def broken(session: Session) -> set[str]:
    rooms = (invariants.recalls, invariants.batches, invariants.materials, invariants.stock)
    names = {each.name for room in rooms for each in room.INVARIANTS}
    return names & {each.invariant.name for each in invariants.violations(session)}


def test_a_trace_names_the_batches_that_are_no_capsules_yet(laboratory: Laboratory) -> None:
    scanned = laboratory.scan(laboratory.plan())
    weighed = laboratory.weighed(laboratory.plan())
    in_the_mortar = blended(laboratory)
    filled = laboratory.filled(laboratory.plan())
    laboratory.plan()

    of_active = queries.forward(laboratory.session, LotKind.INGREDIENT, laboratory.active.id)
    of_filler = queries.forward(laboratory.session, LotKind.INGREDIENT, laboratory.filler.id)
    of_shells = queries.forward(laboratory.session, LotKind.SHELL, laboratory.shells.id)

    found = {batch.number: batch.status for batch in of_active.batches}
    assert found == {
        scanned.number: BatchStatus.PLANNED,
        weighed.number: BatchStatus.WEIGHED,
        in_the_mortar.number: BatchStatus.BLENDED,
        filled.number: BatchStatus.FILLED,
    }
    assert {batch.number for batch in of_filler.batches} == set(found)
    assert [batch.number for batch in of_shells.batches] == [filled.number]


def test_opening_a_recall_stops_every_batch_of_the_lot(laboratory: Laboratory) -> None:
    standing = [
        laboratory.scan(laboratory.plan()),
        laboratory.weighed(laboratory.plan()),
        blended(laboratory),
        laboratory.made(),
        laboratory.released(),
    ]
    other = laboratory.plan()

    opened = recall(laboratory, laboratory.active)

    assert {batch.status for batch in standing} == {BatchStatus.QUARANTINED}
    assert other.status is BatchStatus.PLANNED
    reasons = [batches.open_investigation(laboratory.session, batch.id) for batch in standing]
    assert [reason.code for reason in reasons if reason] == ["recalled"] * 5
    before = {each.batch_id: each.status_before for each in queries.batches(
        laboratory.session, opened.id
    )}  # fmt: skip
    assert [before[batch.id] for batch in standing] == [
        "planned",
        "weighed",
        "blended",
        "filled",
        "released",
    ]
    assert broken(laboratory.session) == set()


def test_recalled_powder_that_is_not_blended_makes_room_for_another_lot(
    laboratory: Laboratory,
) -> None:
    batch = laboratory.weighed(laboratory.plan())
    laboratory.do_step(batch, "weigh")
    recall(laboratory, laboratory.active)
    conclude(laboratory, batch, Outcome.CLEARED)

    with pytest.raises(ComponentUnsound):
        compounding.blend(laboratory.session, batch.id, by=laboratory.technician, now=NOW)
    for weighing in batches.counting(laboratory.session, batch.id).values():
        compounding.void(
            laboratory.session, weighing.id, reason="recalled", by=laboratory.pharmacist, now=NOW
        )
    with pytest.raises(LotNotUsable):
        laboratory.scan(batch)
    laboratory.active = laboratory.powder(
        "naltrexone-hydrochloride", packs="180", amount="25000", **ANHYDROUS
    )
    laboratory.scan(batch)
    laboratory.weighed(batch)
    compounding.blend(laboratory.session, batch.id, by=laboratory.technician, now=NOW)

    assert batch.status is BatchStatus.BLENDED
    assert broken(laboratory.session) == set()


@pytest.mark.parametrize("outcome", [Outcome.CLEARED, Outcome.REWORKED])
def test_nothing_takes_recalled_powder_out_of_a_blend(
    laboratory: Laboratory, outcome: Outcome
) -> None:
    batch = blended(laboratory)
    recall(laboratory, laboratory.filler)

    with pytest.raises(ComponentUnsound) as refused:
        conclude(laboratory, batch, outcome)

    assert refused.value.facts["lots"] == {laboratory.filler.lot_number: "recalled"}


def test_a_recalled_batch_is_scrapped_and_its_capsules_are_destroyed(
    laboratory: Laboratory,
) -> None:
    batch = laboratory.released()
    recall(laboratory, laboratory.shells)

    conclude(laboratory, batch, Outcome.SCRAPPED)

    lot = laboratory.session.get_one(CapsuleLot, batch.capsule_lot_id)
    assert (lot.status, lot.on_hand) == (LotStatus.RECALLED, 0)
    assert batch.status is BatchStatus.REJECTED
    assert broken(laboratory.session) == set()


@pytest.mark.parametrize("status", ["blended", "filled"])
def test_the_database_too_carries_no_recalled_powder_on(
    laboratory: Laboratory, status: str
) -> None:
    batch = laboratory.weighed(laboratory.plan())
    laboratory.active.status = LotStatus.RECALLED
    laboratory.session.flush()

    with pytest.raises(IntegrityError, match="recalled or rejected"):
        laboratory.session.execute(update(Batch).where(Batch.id == batch.id).values(status=status))


def spoil(laboratory: Laboratory, lot: IngredientLot | ShellLot, how: str) -> None:
    if how == "expired":
        lot.expires_on = NOW.date() - timedelta(days=1)
    else:
        lot.status = LotStatus(how)
    laboratory.session.flush()


@pytest.mark.parametrize("which", ["active", "filler", "shells"])
@pytest.mark.parametrize("how", ["quarantined", "expired", "recalled", "rejected"])
def test_a_batch_is_released_with_sound_components_only(
    laboratory: Laboratory, which: str, how: str
) -> None:
    batch = laboratory.made()
    lot: Any = getattr(laboratory, which)
    spoil(laboratory, lot, how)

    with pytest.raises(BatchNotReleasable) as refused:
        compounding.release(laboratory.session, batch.id, by=laboratory.second, now=NOW)

    assert refused.value.facts["gates"] == ["components"]
    assert f"lot {lot.lot_number} is {how}" in str(refused.value)
    with pytest.raises(IntegrityError, match=r"a component is"):
        laboratory.session.execute(
            update(Batch)
            .where(Batch.id == batch.id)
            .values(status="released", released_by=laboratory.second.id, released_at=NOW)
        )


def test_a_batch_that_is_no_capsules_yet_sends_none_to_a_laboratory(
    laboratory: Laboratory,
) -> None:
    batch = blended(laboratory)
    recall(laboratory, laboratory.active)

    with pytest.raises(BatchMoveNotAllowed):
        compounding.send_sample(
            laboratory.session,
            batch.id,
            kind="assay",  # type: ignore[arg-type]
            cause="new-formulation",  # type: ignore[arg-type]
            capsules=10,
            laboratory="Example Analytics",
            by=laboratory.pharmacist,
            now=NOW,
        )
