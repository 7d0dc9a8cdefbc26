"""The leaflet: what it says, that it is easy to read, and that it fits."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest

from pharmacy.labels import pdf
from pharmacy.labels.rules import texts
from pharmacy.labels.rules.fitting import TextTooLong
from pharmacy.labels.rules.leaflet import NO_DOSE, Leaflet, leaflet
from pharmacy.labels.rules.reading import grade
from pharmacy.screening.rules.rule import Severity
from pharmacy.screening.rules.rulebook import RULES
from tests.factories.labels import make_container_facts, make_order_facts, make_steps
from tests.rules.labels.pictures import fonts_of, pages_of, scanned, text_of

CONTAINERS = [make_container_facts(no) for no in (1, 2, 3)]
TWELVE = tuple(range(500, 6500, 500))


def make_leaflet(doses_ug: tuple[int, ...] = (1500, 3000, 4500), *, days: int = 28) -> Leaflet:
    return leaflet(
        make_order_facts(), CONTAINERS, make_steps(doses_ug, days=days), texts.SHIPPED_ENGLISH
    )


def english(keys: Iterable[str]) -> str:
    return " ".join(texts.SHIPPED_ENGLISH[key] for key in keys)


def sentences(*, bedtime: bool, morning: bool) -> str:
    passages = texts.passages(bedtime=bedtime, morning=morning, several_steps=True)
    return english(key for passage in passages for key in passage.sentences)


@pytest.mark.parametrize(("bedtime", "morning"), [(True, False), (False, True), (True, True)])
def test_the_leaflet_reads_at_eighth_grade_or_below(bedtime: bool, morning: bool) -> None:
    """domain.md 5.2."""
    assert grade(sentences(bedtime=bedtime, morning=morning)) <= 8


def test_the_words_shout_at_nobody() -> None:
    """No block capitals. FDA is a name."""
    text = sentences(bedtime=True, morning=False)

    assert set(re.findall(r"\b[A-Z]{2,}\b", text)) <= {"FDA"}


def test_every_passage_of_the_reference_is_there() -> None:
    text = text_of(pdf.leaflet_pages(make_leaflet()))

    for words in (
        "once a day at bedtime",
        "night-time endorphin cycle",
        "between 2 and 4 in the morning",
        "Do not go to the next strength before the date shown.",
        "vivid dreams or nightmares",
        "take it in the morning instead",
        "Stay at the highest dose that did not bother you",
        "3 to 6 months",
        "opioid pain, cough or diarrhea medicines",
        "It is usually 2 to 3 days before.",
        "Limit alcohol.",
        "pregnant",
        "Never take two doses at once.",
        "Do not flush it.",
        "Compounded medicines are not FDA",
        "alcohol dependence and opioid blockade",
        "call 911",
        "(555) 010-0100",
        "Mon to Sat, 9 am to 6 pm",
    ):
        assert words in text


def test_the_leaflet_dates_every_step() -> None:
    """domain.md V17: 5 Jan to 1 Feb, 2 Feb to 1 Mar, 2 to 29 Mar 2026."""
    text = text_of(pdf.leaflet_pages(make_leaflet()))

    assert "Mon 5 Jan to Sun 1 Feb 2026" in text
    assert "Mon 2 Feb to Sun 1 Mar 2026" in text
    assert "Mon 2 Mar to Sun 29 Mar 2026" in text
    assert "Discard after 1 Jul 2026" in text


def test_the_calendar_shades_exactly_the_days_with_a_dose() -> None:
    months = make_leaflet().months

    assert [month.title for month in months] == ["January 2026", "February 2026", "March 2026"]
    january, february, march = months
    assert january.begins == 4  # 1 January 2026 is a Thursday; weeks begin on Sunday
    assert january.steps == (*[NO_DOSE] * 4, *[0] * 27)
    assert february.steps == (0, *[1] * 27)
    assert march.steps == (1, *[2] * 28, NO_DOSE, NO_DOSE)


def test_the_leaflet_names_the_bytes_that_were_signed() -> None:
    facts = make_order_facts()

    assert facts.signed_sha256 in text_of(pdf.leaflet_pages(make_leaflet()))


def test_a_scanner_reads_the_leaflet_s_rx_number() -> None:
    file = pdf.leaflet_pages(make_leaflet())

    assert scanned(file, dpi=300) == scanned(file, dpi=600) == {("Code 128", "100001")}


def test_a_morning_leaflet_does_not_say_bedtime() -> None:
    steps = [replace(step, directions="take-1-morning") for step in make_steps()]
    page = leaflet(make_order_facts(), CONTAINERS, steps, texts.SHIPPED_ENGLISH)

    text = text_of(pdf.leaflet_pages(page))

    assert "once a day in the morning" in text
    assert "bedtime" not in text
    assert "28 days" in text
    assert "vivid dreams or nightmares" in text
    assert "in the morning instead" not in text


def test_steps_at_different_times_of_day_are_not_all_called_bedtime() -> None:
    """domain.md 1.4: a move to the morning changes the later steps only."""
    night, *later = make_steps()
    steps = [night, *(replace(step, directions="take-1-morning") for step in later)]

    text = text_of(
        pdf.leaflet_pages(leaflet(make_order_facts(), CONTAINERS, steps, texts.SHIPPED_ENGLISH))
    )

    assert "Each label says when: at bedtime or in the morning." in text
    assert "once a day at bedtime" not in text
    assert "28 days" in text


def test_a_dose_that_stays_is_not_called_a_first_step() -> None:
    page = make_leaflet((4500,), days=84)

    assert [step.title for step in page.steps] == ["Steady dose"]
    assert "Step 1" not in text_of(pdf.leaflet_pages(page))


def test_several_capsules_a_dose_name_the_strength_of_each() -> None:
    steps = [replace(make_steps()[1], strength_ug=1500, directions="take-2-bedtime")]
    page = leaflet(make_order_facts(), CONTAINERS, steps, texts.SHIPPED_ENGLISH)

    assert page.steps[0].take == "Take 2 capsules at bedtime (1.5 mg each)"


def test_one_dose_that_goes_on_has_no_next_strength() -> None:
    text = text_of(pdf.leaflet_pages(make_leaflet((4500,), days=84)))

    assert "next strength" not in text


@pytest.mark.parametrize(
    ("doses_ug", "days", "pages"),
    [((4500,), 84, 2), ((1500, 3000, 4500), 30, 2), (TWELVE, 14, 3), (TWELVE, 28, 3)],
)
def test_every_regimen_fits(doses_ug: tuple[int, ...], days: int, pages: int) -> None:
    file = pdf.leaflet_pages(make_leaflet(doses_ug, days=days))

    assert pages_of(file) == pages
    assert "Get help" in text_of(file)
    assert all(fonts_of(file).values())


def test_the_same_facts_give_the_same_leaflet() -> None:
    assert pdf.leaflet_pages(make_leaflet()) == pdf.leaflet_pages(make_leaflet())


def test_a_name_too_long_for_the_leaflet_is_refused() -> None:
    with pytest.raises(TextTooLong):
        pdf.leaflet_pages(replace(make_leaflet(), patient="W" * 60))


def test_the_earliest_beyond_use_date_counts() -> None:
    early = replace(CONTAINERS[1], beyond_use_on=date(2026, 4, 1))
    page = leaflet(make_order_facts(), [CONTAINERS[0], early], make_steps(), texts.SHIPPED_ENGLISH)

    assert page.filled.endswith("Discard after 1 Apr 2026.")


def test_what_screening_would_counsel_is_said_to_the_patient() -> None:
    """domain.md 4.1: counselling is printed on the leaflet."""
    page = leaflet(
        make_order_facts(counsel=("N14", "R13", "R15")),
        CONTAINERS,
        make_steps(),
        texts.SHIPPED_ENGLISH,
    )

    text = text_of(pdf.leaflet_pages(page))

    assert "surgery or a procedure is planned" in text
    assert "Loperamide may not work as well" in text
    assert "drink alcohol" not in text
    assert "What you told us" not in text_of(pdf.leaflet_pages(make_leaflet()))


def test_every_rule_that_only_counsels_has_words_for_the_patient() -> None:
    counselled = {
        rule.id for rule in RULES if rule.severity is Severity.COUNSEL and rule.id[0] == "R"
    }

    assert set(texts.COUNSEL) == counselled


def test_words_for_one_patient_read_at_eighth_grade_or_below() -> None:
    assert grade(english(f"told.{rule}" for rule in texts.COUNSEL)) <= 8
