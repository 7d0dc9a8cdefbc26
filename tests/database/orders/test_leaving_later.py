"""What was true at the release is asked again as the order leaves, perhaps weeks later."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from pharmacy.orders.rules import Status
from pharmacy.orders.rules.gates import FindingsUndecided, GateClosed, PrescriptionOver
from pharmacy.practice.operations import change_policy
from pharmacy.prescriptions.models import Prescription
from pharmacy.staff.rules import OPERATOR
from tests.database.orders.test_replacing import later
from tests.factories.orders import Bench


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def test_within_days_nothing_more_is_asked(bench: Bench) -> None:
    order = bench.order(Status.READY)
    bench.now += timedelta(days=3)

    assert bench.hand_over(order).status is Status.HANDED_OVER


def test_a_prescription_that_was_cancelled_meanwhile_is_not_given_out(bench: Bench) -> None:
    order = bench.order(Status.READY)
    bench.session.get_one(Prescription, order.prescription_id).cancelled_at = bench.now

    with pytest.raises(PrescriptionOver):
        bench.hand_over(order)


def test_a_patient_who_was_asked_too_long_ago_is_asked_again(bench: Bench) -> None:
    """The answer about opioids counts 30 days at a first fill."""
    order = bench.order(Status.REVIEW)
    bench.approve(order, first_dose_on=date(2026, 5, 4))
    bench.walk(order, Status.READY)
    later(bench, 31)

    with pytest.raises(FindingsUndecided) as refused:
        bench.hand_over(order)
    assert refused.value.facts["rules"] == ["N01"]

    bench.check(order)
    assert bench.hand_over(order).status is Status.HANDED_OVER


def test_evidence_about_the_prescriber_that_is_too_old_keeps_it(bench: Bench) -> None:
    """Registry files count 40 days; no newer ones are loaded, and the answers still count."""
    order = bench.order(Status.REVIEW)
    bench.approve(order, first_dose_on=date(2026, 5, 4))
    bench.walk(order, Status.READY)
    change_policy(
        bench.session, "opioid_answer_valid_days", 60, reason="agreed", by=OPERATOR, now=bench.now
    )
    bench.now += timedelta(days=50)

    with pytest.raises(GateClosed):
        bench.hand_over(order)
