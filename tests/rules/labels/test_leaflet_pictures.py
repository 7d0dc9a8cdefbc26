"""A leaflet as pictures for a screen: the pages that the PDF shows."""

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, replace

import pytest
from PIL import Image, ImageChops, ImageStat

from pharmacy.labels import pdf
from pharmacy.labels.drawing import NoSuchSheet, leaflet_picture
from pharmacy.labels.pdf import fonts
from pharmacy.labels.rules.leaflet import Leaflet, leaflet
from pharmacy.labels.rules.texts import SHIPPED_ENGLISH, Texts
from tests.factories.labels import make_container_facts, make_order_facts, make_spanish, make_steps
from tests.rules.labels.pictures import pages_of, picture
from tests.rules.labels.test_stand_ins import DROID, needs_fonts


def make_leaflet(
    patient: str = "Avery M Testpatient", *, large: bool = False, words: Texts = SHIPPED_ENGLISH
) -> Leaflet:
    containers = [make_container_facts(no) for no in (1, 2, 3)]
    order = make_order_facts(patient=patient)
    return leaflet(order, containers, make_steps(), words, large_print=large)


def shown(content: Leaflet, sheet: int) -> Image.Image:
    return Image.open(io.BytesIO(leaflet_picture(content, sheet))).convert("L")


def differs(one: Image.Image, other: Image.Image) -> float:
    """Return by how much two pages differ, of 255, looked at from eight dots' distance."""
    far = ImageChops.difference(one.reduce(8), other.reduce(8))
    return float(ImageStat.Stat(far).mean[0])


@pytest.fixture
def chinese() -> Iterator[None]:
    fonts.fall_back_on([DROID])
    yield
    fonts.fall_back_on([])


@pytest.mark.parametrize("large", [False, True])
@pytest.mark.parametrize("words", [SHIPPED_ENGLISH, make_spanish()], ids=["en", "es"])
def test_every_page_looks_as_the_pdf_does(words: Texts, large: bool) -> None:
    """Two renderers smooth edges in their own ways; another page is far more."""
    content = make_leaflet(large=large, words=words)
    file = pdf.leaflet_pages(content)

    for sheet in range(1, pages_of(file) + 1):
        theirs = picture(file, page=sheet - 1, dpi=96)
        ours = shown(content, sheet)
        assert ours.size == theirs.size == (816, 1056)
        assert differs(ours, theirs) < 3
    assert differs(shown(content, 1), shown(content, 2)) > 8


def test_there_is_no_page_beyond_the_last() -> None:
    for sheet in (0, 3, -1):
        with pytest.raises(NoSuchSheet):
            leaflet_picture(make_leaflet(), sheet)


def test_a_leaflet_comes_back_from_storage_as_it_was() -> None:
    content = make_leaflet(large=True)

    assert Leaflet.of_data(json.loads(json.dumps(asdict(content)))) == content


def test_a_leaflet_that_was_stored_before_is_shown_too() -> None:
    stored = json.loads(json.dumps(asdict(make_leaflet())))
    del stored["faces"]

    assert Leaflet.of_data(stored) == make_leaflet()


@needs_fonts
@pytest.mark.usefixtures("chinese")
def test_a_chinese_name_is_shown_as_on_paper_and_with_no_other_font() -> None:
    content = pdf.with_faces(make_leaflet("王小明"))

    assert differs(shown(content, 1), picture(pdf.leaflet_pages(content), dpi=96)) < 3
    assert shown(content, 1) != shown(replace(content, patient="李小龍"), 1)
    fonts.fall_back_on([])
    with pytest.raises(pdf.FacesDiffer):
        leaflet_picture(content, 1)
