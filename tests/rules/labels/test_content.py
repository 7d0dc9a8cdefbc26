"""What must stand on a label, and in which words."""

from dataclasses import fields, replace
from datetime import date

import pytest

from pharmacy.labels.rules import texts, wording
from pharmacy.labels.rules.container import (
    DirectionsUnknown,
    DosesDoNotAddUp,
)
from pharmacy.labels.rules.content import ELEMENTS, ContainerLabel, ElementMissing, require_complete
from pharmacy.titration.rules import directions
from tests.factories.labels import make_container_facts, make_label, make_order_facts, worded


def test_the_label_says_what_the_reference_prints() -> None:
    """domain.md 5.1, items 1 to 3."""
    label = make_label()

    assert label.patient == "Avery M Testpatient"
    assert f"{label.drug} {label.strength}" == "Naltrexone hydrochloride 1.5 mg capsule"
    assert label.directions == "Take 1 capsule at bedtime"
    assert f"{label.dates} {label.doses}" == "Mon 5 Jan to Sun 1 Feb 2026 (28 doses)"


def test_what_lies_around_the_cluster() -> None:
    label = make_label()

    assert label.rx_number == "100001"
    assert label.filled_on == "4 Jan 2026"
    assert label.quantity == "28 capsules"
    assert label.refills == "1, until 1 Sep 2026"
    assert label.discard_after == "1 Jul 2026"
    assert label.phone == "(555) 010-0100"
    assert label.capsule == "White, size 3."
    assert label.filler == "Filler: microcrystalline cellulose."
    assert (label.step, label.part) == ("Step 1 of 3", "1 of 3")


def test_every_plan_has_words_for_its_directions() -> None:
    assert set(texts.KEYS[texts.Part.DIRECTIONS]) == set(directions.KEYS)


def test_directions_without_reviewed_words_are_refused() -> None:
    with pytest.raises(DirectionsUnknown):
        worded(make_order_facts(), make_container_facts(directions="take-6-bedtime"))


def test_a_container_whose_capsules_are_not_its_doses_is_refused() -> None:
    with pytest.raises(DosesDoNotAddUp):
        worded(make_order_facts(), make_container_facts(quantity=29))


def test_two_capsules_a_night_are_half_as_many_doses() -> None:
    facts = make_container_facts(capsules_per_dose=2, quantity=56, directions="take-2-bedtime")

    label = worded(make_order_facts(), facts)

    assert (label.quantity, label.doses) == ("56 capsules", "(28 doses)")


TRANSLATED = ("language", "also", "until", "onward", "second", "versions", "faces")
"""What a label in another language than English has besides, or says for the record."""
NAMES = sorted({name for element in ELEMENTS for name in element.fields})


@pytest.mark.parametrize("name", NAMES)
def test_a_label_without_a_required_element_is_refused_with_its_source(name: str) -> None:
    empty = () if isinstance(getattr(make_label(), name), tuple) else "  "

    with pytest.raises(ElementMissing) as refusal:
        require_complete(replace(make_label(), **{name: empty}))

    assert refusal.value.facts["element"] == name
    assert refusal.value.facts["source"] in str(refusal.value)


def test_every_text_of_a_label_is_required() -> None:
    known = {field.name for field in fields(ContainerLabel)}

    assert set(NAMES) == known - {"reprint", "purpose", *TRANSLATED}


def test_the_law_of_another_state_does_not_hold_a_label_where_only_some_laws_count() -> None:
    label = make_label(capsule="")

    require_complete(label, states=frozenset({"TX"}))
    with pytest.raises(ElementMissing, match=r"Cal\. BPC 4076"):
        require_complete(label, states=frozenset({"TX", "CA"}))


def test_content_comes_back_from_storage_as_it_was() -> None:
    label = make_label()
    stored = {field.name: getattr(label, field.name) for field in fields(label)}
    stored |= {"address": list(label.address), "auxiliaries": list(label.auxiliaries)}

    assert ContainerLabel.of_data(stored) == label


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 1, 5), date(2026, 2, 1), "Mon 5 Jan to Sun 1 Feb 2026"),
        (date(2026, 12, 28), date(2027, 1, 24), "Mon 28 Dec 2026 to Sun 24 Jan 2027"),
        (date(2028, 2, 29), date(2028, 2, 29), "Tue 29 Feb 2028"),
    ],
)
def test_dates_are_written_out(first: date, last: date, words: str) -> None:
    assert wording.span(first, last, texts.SHIPPED_ENGLISH) == words


@pytest.mark.parametrize(
    ("micrograms", "words"),
    [(1500, "1.5 mg"), (3000, "3 mg"), (250, "0.25 mg"), (4500, "4.5 mg"), (125, "0.125 mg")],
)
def test_strengths_follow_ismp(micrograms: int, words: str) -> None:
    """A leading zero, never a trailing one (domain.md 3.6)."""
    assert wording.strength(micrograms) == words


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("+1-555-010-0142", "(555) 010-0142"),
        ("5550100142", "(555) 010-0142"),
        ("+44 20 7946 0958", "+44 20 7946 0958"),
        ("555-010-0142 ext. 7", "555-010-0142 ext. 7"),
    ],
)
def test_telephone_numbers_are_grouped_or_left_alone(given: str, words: str) -> None:
    assert wording.phone(given) == words


@pytest.mark.parametrize(
    ("left", "doses_ug", "words"),
    [
        (1, (), "1, until 1 Sep 2026"),
        (0, (), "0, until 1 Sep 2026"),
        (2, (4500,), "2 (4.5 mg), until 1 Sep 2026"),
        (1, (3500, 4000, 4500), "1, until 1 Sep 2026"),
    ],
)
def test_refills_say_of_which_dose_they_are(
    left: int, doses_ug: tuple[int, ...], words: str
) -> None:
    """domain.md rule 7: the next fill of a titration is its maintenance, not this vial again."""
    assert wording.refills(left, doses_ug, date(2026, 9, 1), texts.SHIPPED_ENGLISH) == words
