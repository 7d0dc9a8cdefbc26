"""Powder and shells: certificates, ledgers, triturations, and why a lot is hidden."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy import invariants
from pharmacy.infra.db import Database
from pharmacy.inventory import operations, queries
from pharmacy.inventory.models import IngredientLot, LotStatus, PowderReason, ShellLot
from pharmacy.inventory.operations.lots import CertificateMissing, LotKnown, LotNotQuarantined
from pharmacy.inventory.rules.allocation import Hidden
from pharmacy.inventory.rules.barcodes import read
from pharmacy.inventory.rules.lots import (
    BeyondUseTooLate,
    CertificateInvalid,
    IngredientLotFacts,
    LotInvalid,
    LotNotUsable,
    ShellLotFacts,
    TriturationFacts,
)
from pharmacy.kernel.ids import encode, new_id
from pharmacy.kernel.quantities import mg
from pharmacy.kernel.refusals import Refusal
from pharmacy.staff.rules import Actor, Role
from tests.conftest import NOW
from tests.factories.inventory import make_shell_lot, store_certificate
from tests.factories.practice import make_site
from tests.factories.staff import make_actor
from tests.factories.titration import make_active_lot, make_filler_lot

TODAY = date(2026, 3, 2)
PDF = b"%PDF-1.4 from the maker"


@pytest.fixture
def technician(session: Session) -> Actor:
    make_site(session)
    return make_actor(session, Role.TECHNICIAN)


@pytest.fixture
def pharmacist(session: Session) -> Actor:
    return make_actor(session, Role.PHARMACIST)


def receive(session: Session, by: Actor, **changes: Any) -> IngredientLot:
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
        "establishment": "3001234567",
    }
    return operations.receive_ingredient_lot(
        session, IngredientLotFacts(**values | changes), by=by, now=NOW
    )


def broken(session: Session) -> list[str]:
    session.flush()
    return [violation.invariant.name for violation in invariants.violations(session)]


def test_active_powder_is_accepted_with_its_certificate_only(
    session: Session, technician: Actor, pharmacist: Actor
) -> None:
    lot = receive(session, technician)
    with pytest.raises(CertificateMissing):
        operations.release_ingredient_lot(session, lot.id, by=pharmacist, now=NOW)

    operations.store_certificate(session, lot.id, PDF, by=technician, now=NOW)
    operations.release_ingredient_lot(session, lot.id, by=pharmacist, now=NOW)

    kept = queries.get_certificate(session, lot.id)
    assert (kept.content, kept.sha256) == (PDF, hashlib.sha256(PDF).digest())
    assert lot.status is LotStatus.RELEASED


def test_the_certificate_of_an_accepted_lot_is_not_replaced(
    session: Session, technician: Actor, pharmacist: Actor
) -> None:
    lot = store_certificate(session, receive(session, technician))
    operations.release_ingredient_lot(session, lot.id, by=pharmacist, now=NOW)

    with pytest.raises(LotNotQuarantined):
        operations.store_certificate(session, lot.id, PDF, by=technician, now=NOW)
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text("update certificates set media_type = 'text/plain'"))


def test_a_certificate_is_a_pdf(session: Session, technician: Actor) -> None:
    lot = receive(session, technician)

    with pytest.raises(CertificateInvalid):
        operations.store_certificate(session, lot.id, b"<html>", by=technician, now=NOW)


@pytest.mark.parametrize("establishment", ["12345", "30012345678", "300123456A"])
def test_an_establishment_has_seven_or_ten_digits(
    session: Session, technician: Actor, establishment: str
) -> None:
    with pytest.raises(CertificateInvalid):
        receive(session, technician, establishment=establishment)


def test_every_movement_is_in_the_ledger(session: Session, technician: Actor) -> None:
    lot, batch = make_active_lot(session), new_id()

    operations.draw_powder(session, lot.id, mg("469"), cause_id=batch, by=technician, now=NOW)
    operations.return_powder(session, lot.id, cause_id=batch, by=technician, now=NOW)
    operations.draw_powder(
        session, lot.id, mg(100), cause_id=batch, reason=PowderReason.SAMPLED, by=technician,
        now=NOW,
    )  # fmt: skip

    assert lot.on_hand_ug == 24_900_000
    assert sorted(
        (move.kind, move.quantity_ug) for move in queries.powder_moves(session, lot.id)
    ) == [
        ("received", 25_000_000),
        ("returned", 469_000),
        ("sampled", 100_000),
        ("weighed", 469_000),
    ]
    assert broken(session) == []


def test_one_cause_draws_once(session: Session, technician: Actor) -> None:
    lot, batch = make_active_lot(session), new_id()
    operations.draw_powder(session, lot.id, mg(1), cause_id=batch, by=technician, now=NOW)

    with pytest.raises(IntegrityError):
        operations.draw_powder(session, lot.id, mg(1), cause_id=batch, by=technician, now=NOW)


def test_nothing_returns_that_was_not_weighed(session: Session, technician: Actor) -> None:
    with pytest.raises(LotInvalid):
        operations.return_powder(
            session, make_active_lot(session).id, cause_id=new_id(), by=technician, now=NOW
        )


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"status": LotStatus.QUARANTINED}, "quarantined"),
        ({"status": LotStatus.RECALLED}, "recalled"),
        ({"expires_on": date(2026, 3, 1)}, "expired"),
        ({"expires_on": None, "received_on": date(2025, 3, 1)}, "expired"),
        ({"on_hand_ug": 999}, "too-little"),
    ],
)
def test_a_lot_that_may_not_be_used_says_why(
    session: Session, technician: Actor, columns: dict[str, Any], reason: str
) -> None:
    lot = make_active_lot(session, **columns)

    with pytest.raises(LotNotUsable) as refused:
        operations.draw_powder(session, lot.id, mg(1), cause_id=new_id(), by=technician, now=NOW)

    assert refused.value.facts["reason"] == reason


def test_lots_are_offered_first_expired_first_and_hidden_ones_say_why(session: Session) -> None:
    late = make_filler_lot(session, expires_on=date(2027, 6, 1))
    soon = make_filler_lot(session, expires_on=date(2026, 3, 2))
    gone = make_filler_lot(session, expires_on=date(2026, 3, 1))
    empty = make_filler_lot(session, expires_on=date(2026, 4, 1), on_hand_ug=0)
    waits = make_filler_lot(
        session, expires_on=None, received_on=date(2026, 1, 5), status=LotStatus.QUARANTINED
    )

    found = queries.usable_ingredient_lots(session, "microcrystalline-cellulose", on=TODAY)

    assert found == [
        (gone, Hidden.EXPIRED),
        (soon, None),
        (empty, Hidden.EMPTY),
        (waits, Hidden.QUARANTINED),
        (late, None),
    ]


@pytest.mark.slow
def test_workers_who_draw_at_once_take_no_more_than_there_is(database: Database) -> None:
    with database.transaction() as session:
        make_site(session)
        lot = make_active_lot(session, on_hand_ug=5_000)
        technician = make_actor(session, Role.TECHNICIAN)

    def draw(_: int) -> bool:
        try:
            with database.transaction() as session:
                operations.draw_powder(
                    session, lot.id, mg(1), cause_id=new_id(), by=technician, now=NOW
                )
        except LotNotUsable:
            return False
        return True

    with ThreadPoolExecutor(8) as workers:
        drawn = list(workers.map(draw, range(16)))

    with database.transaction() as session:
        assert sum(drawn) == 5
        assert queries.get_ingredient_lot(session, lot.id).on_hand_ug == 0
        assert broken(session) == []


def trituration(active: IngredientLot, filler: IngredientLot, **changes: Any) -> TriturationFacts:
    values: dict[str, Any] = {
        "lot_number": "T-1",
        "active_lot_id": active.id,
        "diluent_lot_id": filler.id,
        "active": mg(1_000),
        "diluent": mg(9_000),
        "labelled": mg("988.032"),
        "made_on": TODAY,
        "beyond_use_on": date(2026, 6, 1),
    }
    return TriturationFacts(**values | changes)


def test_a_stock_trituration_is_a_lot_of_its_own(session: Session, technician: Actor) -> None:
    """1 in 10 of 99.2 % with 0.4 % water: 1000 x 0.992 x 0.996 = 988.032 mg in 10 g."""
    active, filler = make_active_lot(session), make_filler_lot(session)

    lot = operations.make_trituration(
        session, trituration(active, filler), latest=date(2026, 8, 28), by=technician, now=NOW
    )

    assert (lot.active_ug_per_g, lot.on_hand_ug) == (98_803, 10_000_000)
    assert lot.status is LotStatus.QUARANTINED
    assert (active.on_hand_ug, filler.on_hand_ug) == (24_000_000, 491_000_000)
    assert broken(session) == []


def test_a_trituration_is_naltrexone_in_filler_within_its_date(
    session: Session, technician: Actor
) -> None:
    active, filler = make_active_lot(session), make_filler_lot(session)
    until = date(2026, 5, 31)

    def make(facts: TriturationFacts) -> None:
        operations.make_trituration(session, facts, latest=until, by=technician, now=NOW)

    with pytest.raises(BeyondUseTooLate):
        make(trituration(active, filler))
    with pytest.raises(LotInvalid):
        make(trituration(filler, active, beyond_use_on=until))
    make(trituration(active, filler, beyond_use_on=until))
    with pytest.raises(LotKnown):
        make(trituration(active, filler, beyond_use_on=until))


def receive_shells(session: Session, by: Actor, number: str = "S-1") -> ShellLot:
    facts = ShellLotFacts(
        maker="icapsulepack",
        lot_number=number,
        capsule_size="3",
        description="white capsule",
        received=1_000,
        received_on=date(2026, 1, 5),
    )
    return operations.receive_shell_lot(session, facts, by=by, now=NOW)


def test_shells_are_received_tared_released_and_filled(
    session: Session, technician: Actor, pharmacist: Actor
) -> None:
    """Ten shells of 47.5, 48.5, … mg: the mean is 48 mg."""
    lot = receive_shells(session, technician)
    operations.tare_shells(session, lot.id, [mg("47.5"), mg("48.5")] * 5, by=technician, now=NOW)
    operations.release_shell_lot(session, lot.id, by=pharmacist, now=NOW)

    operations.draw_shells(session, lot.id, 103, cause_id=new_id(), by=technician, now=NOW)

    assert (lot.mean_tare_ug, lot.on_hand) == (48_000, 897)
    assert broken(session) == []
    with pytest.raises(LotNotUsable):
        operations.draw_shells(session, lot.id, 898, cause_id=new_id(), by=technician, now=NOW)
    with pytest.raises(LotKnown):
        receive_shells(session, technician)


def test_nine_shells_make_no_mean(session: Session, technician: Actor) -> None:
    lot = receive_shells(session, technician)

    with pytest.raises(LotInvalid):
        operations.tare_shells(session, lot.id, [mg(48)] * 9, by=technician, now=NOW)


def test_a_scanned_code_finds_its_lots(session: Session) -> None:
    powder = make_active_lot(session, lot_number="SAME")
    shells = make_shell_lot(session, lot_number="SAME")

    assert queries.by_scan(session, read("SAME", today=TODAY)) == [powder, shells]
    assert queries.by_scan(session, read(encode("shl", shells.id), today=TODAY)) == [shells]
    assert queries.by_scan(session, read("]d210OTHER", today=TODAY)) == []


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["weigh", "waste", "sample", "return", "fill"]),
        st.integers(1, 400_000),
        st.integers(0, 3),
    ),
    max_size=12,
)


@settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(acts=ACTS)
def test_whatever_people_do_powder_and_shells_balance(
    session: Session, technician: Actor, acts: list[tuple[str, int, int]]
) -> None:
    powder = make_active_lot(session, on_hand_ug=1_000_000)
    shells = make_shell_lot(session, on_hand=500_000)
    causes = [new_id() for _ in range(4)]
    reasons = {
        "weigh": PowderReason.WEIGHED,
        "waste": PowderReason.WASTED,
        "sample": PowderReason.SAMPLED,
    }

    for act, amount, which in acts:
        common: dict[str, Any] = {"cause_id": causes[which], "by": technician, "now": NOW}
        try:
            with session.begin_nested():
                if act == "fill":
                    operations.draw_shells(session, shells.id, amount, **common)
                elif act == "return":
                    operations.return_powder(session, powder.id, **common)
                else:
                    operations.draw_powder(
                        session, powder.id, mg(amount) / 1000, reason=reasons[act], **common
                    )
        except (Refusal, IntegrityError):
            session.expire_all()

    assert broken(session) == []
