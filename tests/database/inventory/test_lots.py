"""Lots arrive, wait, are released by a second person, and never give more than they hold."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.inventory import operations, queries
from pharmacy.inventory.models import CapsuleLot, IngredientLot, LotStatus
from pharmacy.inventory.operations import Take
from pharmacy.inventory.operations.lots import LotKnown, LotNotQuarantined
from pharmacy.inventory.rules.allocation import Need, WhyNot
from pharmacy.inventory.rules.lots import (
    BeyondUseTooLate,
    CapsuleLotFacts,
    IngredientLotFacts,
    LotInvalid,
    LotNotUsable,
)
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.quantities import mg
from pharmacy.practice.operations import change_policy
from pharmacy.staff.rules import OPERATOR, Actor, PermissionMissing, Role, SecondPersonNeeded
from tests.conftest import NOW
from tests.factories.inventory import make_capsule_lot
from tests.factories.practice import make_site
from tests.factories.staff import make_actor
from tests.factories.titration import make_formulation

PDF = b"%PDF-1.4 an example certificate"


@pytest.fixture
def technician(session: Session) -> Actor:
    make_site(session)
    return make_actor(session, Role.TECHNICIAN)


@pytest.fixture
def pharmacist(session: Session) -> Actor:
    return make_actor(session, Role.PHARMACIST)


def receive_powder(session: Session, by: Actor, **changes: Any) -> IngredientLot:
    values: dict[str, Any] = {
        "ingredient": "naltrexone-hydrochloride",
        "lot_number": "N-1",
        "manufacturer": "Example Chemicals",
        "amount": mg("25000"),
        "received_on": date(2026, 1, 5),
        "expires_on": date(2026, 7, 1),
        "salt_form": "hcl-anhydrous",
        "assay_pct": Decimal("99.2"),
        "assay_basis": "anhydrous",
        "water_pct": Decimal("0.4"),
    }
    facts = IngredientLotFacts(**values | changes)
    lot = operations.receive_ingredient_lot(session, facts, by=by, now=NOW)
    return operations.store_certificate(session, lot.id, PDF, by=by, now=NOW)


def receive_capsules(
    session: Session, active: IngredientLot, by: Actor, **changes: Any
) -> CapsuleLot:
    values: dict[str, Any] = {
        "lot_number": "C-1",
        "strength_ug": 1_500,
        "capsule_size": "3",
        "description": "white capsule",
        "filler": "microcrystalline-cellulose",
        "active_lot_id": active.id,
        "compounded_on": date(2026, 1, 15),
        "beyond_use_on": date(2026, 7, 1),
        "made": 100,
    }
    facts = CapsuleLotFacts(**values | changes)
    return operations.receive_capsule_lot(session, facts, by=by, now=NOW)


def test_powder_waits_for_a_pharmacist_who_did_not_receive_it(
    session: Session, technician: Actor, pharmacist: Actor
) -> None:
    lot = receive_powder(session, technician)
    assert (lot.status, lot.on_hand_ug) == (LotStatus.QUARANTINED, 25_000_000)

    with pytest.raises(PermissionMissing):
        operations.release_ingredient_lot(session, lot.id, by=technician, now=NOW)
    operations.release_ingredient_lot(session, lot.id, by=pharmacist, now=NOW)
    assert lot.status is LotStatus.RELEASED

    with pytest.raises(LotNotQuarantined):
        operations.release_ingredient_lot(session, lot.id, by=pharmacist, now=NOW)


def test_nobody_releases_what_they_received(session: Session, pharmacist: Actor) -> None:
    make_site(session)
    lot = receive_powder(session, pharmacist)

    with pytest.raises(SecondPersonNeeded):
        operations.release_ingredient_lot(session, lot.id, by=pharmacist, now=NOW)


def test_a_lot_number_is_used_once(session: Session, technician: Actor) -> None:
    powder = receive_powder(session, technician)
    receive_capsules(session, powder, technician)

    with pytest.raises(LotKnown):
        receive_powder(session, technician)
    with pytest.raises(LotKnown):
        receive_capsules(session, powder, technician)


def test_expired_powder_is_not_released(
    session: Session, technician: Actor, pharmacist: Actor
) -> None:
    lot = receive_powder(session, technician, expires_on=date(2026, 3, 1))

    with pytest.raises(LotNotUsable):
        operations.release_ingredient_lot(session, lot.id, by=pharmacist, now=NOW)


def test_capsules_are_good_no_longer_than_their_powder(session: Session, technician: Actor) -> None:
    """domain.md V20: 180 days end on 13 July, the powder on 1 July."""
    powder = receive_powder(session, technician)

    with pytest.raises(BeyondUseTooLate) as refused:
        receive_capsules(session, powder, technician, beyond_use_on=date(2026, 7, 2))

    assert refused.value.facts["latest"] == "2026-07-01"


def test_capsules_are_good_no_longer_than_their_formulation_says(
    session: Session, technician: Actor
) -> None:
    """domain.md 3.3: 90 days from 15 January, that day counted, end on 14 April."""
    make_formulation(session, 1_500, beyond_use_days=90)
    powder = receive_powder(session, technician)

    with pytest.raises(BeyondUseTooLate) as refused:
        receive_capsules(session, powder, technician, beyond_use_on=date(2026, 4, 15))

    assert refused.value.facts["latest"] == "2026-04-14"


def test_no_policy_makes_capsules_good_for_more_than_the_chapter_says(
    session: Session, technician: Actor
) -> None:
    """domain.md 3.3: a study of 360 days exists; the chapter ends at 180, here on 13 July."""
    change_policy(session, "beyond_use_days", 360, reason="a study", by=OPERATOR, now=NOW)
    powder = receive_powder(session, technician, expires_on=date(2027, 12, 31))

    with pytest.raises(BeyondUseTooLate) as refused:
        receive_capsules(session, powder, technician, beyond_use_on=date(2026, 7, 14))

    assert refused.value.facts["latest"] == "2026-07-13"


def test_capsules_of_powder_in_quarantine_stay_there(
    session: Session, technician: Actor, pharmacist: Actor
) -> None:
    powder = receive_powder(session, technician)
    lot = receive_capsules(session, powder, technician)

    with pytest.raises(LotNotUsable):
        operations.release_capsule_lot(session, lot.id, by=pharmacist, now=NOW)
    operations.release_ingredient_lot(session, powder.id, by=pharmacist, now=NOW)
    operations.release_capsule_lot(session, lot.id, by=pharmacist, now=NOW)
    assert (lot.status, lot.released_by) == (LotStatus.RELEASED, pharmacist.id)


def test_a_recalled_lot_stays_recalled(session: Session, pharmacist: Actor) -> None:
    make_site(session)
    lot = make_capsule_lot(session)

    with pytest.raises(LotInvalid):
        operations.withdraw_capsule_lot(
            session, lot.id, status=LotStatus.RECALLED, reason=" ", by=pharmacist, now=NOW
        )
    operations.withdraw_capsule_lot(
        session, lot.id, status=LotStatus.RECALLED, reason="potency", by=pharmacist, now=NOW
    )
    with pytest.raises(LotNotUsable):
        operations.withdraw_capsule_lot(
            session, lot.id, status=LotStatus.QUARANTINED, reason="wait", by=pharmacist, now=NOW
        )


def test_a_movement_happens_once_for_each_cause(session: Session, technician: Actor) -> None:
    lot = make_capsule_lot(session, quantity=10)
    take = Take(lot.id, 4, new_id())
    operations.reserve(session, [take], by=technician, now=NOW)
    assert (lot.on_hand, lot.reserved) == (10, 4)

    with pytest.raises(IntegrityError, match="uq_capsule_moves"), session.begin_nested():
        operations.reserve(session, [take], by=technician, now=NOW)


def test_the_database_too_never_sells_what_is_not_there(
    session: Session, technician: Actor
) -> None:
    lot = make_capsule_lot(session, quantity=10)

    with pytest.raises(IntegrityError, match="never_oversold"), session.begin_nested():
        operations.reserve(session, [Take(lot.id, 11, new_id())], by=technician, now=NOW)
    with pytest.raises(IntegrityError, match="never_oversold"), session.begin_nested():
        operations.dispense(session, [Take(lot.id, 1, new_id())], by=technician, now=NOW)


def test_a_movement_is_never_changed(session: Session) -> None:
    make_capsule_lot(session)

    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text("update capsule_moves set quantity = 1"))


def test_the_shelf_says_why_a_lot_is_not_offered(session: Session) -> None:
    make_capsule_lot(session, lot_number="GOOD")
    make_capsule_lot(session, lot_number="SHORT", beyond_use_on=date(2026, 3, 20))
    make_capsule_lot(session, lot_number="OLD", beyond_use_on=date(2026, 3, 1))
    make_capsule_lot(session, lot_number="WAITS", status=LotStatus.QUARANTINED)
    need = Need(strength_ug=1_500, per_dose=1, first_on=date(2026, 3, 3), last_on=date(2026, 3, 30))

    found = queries.explain(session, need, today=date(2026, 3, 2))

    assert {lot.lot_number: why for lot, why in found} == {
        "OLD": WhyNot.PAST_BEYOND_USE,
        "SHORT": WhyNot.BEYOND_USE_BEFORE_LAST_DOSE,
        "GOOD": None,
        "WAITS": WhyNot.QUARANTINED,
    }
