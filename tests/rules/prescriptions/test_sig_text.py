"""Directions in words, read as numbers (domain.md 1.6)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pharmacy.prescriptions.rules.regimen import TimeOfDay
from pharmacy.prescriptions.rules.sig_text import read

BEDTIME, MORNING = frozenset({TimeOfDay.BEDTIME}), frozenset({TimeOfDay.MORNING})


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        (
            "1.5 mg PO QHS x 28 days, then 3 mg QHS x 28 days, then 4.5 mg QHS",
            ((1500, 28), (3000, 28), (4500, None)),
        ),
        (
            "Start 1.5mg nightly, increase by 1.5mg every 2 weeks to 4.5mg as tolerated",
            ((1500, 14), (3000, 14), (4500, None)),
        ),
        (
            "0.5 mg qhs, inc 0.5 mg q14d to max 4.5",
            (*[(500 * number, 14) for number in range(1, 9)], (4500, None)),
        ),
        ("1.5 mg for four weeks; 3 mg for 4 wks; 4.5 mg", ((1500, 28), (3000, 28), (4500, None))),
    ],
)
def test_a_whole_schedule_is_read_as_its_steps(text, schedule):
    reading = read(text)

    assert reading.schedule == schedule
    assert reading.cautions == ()


def test_as_tolerated_lets_the_patient_stay():
    assert read("Start 1.5mg, increase by 1.5mg every 2 weeks to 4.5mg as tolerated").as_tolerated
    assert not read("stay at the last tolerated dose and call the prescriber").as_tolerated


@pytest.mark.parametrize(
    ("text", "doses", "days", "times"),
    [
        ("Take 1.5 mg by mouth at bedtime for 28 days.", (1500,), (28,), BEDTIME),
        ("Then take 3 mg PO QHS x 4 wks", (3000,), (28,), BEDTIME),
        ("take 4.5mg every morning for 30 nights", (4500,), (30,), MORNING),
        ("TAKE 1500 MCG HS X28D", (1500,), (28,), BEDTIME),
        ("250 \u00b5g nightly for two weeks", (250,), (14,), BEDTIME),
        ("0.25 mg qam", (250,), (), MORNING),
        ("4.5 mg at bedtime; may move to the morning", (4500,), (), BEDTIME | MORNING),
        ("0.0005 mg", (0,), (), frozenset()),
        ("take as before", (), (), frozenset()),
    ],
)
def test_one_step_is_read(text, doses, days, times):
    reading = read(text)

    assert (reading.doses_ug, reading.days, reading.times) == (doses, days, times)
    assert reading.schedule == ()


@pytest.mark.parametrize(
    ("text", "caution"),
    [
        ("1 cap hs titrate up", "text-vague"),
        ("1.5 mg, increase gradually", "text-vague"),
        ("1.5 mg as directed", "text-vague"),
        ("4.5 mg SR qhs", "text-slow-release"),
        ("4.5 mg slow-release", "text-slow-release"),
        ("Take 1-3 caps HS", "text-dose-range"),
        ("take 1.5 to 3 mg", "text-dose-range"),
        ("1.5 or 3 mg", "text-dose-range"),
        ("1.5 mg prn", "text-as-needed"),
        ("1.5 mg as needed for pain", "text-as-needed"),
        ("1.5 mg BID", "text-not-once-daily"),
        ("1.5 mg twice daily", "text-not-once-daily"),
        ("1.5 mg every other day", "text-not-once-daily"),
        ("1.5 mg q12h", "text-not-once-daily"),
        ("take .5 mg", "text-naked-decimal"),
        ("take 1.0 mg", "text-trailing-zero"),
        ("take 1.50 mg", "text-trailing-zero"),
        ("take 4,5 mg", "text-decimal-comma"),
        ("take 4.5 mg at noon", "text-other-time"),
        ("take 4.5 mg every evening", "text-other-time"),
        ("take 4.5 mg at 2 p.m.", "text-other-time"),
        ("take 4.5 mg nightly for 3 months", "text-months"),
        ("take 4.5 mg nightly x 1 mo", "text-months"),
        ("take 2 capsules (3 mg)", "text-counts-capsules"),
        ("take three tablets", "text-counts-capsules"),
        ("4.5 mg as base", "text-dose-as-base"),
    ],
)
def test_what_is_not_plain_is_shown_to_a_pharmacist(text, caution):
    assert caution in read(text).cautions


@pytest.mark.parametrize(
    "text",
    [
        "Take 10 mg at bedtime",
        "Take 4.5 mg nightly; go to the ER when short of breath",
        "Take 0.5 mg",
    ],
)
def test_plain_words_raise_no_caution(text):
    assert read(text).cautions == ()


PIECES = "1.5 .5 1,5 0 99 mg mcg g d wks x for every q hs am inc by to max of then ; . - caps one"
pieces = st.sampled_from([*PIECES.split(), "\u00b5", "\u00e9", " "])


@given(st.lists(pieces, max_size=60).map("".join) | st.lists(pieces, max_size=60).map(" ".join))
def test_any_text_can_be_read(text):
    read(text)


@given(st.integers(1, 6000), st.integers(1, 120))
def test_a_plain_sentence_says_what_it_was_made_of(dose_ug, days):
    reading = read(f"Take {dose_ug / 1000:g} mg by mouth at bedtime for {days} days.")

    assert (reading.doses_ug, reading.days, reading.times) == ((dose_ug,), (days,), BEDTIME)


def test_nine_in_the_evening_is_bedtime() -> None:
    reading = read("Take 1.5 mg by mouth at 9 pm for 28 days.")

    assert reading.times == {TimeOfDay.BEDTIME}
    assert reading.cautions == ()
