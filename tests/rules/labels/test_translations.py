"""A label in another language: what is translated, and that the English stands beside it."""

import pytest

from pharmacy.labels import pdf
from pharmacy.labels.drawing import Stock, dots, drawn_copy
from pharmacy.labels.pdf.label import cluster
from pharmacy.labels.rules.content import require_complete
from pharmacy.labels.rules.copies import Copy
from pharmacy.labels.rules.leaflet import leaflet
from pharmacy.labels.rules.texts import (
    KEYS,
    SHIPPED_ENGLISH,
    Part,
    TextMissing,
    TextUnknown,
    TextUnlike,
    filled,
    require_like,
    require_whole,
    shipped,
)
from tests.factories.labels import (
    make_container_facts,
    make_label,
    make_order_facts,
    make_spanish,
    make_steps,
    worded,
)
from tests.rules.labels.pictures import plain, scanned, text_of

SPANISH = worded(make_order_facts(), make_container_facts(), make_spanish())
ENGLISH_DIRECTIONS = "In English: Take 1 capsule at bedtime, Mon 5 Jan to Sun 1 Feb 2026."


def test_directions_dates_and_warnings_are_in_the_patient_s_language() -> None:
    assert SPANISH.directions == "Tome 1 cápsula al acostarse"
    assert SPANISH.dates == "lun 5 ene al dom 1 feb 2026"
    assert SPANISH.doses == "(28 dosis)"
    assert SPANISH.step == "Paso 1 de 3"
    assert SPANISH.auxiliaries == (
        "No la tome con opioides.",
        "No la use después del 1 jul 2026.",
        "Guarde lejos de los niños.",
    )
    require_complete(SPANISH)


def test_what_another_pharmacy_asks_about_stays_in_english() -> None:
    english = make_label()

    for name in ("drug", "strength", "filled_on", "quantity", "refills", "discard_after"):
        assert getattr(SPANISH, name) == getattr(english, name)


def test_an_english_label_says_nothing_twice() -> None:
    assert make_label().also == ""


@pytest.mark.parametrize("stock", Stock)
def test_the_english_directions_stand_on_a_translated_label_outside_of_its_cluster(
    stock: Stock,
) -> None:
    """BPC 4076.6; domain.md 3.6."""
    page = drawn_copy(SPANISH, stock=stock)

    assert plain(ENGLISH_DIRECTIONS) in plain(text_of(page, page=0))
    if stock is Stock.FLAT:
        assert not any("Take" in line.text for line in cluster(SPANISH))


@pytest.mark.parametrize("stock", Stock)
@pytest.mark.parametrize("copy", [Copy(), Copy(2, "was damaged")])
def test_every_word_of_a_translated_label_is_on_its_one_or_two_pages(
    stock: Stock, copy: Copy
) -> None:
    pages = len(dots(SPANISH, stock=stock))
    page = drawn_copy(SPANISH, stock=stock, copy=copy)

    whole = plain(text_of(page))
    for text in (*SPANISH.auxiliaries, SPANISH.storage, SPANISH.route, SPANISH.compounded):
        assert plain(text) in whole
    assert pages <= 2
    assert ("Code 128", "100001") in scanned(page)


def test_the_spanish_leaflet_is_spanish() -> None:
    containers = [make_container_facts(no) for no in (1, 2, 3)]
    page = leaflet(make_order_facts(), containers, make_steps(), make_spanish())

    text = text_of(pdf.leaflet_pages(page))

    for words in (
        "Su naltrexona en dosis baja",
        "Tome 1 cápsula al acostarse",
        "lun 5 ene al dom 1 feb 2026",
        "enero 2026",
        "28 noches",
        "No tome medicinas opioides",
        "Hoja 1 de 2",
        "llame al 911",
    ):
        assert words in text
    for words in ("bedtime", "January", "nights", "Questions", "Discard"):
        assert words not in text


def test_a_text_fills_in_what_the_english_one_fills_in() -> None:
    english = shipped("en", Part.LABEL)

    require_like(english, {"step": "Paso {no} de {steps}", "route": ""})
    for key, text in (
        ("step", "Paso {no}"),
        ("route", "Por {drug}."),
        ("route", "x" * 500),
        ("date.weekdays", "lun mar mié"),
    ):
        with pytest.raises(TextUnlike):
            require_like(english, {key: text})
    with pytest.raises(TextUnknown):
        require_like(english, {"colour": "azul"})


def test_a_value_with_braces_is_no_hole() -> None:
    assert filled("{drug}, {prescriber}", drug="{prescriber}", prescriber="Dr. B") == (
        "{prescriber}, Dr. B"
    )


def test_spanish_directions_are_not_ours_to_translate() -> None:
    """domain.md 3.6: the Board's words are written in from its own publication."""
    with pytest.raises(TextMissing):
        require_whole(KEYS[Part.DIRECTIONS], shipped("es", Part.DIRECTIONS))
    assert SHIPPED_ENGLISH["take-1-bedtime"] == "Take 1 capsule at bedtime"
