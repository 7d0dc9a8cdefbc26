"""Why the medicine is taken: when a label says it, in whose words, and where it stands."""

from dataclasses import asdict

import pytest

from pharmacy.labels import pdf
from pharmacy.labels.drawing import RESOLUTIONS, Stock, dots, drawn_copy, pages
from pharmacy.labels.pdf import label, stacked
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.fitting import TextTooLong
from pharmacy.labels.rules.purpose import REQUIRED_IN, plain_words, prints_purpose
from pharmacy.practice.rules import DEFAULTS, PolicyValueInvalid, of_data
from tests.factories.labels import (
    make_container_facts,
    make_label,
    make_order_facts,
    make_spanish,
    worded,
)
from tests.rules.labels.pictures import pages_of, scanned, text_of

FIBROMYALGIA = "Fibromyalgia (off-label use)"
LONG = "Pain and tiredness of fibromyalgia; dry eyes"
LONGEST = f"{LONG}; small intestinal bacterial overgrowth; and a word more about why"


def make_told(purpose: str = FIBROMYALGIA) -> ContainerLabel:
    return worded(make_order_facts(purpose=purpose), make_container_facts())


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("Fibromyalgia (off-label use)", "Fibromyalgia (off-label use)"),
        ("Fibromyalgia; Crohn's disease", "Fibromyalgia; Crohn's disease"),
        ("M79.7", ""),
        ("M797", ""),
        ("G35", ""),
        ("203082005", ""),
        ("M79.7; Fibromyalgia", "Fibromyalgia"),
        ("Fibromyalgia (M79.7)", "Fibromyalgia"),
        ("Fibromyalgia [ICD-10: M797]", "Fibromyalgia"),
        ("M79.7: Fibromyalgia", "Fibromyalgia"),
        ("ICD-10-CM M79.7 Fibromyalgia", "Fibromyalgia"),
        ("Multiple sclerosis (G35)", "Multiple sclerosis"),
        ("Vitamin B12 deficiency", "Vitamin B12 deficiency"),
        ("Low-dose, 4.5 mg", "Low-dose, 4.5 mg"),
        ("Type 2 diabetes", "Type 2 diabetes"),
        ("  Lupus\n and pain ", "Lupus and pain"),
        ("", ""),
    ],
)
def test_only_the_prescribers_words_are_printed_and_no_code(reason: str, words: str) -> None:
    assert plain_words(reason) == words


def test_california_requires_it_whatever_the_pharmacy_decides() -> None:
    """16 CCR 1707.5(a)(1)(D); domain.md 3.6."""
    assert REQUIRED_IN == {"CA": "16 CCR 1707.5(a)(1)(D)"}
    for states in ({"CA"}, {"TX", "CA"}):
        assert prints_purpose(states, by_default=False, left_off_in=("TX", "CA"))


def test_elsewhere_the_pharmacy_decides_and_may_leave_it_off_for_some_states() -> None:
    assert DEFAULTS.purpose_on_label
    assert DEFAULTS.purpose_left_off == ()
    assert prints_purpose({"TX", "OK"}, by_default=True, left_off_in=())
    assert not prints_purpose({"TX", "OK"}, by_default=False, left_off_in=())
    assert not prints_purpose({"TX", "OK"}, by_default=True, left_off_in=("OK",))
    assert prints_purpose({"TX"}, by_default=True, left_off_in=("OK",))


@pytest.mark.parametrize("states", [["tx"], ["Texas"], ["TX", ""]])
def test_what_is_no_state_is_refused_where_states_are_listed(states: list[str]) -> None:
    """It would never apply, and the purpose be printed where it should not."""
    with pytest.raises(PolicyValueInvalid):
        of_data("purpose_left_off", states)


def test_the_label_says_it_in_the_patients_language_around_the_prescribers_words() -> None:
    order = make_order_facts(purpose="Fibromyalgia")

    assert make_told("Fibromyalgia").purpose == "For: Fibromyalgia"
    assert worded(order, make_container_facts(), make_spanish()).purpose == "Para: Fibromyalgia"
    assert make_label().purpose == ""


def test_spanish_that_was_approved_before_is_printed_with_the_english_word() -> None:
    before = make_spanish()
    known = {key: text for key, text in before.by_key.items() if key != "purpose"}
    words = type(before)(language="es", by_key=known, versions=before.versions)

    told = worded(make_order_facts(purpose="Lupus"), make_container_facts(), words)

    assert told.purpose == "For: Lupus"


@pytest.mark.parametrize("purpose", [FIBROMYALGIA, LONG])
def test_the_cluster_has_its_four_items_in_the_order_of_the_law(purpose: str) -> None:
    """Name; drug and strength; directions; purpose: only these, each of 12 points or more."""
    content = make_told(purpose)

    lines = label.cluster(content)

    assert " ".join(line.text for line in lines) == " ".join(
        [
            *(content.patient, content.drug, content.strength, content.directions),
            *(content.dates, content.doses, content.purpose),
        ]
    )
    assert min(line.size for line in lines) >= 12


@pytest.mark.parametrize("stock", Stock)
@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("purpose", [FIBROMYALGIA, LONG, LONGEST])
def test_it_stands_whole_on_every_stock(stock: Stock, dpi: int, purpose: str) -> None:
    content = make_told(purpose)

    file = drawn_copy(content, stock=stock)

    assert content.purpose in text_of(file)
    assert len(dots(content, stock=stock, dpi=dpi)) == pages_of(file)
    assert ("Data Matrix", content.container_code) in scanned(file, dpi=dpi)


def test_a_usual_purpose_needs_no_second_label() -> None:
    assert pages_of(pdf.container_labels([make_told()])) == 1


@pytest.mark.parametrize("stock", [Stock.FLAT, Stock.SMALL])
def test_a_purpose_without_room_goes_whole_to_the_second_label(stock: Stock) -> None:
    content = make_told(LONGEST)

    file = drawn_copy(content, stock=stock)

    assert pages_of(file) == 2
    assert "For:" not in text_of(file, page=0)
    assert "More on label 2 of 2." in text_of(file, page=0)
    assert content.purpose in text_of(file, page=1)
    assert content.patient in text_of(file, page=1)


@pytest.mark.parametrize("stock", Stock)
def test_a_purpose_that_no_label_holds_is_refused(stock: Stock) -> None:
    with pytest.raises(TextTooLong):
        pages(make_told("Fibromyalgia and pain; " * 150), stock)


def test_a_label_that_was_stored_before_is_drawn_as_it_was() -> None:
    stored = asdict(make_label())
    del stored["purpose"]

    assert pdf.container_labels([ContainerLabel.of_data(stored)]) == pdf.container_labels(
        [make_label()]
    )


def test_the_cluster_still_takes_half_of_every_stock() -> None:
    """16 CCR 1707.5(a)(1): at least 50 %."""
    assert label.CLUSTER_WIDE * label.CLUSTER_HIGH / (label.WIDE * label.HIGH) >= 0.5
    for stock in (stacked.FOUR_BY_SIX, stacked.TWO_BY_FOUR):
        assert stock.cluster_high / stock.size[1] >= 0.5
