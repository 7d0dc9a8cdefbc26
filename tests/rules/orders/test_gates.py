"""What must be true before capsules leave the bench."""

from contextlib import nullcontext
from datetime import date, datetime, timedelta
from typing import Final

import pytest

from pharmacy.inventory.rules import LotStatus
from pharmacy.kernel.ids import encode, new_id
from pharmacy.orders.rules.claims import (
    ClaimedByAnother,
    OverrideReasonNeeded,
    require_may_pick,
    require_unclaimed_by_another,
)
from pharmacy.orders.rules.gates import (
    DatesImpossible,
    PackedLot,
    PackMismatch,
    PrescriptionOver,
    lots_out,
    require_exactly,
    require_first_dose,
    require_in_force,
)
from pharmacy.orders.rules.holds import (
    CATALOGUE,
    HoldNotLiftable,
    HoldReasonNeeded,
    Origin,
    Owner,
    require_liftable,
)
from pharmacy.orders.rules.reasons import (
    FIXED,
    SEEDS,
    ReasonUnknown,
    ReasonWordsNeeded,
    require_reason,
)
from pharmacy.prescribers.rules.answers import CODES, Meaning
from pharmacy.staff.rules import Actor, Role
from tests.conftest import NOW

LAST: Final = date(2026, 5, 25)


def technician() -> Actor:
    return Actor(new_id(), "staff", frozenset({Role.TECHNICIAN}))


@pytest.mark.parametrize(
    ("scanned", "facts"),
    [
        (["ctr_a"], {"missing": ["ctr_b"], "foreign": [], "twice": []}),
        (["ctr_a", "ctr_b", "ctr_c"], {"missing": [], "foreign": ["ctr_c"], "twice": []}),
        (["ctr_a", "ctr_b", "ctr_b"], {"missing": [], "foreign": [], "twice": ["ctr_b"]}),
        ([], {"missing": ["ctr_a", "ctr_b"], "foreign": [], "twice": []}),
    ],
)
def test_a_pack_is_exactly_the_orders_containers(
    scanned: list[str], facts: dict[str, list[str]]
) -> None:
    with pytest.raises(PackMismatch) as refused:
        require_exactly(scanned, {"ctr_a", "ctr_b"})

    assert refused.value.facts == facts


def test_a_scanner_may_send_capitals_and_a_line_end() -> None:
    require_exactly(["CTR_B\n", " ctr_a"], {"ctr_a", "ctr_b"})


@pytest.mark.parametrize(
    ("status", "beyond_use_on", "out"),
    [
        (LotStatus.RELEASED, LAST, []),
        (LotStatus.RELEASED, LAST - timedelta(days=1), ["CAP-1"]),
        (LotStatus.QUARANTINED, LAST, ["CAP-1"]),
        (LotStatus.RECALLED, LAST, ["CAP-1"]),
        (LotStatus.REJECTED, LAST, ["CAP-1"]),
    ],
)
def test_a_lot_is_given_out_only_released_and_good_until_its_last_dose(
    status: LotStatus, beyond_use_on: date, out: list[str]
) -> None:
    assert lots_out([PackedLot("CAP-1", status, beyond_use_on, LAST)]) == out


@pytest.mark.parametrize(
    ("today", "cancelled"),
    [(date(2026, 3, 1), False), (date(2026, 9, 2), False), (date(2026, 3, 2), True)],
)
def test_a_prescription_is_filled_only_while_it_is_in_force(today: date, cancelled: bool) -> None:
    with pytest.raises(PrescriptionOver):
        require_in_force(
            valid_from=date(2026, 3, 2),
            valid_until=date(2026, 9, 1),
            cancelled=cancelled,
            today=today,
        )


def test_a_prescription_is_filled_on_its_first_and_on_its_last_day() -> None:
    for today in (date(2026, 3, 2), date(2026, 9, 1)):
        require_in_force(
            valid_from=date(2026, 3, 2),
            valid_until=date(2026, 9, 1),
            cancelled=False,
            today=today,
        )


