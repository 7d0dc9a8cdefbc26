"""Figures of the flow, worked out by hand for a few orders."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from pharmacy.flow import queries
from pharmacy.flow.queries import Ages, ReasonGiven
from pharmacy.flow.rules import Period, PeriodImpossible, share
from pharmacy.orders import operations
from pharmacy.orders.models import Order
from pharmacy.orders.rules import Status
from pharmacy.orders.rules.clarifying import QuestionKind
from pharmacy.staff.rules import Role
from tests.conftest import NOW
from tests.factories.orders import Bench

HOUSTON = "America/Chicago"
DAY = Period(NOW - timedelta(hours=1), NOW + timedelta(days=1))


@pytest.fixture
def bench(session: Session) -> Bench:
    return Bench(session)


def figures(session: Session, period: Period = DAY) -> queries.Figures:
    return queries.figures(session, period, time_zone=HOUSTON)


def handed_over_after(bench: Bench, hours: int, *, asked_for: int = 0) -> Order:
    """Received now; a question waits so many hours for its answer; then it goes its way."""
    bench.now = NOW
    order = bench.order(Status.REVIEW)
    if asked_for:
        question = operations.ask(
            bench.session,
            order.id,
            kind=QuestionKind.DOSE,
            words="Which?",
            by=bench.pharmacist,
            now=NOW,
        )
        operations.note_telephone(
            bench.session,
            order.id,
            question.id,
            words="That one.",
            spoke_with="Dr Testprescriber",
            read_back=True,
            by=bench.pharmacist,
            now=NOW + timedelta(hours=asked_for),
        )
    bench.now = NOW + timedelta(hours=hours)
    return bench.walk(order, Status.HANDED_OVER)


def test_turn_around_is_told_with_and_without_the_prescribers_time(
    bench: Bench, session: Session
) -> None:
    """2, 4 and 10 h, the last one with 7 h of a question: without it 3. The 90th percentile lies
    0.8 of the way from the second to the third: 4 + 0.8 x 6 = 8.8 h, and 3 + 0.8 x 1 = 3.8 h."""
    handed_over_after(bench, 2)
    handed_over_after(bench, 4)
    handed_over_after(bench, 10, asked_for=7)

    turn = figures(session).turn_around

    assert turn.orders == 3
    assert (turn.median, turn.p90) == (timedelta(hours=4), timedelta(hours=8.8))
    assert turn.median_without_clarification == timedelta(hours=3)
    assert turn.p90_without_clarification == timedelta(hours=3.8)


def test_a_period_ends_before_its_end(bench: Bench, session: Session) -> None:
    handed_over_after(bench, 2)
    at = NOW + timedelta(hours=2)

    assert figures(session, Period(NOW, at)).turn_around.orders == 0
    assert figures(session, Period(at, at + timedelta(hours=1))).turn_around.orders == 1


def test_each_step_has_its_own_time(bench: Bench, session: Session) -> None:
    handed_over_after(bench, 5)

    by_step = {each.status: each.median for each in figures(session).by_step}

    assert by_step["review"] == timedelta(hours=5)
    assert by_step["ready"] == by_step["labeling"] == timedelta(0)


def test_first_pass_counts_orders_that_nobody_sent_back(bench: Bench, session: Session) -> None:
    bench.order(Status.READY)
    again = bench.order(Status.FINAL_CHECK)
    for reason in ("wrong-count", "wrong-count", "wrong-label"):
        operations.send_back(session, again.id, reason=reason, by=bench.pharmacist, now=NOW)
        bench.pack(again)
    bench.release(again)

    found = figures(session)

    assert (found.released, found.released_at_first) == (2, 1)
    assert found.sent_back == (
        ReasonGiven(date(2026, 3, 2), "wrong-count", 2),
        ReasonGiven(date(2026, 3, 2), "wrong-label", 1),
    )


def test_why_orders_were_not_taken_in_turn_is_counted_by_week(
    bench: Bench, session: Session
) -> None:
    for reason in ("patient-waiting", "patient-waiting", "carrier-leaves"):
        order = bench.order(Status.PLANNED)
        operations.claim(session, order.id, reason=reason, by=bench.technician, now=NOW)
    operations.take_over(session, order.id, reason="colleague-left", by=bench.pharmacist, now=NOW)
    operations.claim_next(session, by=bench.person(Role.TECHNICIAN), now=NOW + timedelta(hours=1))

    found = figures(session)

    week = date(2026, 3, 2)
    assert found.out_of_turn == (
        ReasonGiven(week, "carrier-leaves", 1),
        ReasonGiven(week, "patient-waiting", 2),
    )
    assert found.taken_over == (ReasonGiven(week, "colleague-left", 1),)


def test_open_orders_are_counted_by_age(bench: Bench, session: Session) -> None:
    for hours in (0, 3, 4, 23, 24, 47, 48, 100):
        order = bench.order()
        order.received_at = NOW - timedelta(hours=hours)
    bench.order(Status.HANDED_OVER)
    session.flush()

    assert queries.ages(session, now=NOW) == [Ages("received", 2, 2, 2, 2)]


def test_questions_are_counted_by_kind_with_the_time_to_their_answer(
    bench: Bench, session: Session
) -> None:
    handed_over_after(bench, 10, asked_for=7)

    (asked,) = figures(session).clarifications

    assert (asked.kind, asked.asked, asked.answered) == ("dose", 1, 1)
    assert asked.median == timedelta(hours=7)


def test_labels_that_nobody_scanned_for_an_hour_are_counted(bench: Bench, session: Session) -> None:
    order = bench.order(Status.LABELING)
    vials = len(bench.codes(order))

    assert queries.unconfirmed_labels(session, now=NOW + timedelta(minutes=59)) == 0
    assert queries.unconfirmed_labels(session, now=NOW + timedelta(minutes=61)) == vials


@pytest.mark.parametrize("days", [0, -1, 367])
def test_figures_are_of_at_most_a_year(days: int) -> None:
    with pytest.raises(PeriodImpossible):
        Period(NOW, NOW + timedelta(days=days))


@pytest.mark.parametrize(
    ("part", "whole", "shown"),
    [(1, 3, "33.3"), (2, 3, "66.7"), (1, 8, "12.5"), (1, 2000, "0.1"), (5, 5, "100.0")],
)
def test_shares_have_one_decimal(part: int, whole: int, shown: str) -> None:
    assert share(part, whole) == shown
    assert share(0, 0) is None
