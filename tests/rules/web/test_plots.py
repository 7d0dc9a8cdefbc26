"""Plots are drawn to scale, and say in words what they show."""

from datetime import date, timedelta

import pytest

from pharmacy.web.plots import NAMES, ROOM, bars, spans, spoken, weeks

HOUR = timedelta(hours=1)


def test_a_span_is_drawn_from_its_median_to_its_ninetieth_percentile_on_one_scale() -> None:
    """The longest, 10 h, ends where the room ends; 5 h lie half the way, 2 h a fifth."""
    plot = spans([("Review", 2 * HOUR, 5 * HOUR), ("Labeling", 5 * HOUR, 10 * HOUR)])

    assert plot is not None
    assert [row.median_x - NAMES for row in plot.rows] == [round(ROOM / 5), round(ROOM / 2)]
    assert [row.p90_x - NAMES for row in plot.rows] == [round(ROOM / 2), ROOM]
    assert plot.words.startswith("Review: half within 2.0 h, nine of ten within 5.0 h; Labeling")


def test_what_was_not_measured_is_not_drawn() -> None:
    assert spans([("Review", None, None)]) is None
    assert bars(["answered", "open"], [("Dose", [0, 0])]) is None
    assert weeks({}, first=date(2026, 3, 2), last=date(2026, 3, 30)) is None


def test_the_pieces_of_a_bar_lie_in_their_order_and_keep_their_kind() -> None:
    """4 of the most, 4: 1 under 4 h, none of the second kind, 3 older: a quarter of the room."""
    plot = bars(["under 4 h", "4 to 24 h", "older"], [("Review", [1, 0, 3]), ("Ready", [0, 1, 0])])

    assert plot is not None
    review = plot.rows[0]
    assert [(part.at, part.count) for part in review.parts] == [(0, 1), (2, 3)]
    assert [part.x - NAMES for part in review.parts] == [0, round(ROOM / 4)]
    assert [part.label for part in review.parts] == ["1 · under 4 h", "3 · older"]
    assert review.total == 4
    assert plot.words == "Review: under 4 h 1, older 3; Ready: 4 to 24 h 1"


def test_a_week_in_which_nothing_happened_leaves_its_place_empty() -> None:
    first, last = date(2026, 3, 2), date(2026, 3, 16)

    plot = weeks({first: 2, last: 1}, first=first, last=last)

    assert plot is not None
    assert [row.count for row in plot.rows] == [2, 0, 1]
    assert [row.high for row in plot.rows] == [90, 0, 45]


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (None, "none"),
        (timedelta(minutes=119), "119 min"),
        (timedelta(hours=2), "2.0 h"),
        (timedelta(hours=47), "47.0 h"),
        (timedelta(hours=60), "2.5 days"),
    ],
)
def test_spans_are_told_in_the_unit_that_matters(span: timedelta | None, words: str) -> None:
    assert spoken(span) == words
