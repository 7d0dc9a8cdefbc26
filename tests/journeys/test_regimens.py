"""Regimens of domain.md 1.2 and the traps of a calendar, from a signature to the next fill."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from pharmacy.orders import operations, queries
from pharmacy.orders.rules import Owner, Status
from pharmacy.orders.rules.gates import FindingsUndecided
from pharmacy.patients import operations as patients
from pharmacy.patients.rules import Details, GivenAnswer, Reply, Topic
from pharmacy.prescriptions import queries as prescriptions
from pharmacy.refills import operations as refills
from pharmacy.refills.models import RefillState
from pharmacy.screening.rules import Severity
from tests.factories.bundles import (
    maintenance_alone,
    titration_alone,
)
from tests.factories.titration import make_formulation
from tests.journeys.counter import (
    Counter,
    cluster,
    leaflet,
    noon,
    orders,
    planned,
    says,
    valid,
    vials,
)


@pytest.fixture
def counter(session: Session) -> Counter:
    return Counter(session)


def test_the_second_fill_continues_the_first_one_s_calendar(counter: Counter) -> None:
    """
    The clinic's titration from 3 March, then 84 x 4.5 mg twice, and no more.

    Run-out is 3 March + 84 = 26 May; then + 84 = 18 August, then + 84 = 10 November 2026.
    """
    first = counter.receive()
    counter.hand_over(first)
    refill = counter.next_fill(first)
    assert (refill.run_out_on, refill.remaining_fills) == (date(2026, 5, 26), 2)
    assert refill.earliest_on == date(2026, 5, 18)  # 75 % is used on 3 May; signed from 18 May

    counter.travel(noon(2026, 5, 19))
    second = counter.order_next(refill)
    drawn = counter.hand_over(second)

    assert (second.first_dose_on, second.last_dose_on) == (date(2026, 5, 26), date(2026, 8, 17))
    assert [cluster(each) for each in vials(drawn)] == [
        (
            "4.5 mg capsule",
            "Take 1 capsule at bedtime",
            "Tue 26 May to Mon 17 Aug 2026 (84 doses)",
        )
    ]
    refill = counter.next_fill(second)
    assert (refill.run_out_on, refill.remaining_fills) == (date(2026, 8, 18), 1)

    counter.travel(noon(2026, 8, 11))
    third = counter.order_next(refill)
    drawn = counter.hand_over(third)
    assert cluster(vials(drawn)[0])[2] == "Tue 18 Aug to Mon 9 Nov 2026 (84 doses)"
    refill = counter.next_fill(third)
    assert (refill.state, refill.run_out_on) == (RefillState.RENEWAL_NEEDED, date(2026, 11, 10))
    assert refill.remaining_fills == 0


def test_a_titration_s_label_says_which_fills_follow_it(counter: Counter) -> None:
    """
    Its own repeats are 0, but the maintenance that continues it is authorised twice (domain.md
    5.1): "Refills 0" would send the patient back to the clinic for nothing.
    """
    first = counter.receive()
    drawn = counter.hand_over(first)

    words = "2 (4.5 mg), until 1 Mar 2027"
    assert {each.content["refills"] for each in vials(drawn)} == {words}
    assert leaflet(drawn)["refills"] == words
    refill = counter.next_fill(first)
    assert refill.remaining_fills == 2

    counter.travel(noon(2026, 5, 19))
    second = counter.hand_over(counter.order_next(refill))
    assert vials(second)[0].content["refills"] == "1, until 1 Mar 2027"


def test_a_titration_alone_has_no_refills(counter: Counter) -> None:
    drawn = counter.hand_over(counter.receive(titration_alone))

    assert vials(drawn)[0].content["refills"] == "0, until 1 Sep 2026"


def test_the_clinic_s_regimen_across_the_start_of_daylight_saving(
    counter: Counter, session: Session
) -> None:
    """NOTE-28, E5: clocks go forward on 8 March 2026; nights are dates and none is lost."""
    order = counter.receive()
    drawn = counter.hand_over(order)

    assert planned(order, session) == [(1_500, 28, 28), (3_000, 28, 28), (4_500, 28, 28)]
    assert [cluster(each)[2] for each in vials(drawn)] == [
        "Tue 3 Mar to Mon 30 Mar 2026 (28 doses)",
        "Tue 31 Mar to Mon 27 Apr 2026 (28 doses)",
        "Tue 28 Apr to Mon 25 May 2026 (28 doses)",
    ]


def test_the_ophthalmology_regimen_steps_every_two_weeks(
    counter: Counter, session: Session
) -> None:
    """OPH-14, P90f: 14 x 1.5, 14 x 3 and 62 x 4.5 mg are 90 nights and 90 capsules."""
    order = counter.receive(titration_alone, orders(("1.5", 14), ("3", 14), ("4.5", 62)))
    drawn = counter.hand_over(order)

    assert planned(order, session) == [(1_500, 14, 14), (3_000, 14, 14), (4_500, 62, 62)]
    assert counter.next_fill(order).state is RefillState.RENEWAL_NEEDED
    assert cluster(vials(drawn)[2])[2] == "Tue 31 Mar to Sun 31 May 2026 (62 doses)"


def test_a_slow_titration_crosses_fills_and_goes_on_where_it_stopped(
    counter: Counter, session: Session
) -> None:
    """
    domain.md 1.3: 0.5 mg every 14 days reaches 4.5 mg after 112 days; a fill of 90 ends in step 7.

    The second fill owes the other 8 nights of 3.5 mg, 14 of 4 mg and then 68 of 4.5 mg, and it
    begins on 3 March + 90 = 1 June.
    """
    for strength in (1_000, 2_000, 2_500, 3_500, 4_000):
        make_formulation(session, strength)
    steps = [(f"{number / 2:g}", 14) for number in range(1, 9)]
    order = counter.receive(titration_alone, orders(*steps, ("4.5", None), fill_days=90, repeats=1))
    counter.bench.walk(order, Status.REVIEW)
    assert counter.held_for(order) == {
        "repeats-on-titration",
        "last-step-open",
        "supply-differs-from-steps",
    }
    counter.lift_all(order)
    counter.restock(500, 1_000, 1_500, 2_000, 2_500, 3_000, 3_500, 4_000, 4_500)
    first = counter.hand_over(order)

    assert [dose for dose, _, _ in planned(order, session)] == [*range(500, 3_501, 500)]
    assert vials(first)[-1].content["step"] == "Step 7 of 9"
    assert cluster(vials(first)[-1])[2] == "Tue 26 May to Sun 31 May 2026 (6 doses)"

    refill = counter.next_fill(order)
    counter.travel(noon(2026, 5, 25))
    following = counter.order_next(refill)
    counter.restock(3_500, 4_000)
    second = counter.hand_over(following)

    assert planned(following, session) == [(3_500, 8, 8), (4_000, 14, 14), (4_500, 68, 68)]
    assert [each.content["step"] for each in vials(second)] == [
        f"Step {no} of 9" for no in (7, 8, 9)
    ]
    assert cluster(vials(second)[0])[2] == "Mon 1 Jun to Mon 8 Jun 2026 (8 doses)"
    assert "R24" not in {each.rule_id for each in counter.findings(following)}


def test_a_fixed_dose_without_titration_is_reviewed_for_its_start(
    counter: Counter, session: Session
) -> None:
    """FIX-4.5, R24: 4.5 mg without earlier LDN waits for a pharmacist; nothing else holds it."""
    order = counter.receive(maintenance_alone, valid(start="2026-03-02"))
    counter.bench.walk(order, Status.REVIEW)

    assert counter.held_for(order) == set()
    assert [each.rule_id for each in counter.findings(order)] == ["R24"]
    drawn = counter.hand_over(order)
    assert planned(order, session) == [(4_500, 84, 84)]
    assert vials(drawn)[0].content["step"] == "Steady dose"


def test_a_dose_that_no_capsule_makes_is_held_for_a_pharmacist(counter: Counter) -> None:
    """E1, E2: 2.25 mg has no strength here; the hold names dose and step."""
    order = counter.receive(titration_alone, orders(("1.5", 14), ("2.25", 14), ("3", 28)))
    counter.bench.walk(order, Status.REVIEW)

    assert counter.held_for(order) == {"no-strength-for-dose"}
    (hold,) = queries.open_holds(counter.session, order.id)
    assert hold.owner is Owner.PHARMACIST
    assert "2.25 mg" in hold.words


def test_a_morning_dose_is_labelled_for_the_morning(counter: Counter) -> None:
    """domain.md 1.4 and 1707.5(a)(4)(D): a move to the daytime is a new signed order."""
    order = counter.receive(
        titration_alone, orders(("1.5", 28), ("3", 28), ("4.5", 28), when="MORN")
    )
    drawn = counter.hand_over(order)

    assert {cluster(each)[1] for each in vials(drawn)} == {"Take 1 capsule in the morning"}
    assert "bedtime" not in json.dumps(leaflet(drawn)["passages"])


def test_a_repeat_on_a_titration_is_held_and_never_starts_again(counter: Counter) -> None:
    """Rule 7: "refill x1" says nothing of the dose; lifted, it still is no refill at step 1."""
    order = counter.receive(titration_alone, orders(("1.5", 28), ("3", 28), ("4.5", 28), repeats=1))
    counter.bench.walk(order, Status.REVIEW)

    assert counter.held_for(order) == {"repeats-on-titration"}
    counter.lift_all(order)
    drawn = counter.hand_over(order)
    assert vials(drawn)[0].content["refills"] == "0, until 1 Sep 2026"
    assert counter.next_fill(order).state is RefillState.RENEWAL_NEEDED


def test_as_tolerated_is_read_but_an_open_end_is_not_closed(
    counter: Counter, session: Session
) -> None:
    """domain.md 1.6: the patient may stay at a dose without a new order."""
    words = "Start 1.5 mg nightly, increase by 1.5 mg every 2 weeks to 4.5 mg as tolerated"
    order = counter.receive(
        titration_alone, orders(("1.5", 14), ("3", 14), ("4.5", 56)), says(words)
    )
    counter.bench.walk(order, Status.REVIEW)

    assert counter.held_for(order) == {"text-steps-differ"}  # the words leave the end open
    prescription = prescriptions.get(session, order.prescription_id)
    assert prescription.regimen["as_tolerated"]


def test_forty_five_milligrams_stop_at_every_door(counter: Counter) -> None:
    """E14, R23, R26: a ten-fold slip is held, blocked and cannot be planned."""
    order = counter.receive(titration_alone, orders(("1.5", 28), ("3", 28), ("45", 28)))
    counter.bench.walk(order, Status.REVIEW)

    assert counter.held_for(order) == {"dose-too-high", "dose-rises-fast", "no-strength-for-dose"}
    blocks = {each.rule_id for each in counter.findings(order) if each.severity is Severity.BLOCK}
    assert blocks == {"R23", "R26"}


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("Take 3 mg by mouth at bedtime for 28 days.", {"text-dose-differs"}),
        ("Take 1.5 mg by mouth at bedtime for 30 days.", {"text-days-differ"}),
        ("Take 1.5 mg by mouth in the morning for 28 days.", {"text-time-differs"}),
        (
            "Take .5 mg by mouth at bedtime for 28 days.",
            {"text-naked-decimal", "text-dose-differs"},
        ),
        ("Take 1.50 mg by mouth at bedtime for 28 days.", {"text-trailing-zero"}),
        ("Take 1.5 mg daily at noon for 28 days.", {"text-other-time"}),
        ("Take 1.5 mg at bedtime for 1 month.", {"text-months", "text-without-days"}),
        ("1.5 mg SR qhs for 28 days", {"text-slow-release"}),
        ("1.5 mg qhs prn for 28 days", {"text-as-needed"}),
        (
            "1 cap hs titrate up",
            {"text-counts-capsules", "text-vague", "text-without-dose", "text-without-days"},
        ),
    ],
)
def test_words_that_contradict_the_structure_are_named(
    counter: Counter, words: str, codes: set[str]
) -> None:
    """domain.md 1.6, E10: nothing is guessed; each disagreement is a hold with its code."""
    order = counter.receive(titration_alone, says(words))
    counter.bench.walk(order, Status.REVIEW)

    assert counter.held_for(order) == codes


def test_the_end_of_daylight_saving_the_year_s_end_and_a_leap_day_lose_no_night(
    counter: Counter,
) -> None:
    """1 November 2026 has 25 hours; 84 nights from 14 October end on 5 January 2027."""
    order = counter.receive()
    counter.travel(datetime(2026, 8, 31, 18, tzinfo=UTC))
    counter.hand_over(order)
    refill = counter.next_fill(order)
    assert refill.run_out_on == date(2026, 9, 1) + timedelta(days=84)  # 24 November
    counter.travel(datetime(2026, 11, 17, 4, 30, tzinfo=UTC))  # still 16 November in Houston
    drawn = counter.hand_over(counter.order_next(refill))

    assert vials(drawn)[0].content["filled_on"] == "16 Nov 2026"
    assert cluster(vials(drawn)[0])[2] == "Tue 24 Nov 2026 to Mon 15 Feb 2027 (84 doses)"


def test_opioids_and_how_the_last_step_went_are_asked_again_at_the_second_fill(
    counter: Counter,
) -> None:
    """The other answers stand for 180 days, these two do not."""
    first = counter.receive()
    counter.hand_over(first)
    counter.travel(noon(2026, 5, 19))
    second = counter.order_next(counter.next_fill(first))

    operations.check(counter.session, second.id, now=counter.bench.now)

    assert second.status is Status.REVIEW
    assert [each.rule_id for each in counter.findings(second)] == ["N01", "N16"]
    with pytest.raises(FindingsUndecided):
        operations.approve(
            counter.session, second.id, by=counter.bench.pharmacist, now=counter.bench.now
        )


def test_a_fill_made_on_the_last_valid_days_is_taken_after_them(counter: Counter) -> None:
    """The window is for dispensing; 19 May is in it, the first dose is 26 May."""
    first = counter.receive(valid(1, end="2026-05-20"))
    counter.hand_over(first)
    counter.travel(noon(2026, 5, 19))

    second = counter.order_next(counter.next_fill(first))
    counter.hand_over(second)

    assert second.first_dose_on == date(2026, 5, 26)


def test_who_lost_their_capsules_begins_the_next_ones_on_the_day_that_a_pharmacist_names(
    counter: Counter,
) -> None:
    """domain.md 3.8: lost, with a reason, and before the last fill is used up."""
    first = counter.receive(valid(1, start="2026-03-02"))
    counter.hand_over(first)
    refill = counter.next_fill(first)
    counter.travel(noon(2026, 4, 1))

    order = refills.order_next(
        counter.session,
        refill.id,
        early="lost-or-damaged",
        by=counter.bench.pharmacist,
        now=counter.bench.now,
    )
    counter.bench.walk(order, Status.REVIEW)
    counter.bench.approve(order, first_dose_on=date(2026, 4, 1))

    assert order.last_dose_on == date(2026, 4, 1) + timedelta(days=83)


def test_a_planned_procedure_stands_on_the_leaflet(counter: Counter) -> None:
    """R13: counselling is said, printed and holds nothing."""
    order = counter.receive()
    counter.bench.walk(order, Status.REVIEW)
    patients.record_answers(
        counter.session,
        order.patient_id,
        [GivenAnswer(topic=Topic.SURGERY, reply=Reply.YES, details=Details(on=date(2026, 4, 20)))],
        source="patient-phone",
        by=counter.bench.technician,
        now=counter.bench.now + timedelta(minutes=1),
    )
    operations.check(counter.session, order.id, now=counter.bench.now + timedelta(minutes=2))

    drawn = counter.hand_over(order)

    told = [each for each in leaflet(drawn)["passages"] if each["key"] == "told"]
    assert len(told) == 1
    assert "surgery" in told[0]["sentences"][0]
