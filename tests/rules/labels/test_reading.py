"""How hard the words are to read, by the published formulas."""

import pytest

from pharmacy.labels.rules import reading
from pharmacy.labels.rules.reading import TextTooHard, ease, grade
from pharmacy.labels.rules.texts import KEYS, Part, passages, shipped


def test_the_measure_of_english_is_sound() -> None:
    """Six words of one syllable in one sentence: 0.39 x 6 + 11.8 x 1 - 15.59."""
    assert grade("The cat sat on the mat.") == pytest.approx(0.39 * 6 + 11.8 - 15.59)
    assert reading.english_syllables("medicine") == 3
    assert reading.english_syllables("bedtime") == 2


@pytest.mark.parametrize(
    ("word", "syllables"),
    [
        ("medicina", 4),
        ("día", 2),
        ("noche", 2),
        ("que", 1),
        ("guitarra", 3),
        ("farmacia", 3),
        ("hoy", 1),
        ("aéreo", 4),
        ("también", 2),
        ("hígado", 3),
        ("sueño", 2),
        ("opioides", 3),
    ],
)
def test_spanish_syllables_are_counted_as_they_are_spoken(word: str, syllables: int) -> None:
    assert reading.spanish_syllables(word) == syllables


def test_the_measure_of_spanish_is_sound() -> None:
    """Four words and seven syllables in one sentence: 206.84 - 60 x 7/4 - 1.02 x 4."""
    assert ease("El gato come pescado.") == pytest.approx(206.84 - 60 * 8 / 4 - 1.02 * 4)


@pytest.mark.parametrize(("bedtime", "morning"), [(True, False), (False, True), (True, True)])
def test_the_spanish_draft_reads_at_eighth_grade_or_below(bedtime: bool, morning: bool) -> None:
    """Fernández Huerta: 60 and above is 8th grade or easier."""
    words = shipped("es", Part.LEAFLET)
    outlines = passages(bedtime=bedtime, morning=morning, several_steps=True)

    text = " ".join(words[key] for outline in outlines for key in outline.sentences)

    assert ease(text) >= 60


def test_a_hard_text_is_refused_where_there_is_a_formula() -> None:
    hard = "Concomitant administration of opioid analgesics precipitates withdrawal immediately."

    with pytest.raises(TextTooHard) as refusal:
        reading.require_easy("en", hard)

    assert str(refusal.value.facts["measured"]).startswith("Flesch-Kincaid grade")
    reading.require_easy("vi", hard)


def test_every_language_that_is_shipped_has_every_key() -> None:
    for part in Part:
        assert set(shipped("es", part)) == set(KEYS[part])
        assert all(text for text in shipped("en", part).values())
