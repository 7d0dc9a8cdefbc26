"""The leaflet in large print: every word, 18 points and larger, on as many pages as it takes."""

from dataclasses import replace

import pytest

from pharmacy.labels import pdf
from pharmacy.labels.pdf import large_leaflet
from pharmacy.labels.pdf.pen import Text
from pharmacy.labels.rules.fitting import TextTooLong
from pharmacy.labels.rules.leaflet import Leaflet, leaflet
from pharmacy.labels.rules.texts import SHIPPED_ENGLISH, Texts
from tests.factories.labels import (
    make_container_facts,
    make_order_facts,
    make_spanish,
    make_steps,
)
from tests.rules.labels.pictures import fonts_of, pages_of, plain, scanned, text_of

CONTAINERS = [make_container_facts(no) for no in (1, 2, 3)]
TWELVE = tuple(range(500, 6500, 500))


def make_large(
    words: Texts = SHIPPED_ENGLISH, doses_ug: tuple[int, ...] = (1500, 3000, 4500), days: int = 28
) -> Leaflet:
    facts = make_order_facts(counsel=("R13", "R15", "R17"))
    steps = make_steps(doses_ug, days=days)
    return leaflet(facts, CONTAINERS, steps, words, large_print=True)


@pytest.mark.parametrize("words", [SHIPPED_ENGLISH, make_spanish()], ids=lambda each: each.language)
def test_every_word_of_the_leaflet_is_there(words: Texts) -> None:
    content = make_large(words)
    whole = plain(text_of(pdf.leaflet_pages(content)))

    said = [sentence for passage in content.passages for sentence in passage.sentences]
    said += [passage.title for passage in content.passages]
    said += [each for step in content.steps for each in (step.title, step.dates, step.take)]
    said += [content.patient, content.ordered, content.filled, content.pharmacy, content.phone]
    said += [content.phone_hours, content.frame.calendar_hint, content.signed_sha256]
    said += [month.title for month in content.months]
    for text in said:
        assert plain(text) in whole, text


def test_no_text_is_smaller_than_eighteen_points() -> None:
    sizes = {
        shape.size
        for page in large_leaflet.draw(make_large())
        for shape in page.shapes
        if isinstance(shape, Text)
    }

    assert min(sizes) == 18


@pytest.mark.parametrize(
    ("doses_ug", "days"), [((4500,), 84), ((1500, 3000, 4500), 30), (TWELVE, 28)]
)
def test_every_regimen_goes_on_on_as_many_pages_as_it_takes(
    doses_ug: tuple[int, ...], days: int
) -> None:
    content = make_large(doses_ug=doses_ug, days=days)
    pages = large_leaflet.draw(content)

    file = pdf.leaflet_pages(content)

    assert pages_of(file) == len(pages) > 3
    assert f"Page {len(pages)} of {len(pages)}" in text_of(file)
    assert all(fonts_of(file).values())
    for page in pages:
        texts = [shape for shape in page.shapes if isinstance(shape, Text)]
        assert all(0 < each.x < 612 and 18 < each.y < 792 for each in texts)


def test_a_scanner_reads_the_number_and_the_same_facts_give_the_same_bytes() -> None:
    file = pdf.leaflet_pages(make_large())

    assert scanned(file, dpi=300) == {("Code 128", "100001")}
    assert pdf.leaflet_pages(make_large()) == file


def test_a_name_wider_than_a_line_is_refused() -> None:
    with pytest.raises(TextTooLong):
        pdf.leaflet_pages(replace(make_large(), patient="W" * 60))


@pytest.mark.parametrize("words", [SHIPPED_ENGLISH, make_spanish()], ids=lambda each: each.language)
def test_no_passage_is_torn_between_two_pages(words: Texts) -> None:
    """Whoever reads 18 points should not look for the end of a sentence overleaf."""
    content = make_large(words)
    file = pdf.leaflet_pages(content)
    pages = [plain(text_of(file, page=page)) for page in range(pages_of(file))]

    for passage in content.passages:
        said = plain(" ".join(passage.sentences))
        assert any(said in page for page in pages), passage.title