@pytest.mark.parametrize(
    ("code", "by_decision"),
    [
        ("identity-name-close", True),
        ("exclusion-possible", True),
        ("license-restricted", True),
        ("license-expired", False),
        ("exclusion-listed", False),
        ("exclusion-list-too-old", False),
        ("identity-source-failed", False),
        ("key-compromised", False),
        ("site-not-licensed-in-state", False),
        ("text-dose-differs", True),
    ],
)
def test_a_person_settles_what_can_be_compared_and_nothing_else(
    code: str, by_decision: bool
) -> None:
    if by_decision:
        require_liftable(code, Origin.CHECK, "compared with the clinic")
    else:
        with pytest.raises(HoldNotLiftable):
            require_liftable(code, Origin.CHECK, "compared with the clinic")


def test_every_failed_answer_about_a_prescriber_stays_until_it_is_no_longer_true() -> None:
    failed = {code for code, known in CODES.items() if known.meaning is Meaning.FAILED}

    assert all(not CATALOGUE[code].by_decision for code in failed)
    assert all(isinstance(CATALOGUE[code].owner, Owner) for code in failed)


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_no_code_makes_a_persons_hold_one_that_nobody_can_lift(code: str) -> None:
    require_liftable(code, Origin.PERSON, "placed by mistake")


@pytest.mark.parametrize(
    ("first_dose_on", "refused"),
    [
        (date(2026, 3, 1), True),
        (date(2026, 3, 2), False),
        (date(2026, 9, 1), False),
        (date(2026, 9, 2), True),
        (date.max, True),
    ],
)
def test_the_first_dose_is_planned_while_the_prescription_is_valid(
    first_dose_on: date, refused: bool
) -> None:
    expectation = pytest.raises(DatesImpossible) if refused else nullcontext()
    with expectation:
        require_first_dose(first_dose_on, today=date(2026, 3, 2), valid_until=date(2026, 9, 1))


def test_no_first_dose_is_planned_for_a_year_after_next_however_long_the_order_stands() -> None:
    with pytest.raises(DatesImpossible):
        require_first_dose(date.max, today=date(2026, 3, 2), valid_until=date.max)


def test_a_hold_is_lifted_for_a_reason() -> None:
    with pytest.raises(HoldReasonNeeded):
        require_liftable("identity-name-close", Origin.CHECK, "  ")


@pytest.mark.parametrize(
    ("until", "refused"),
    [(NOW + timedelta(seconds=1), True), (NOW, False), (NOW - timedelta(minutes=1), False)],
)
def test_a_claim_counts_until_its_lease_ends(until: datetime, refused: bool) -> None:
    owner, other = technician(), technician()

    require_unclaimed_by_another(owner.id, until, by=owner, now=NOW)
    if refused:
        with pytest.raises(ClaimedByAnother) as found:
            require_unclaimed_by_another(owner.id, until, by=other, now=NOW)
        assert found.value.facts["claimed_by"] == encode("acc", owner.id or new_id())
        assert found.value.facts["claimed_until"] == until.isoformat()
    else:
        require_unclaimed_by_another(owner.id, until, by=other, now=NOW)


def test_a_technician_passes_over_older_orders_only_for_a_reason() -> None:
    require_may_pick(technician(), "the patient waits at the counter")
    with pytest.raises(OverrideReasonNeeded):
        require_may_pick(technician(), " ")


def test_a_pharmacist_picks() -> None:
    require_may_pick(Actor(new_id(), "staff", frozenset({Role.PHARMACIST})), "")


def test_reasons_are_coded_and_some_ask_for_words() -> None:
    known = {"wrong-count": False, "other": True}

    assert require_reason(known, "wrong-count", " ") == "wrong-count"
    assert require_reason(known, "other", "The seals of two vials were broken.") == "other"
    with pytest.raises(ReasonUnknown):
        require_reason(known, "bad mood", "really")
    with pytest.raises(ReasonWordsNeeded):
        require_reason(known, "other", "  ")


def test_what_the_program_gives_itself_is_among_the_seeds() -> None:
    for purpose, code in FIXED:
        assert code in [member.value for member in SEEDS[purpose]]
