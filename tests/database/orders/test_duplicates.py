"""Duplicate therapy: capsules that the patient has, or is to get, and nothing else."""

from datetime import date

import pytest
from sqlalchemy.orm import Session

from pharmacy.orders import operations, queries
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.patients.models import Patient
from pharmacy.practice.rules import Policy
from pharmacy.screening import queries as screening
from tests.database.orders.test_replacing import later, replace
from tests.factories.dates import begin_the_day_after
from tests.factories.orders import Bench
from tests.factories.prescriptions import make_maintenance, make_prescription


@pytest.fixture
def bench(session: Session) -> Bench:
    found = Bench(session)
    begin_the_day_after(found)
    return found


@pytest.fixture
def patient(bench: Bench) -> Patient:
    return bench.patient()


def is_duplicate(bench: Bench, patient: Patient) -> bool:
    """Say whether another clinic's prescription, checked now, is found to be a duplicate."""
    order = bench.order(Status.REVIEW, patient=patient)
    found = screening.open_findings(bench.session, order.prescription_id, 1)
    operations.cancel(
        bench.session, order.id, reason="entered-in-error", by=bench.pharmacist, now=bench.now
    )
    return "R25" in [each.rule_id for each in found]


def reject(bench: Bench, order: Order) -> None:
    operations.reject(
        bench.session,
        order.id,
        reason="not-clarified",
        words="Please sign it anew with 28 days for each step.",
        by=bench.pharmacist,
        now=bench.now,
    )


def given_on_1_may(bench: Bench, patient: Patient) -> Order:
    """84 nights of a prescription of 2 March, first dose on 1 May: until 23 July."""
    later(bench, 60)
    order = bench.order(Status.REVIEW, patient=patient)
    bench.approve(order, first_dose_on=date(2026, 5, 1))
    return bench.walk(order, Status.HANDED_OVER)


def on(bench: Bench, day: date) -> None:
    """Let the days until then pass."""
    later(bench, (day - bench.now.date()).days)


def test_the_corrected_prescription_after_a_rejected_one_is_no_duplicate(
    bench: Bench, patient: Patient
) -> None:
    reject(bench, bench.order(Status.REVIEW, patient=patient))

    assert not is_duplicate(bench, patient)


def test_what_was_given_out_late_is_counted_from_then(bench: Bench, patient: Patient) -> None:
    """Valid from 2 March, 84 days would end on 25 May; the patient has capsules until 23 July."""
    given_on_1_may(bench, patient)

    on(bench, date(2026, 5, 16))

    assert is_duplicate(bench, patient)


def test_a_supply_that_ends_within_the_grace_is_being_renewed(
    bench: Bench, patient: Patient
) -> None:
    """The first day without a dose is 24 July; 14 days before it is 10 July."""
    given_on_1_may(bench, patient)

    on(bench, date(2026, 7, 9))
    assert is_duplicate(bench, patient)
    on(bench, date(2026, 7, 10))
    assert not is_duplicate(bench, patient)


def test_an_open_order_counts_and_a_cancelled_one_does_not(bench: Bench, patient: Patient) -> None:
    order = bench.order(Status.RECEIVED, patient=patient)
    assert is_duplicate(bench, patient)

    operations.cancel(
        bench.session, order.id, reason="patient-asked", by=bench.pharmacist, now=bench.now
    )

    assert not is_duplicate(bench, patient)


def test_a_prescription_of_which_nothing_was_ordered_counts_nothing(
    bench: Bench, patient: Patient
) -> None:
    make_prescription(bench.session, patient=patient)

    assert not is_duplicate(bench, patient)


def test_what_came_back_counts_no_more(bench: Bench, patient: Patient) -> None:
    order = bench.order(Status.HANDED_OVER, patient=patient)
    assert is_duplicate(bench, patient)

    operations.return_(
        bench.session, order.id, reason="stopped", by=bench.technician, now=bench.now
    )

    assert not is_duplicate(bench, patient)


def test_a_lost_vial_counts_no_more_and_what_replaces_it_does(
    bench: Bench, patient: Patient
) -> None:
    """Vial 3 is for 28 April to 25 May, vial 2 until 27 April; on 14 April its end is 14 away."""
    order = bench.order(Status.HANDED_OVER, patient=patient)
    new = replace(bench, order, 3, reason="lost-by-patient")
    on(bench, date(2026, 4, 14))
    assert is_duplicate(bench, patient)

    operations.cancel(
        bench.session, new.id, reason="patient-asked", by=bench.pharmacist, now=bench.now
    )

    assert not is_duplicate(bench, patient)


def test_the_maintenance_that_continues_a_titration_is_no_duplicate(
    bench: Bench, patient: Patient
) -> None:
    titration = make_prescription(bench.session, patient=patient)
    maintenance = make_maintenance(bench.session, follows=titration, valid_from=date(2026, 3, 2))
    bench.order(Status.HANDED_OVER, prescription=titration)
    bench.order(Status.REVIEW, prescription=maintenance)

    for each in (titration, maintenance):
        assert (
            queries.other_supplies(bench.session, each, policy=Policy(), today=bench.now.date())
            == ()
        )
