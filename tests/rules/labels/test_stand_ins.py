"""Names in scripts that our own faces lack: drawn by a font that was named, or refused."""

import io
import os
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Final

import pypdf
import pytest
from PIL import Image

from pharmacy.kernel.refusals import Invalid
from pharmacy.labels import pdf
from pharmacy.labels.drawing import RESOLUTIONS, Stock, dots, drawn_copy
from pharmacy.labels.pdf import fonts
from pharmacy.labels.pdf.faces import FontUnusable
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.copies import Copy
from pharmacy.labels.rules.fitting import wrapped
from pharmacy.labels.rules.text_checks import GlyphMissing, drawable, drawn
from pharmacy.settings import Settings
from tests.factories.labels import make_label
from tests.rules.labels.naughty import NAUGHTY
from tests.rules.labels.pictures import fonts_of, picture, plain, text_of
from tests.rules.labels.pictures import scanned as scanned_off
from tests.rules.labels.test_dots import CODE, alone, scanned
from tests.rules.labels.test_text_checks import REFUSED_AS_UNSEEN, WHOLE

DROID: Final = Path("/usr/share/fonts/truetype/droid/DroidSansFallbackFull.ttf")
"""Ideographs and kana, no Korean: Debian's fonts-droid-fallback."""
MICROHEI: Final = Path("/usr/share/fonts/truetype/wqy/wqy-microhei.ttc")
"""A collection that has Korean too: Debian's fonts-wqy-microhei."""
DROIDS, MICROHEIS, OURS = "DroidSansFallback", "WenQuanYiMicroHei-0", "SourceSans3-Bold"
NAMES: Final = {"王小明": DROIDS, "さとう": DROIDS, "佐藤 サトウ": DROIDS, "김철수": MICROHEIS}
"""Each with the font that must draw it where both are named, in this order."""

UNSHAPED: Final = ["محمد", "דוד", "สมชาย", "अनिल", "Avery 😀", "𠮷野", "ᄀ", "葛\U000e0100"]

needs_fonts = pytest.mark.skipif(
    not (DROID.exists() and MICROHEI.exists()),
    reason="needs Debian's fonts-droid-fallback and fonts-wqy-microhei",
)


@pytest.fixture
def stand_ins() -> Iterator[None]:
    fonts.fall_back_on([DROID, MICROHEI])
    yield
    fonts.fall_back_on([])


def make_drawn(name: str) -> ContainerLabel:
    """Return a label as it is stored: checked, with the files that it needs."""
    return pdf.with_faces(drawn(make_label(patient=name), covered=fonts.COVERED))


def drawn_by(file: bytes, letters: str) -> set[str]:
    """Return the fonts that show these letters in a file, as another reader finds them."""
    found = set()

    def visit(text: str, _cm: object, _tm: object, font: dict[str, str], _size: float) -> None:
        if text.strip() and set(text) <= set(letters):
            found.add(font["/BaseFont"].partition("+")[2])

    pypdf.PdfReader(io.BytesIO(file)).pages[0].extract_text(visitor_text=visit)
    return found


@needs_fonts
@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stock", Stock)
def test_a_name_is_drawn_whole_by_the_first_font_that_has_it(name: str, stock: Stock) -> None:
    label = make_drawn(name)

    file = drawn_copy(label, stock=stock)

    assert label.patient == name
    assert name in text_of(file)
    assert drawn_by(file, name) == {NAMES[name]}
    assert all(fonts_of(file).values()), "every font is embedded"


@needs_fonts
@pytest.mark.usefixtures("stand_ins")
def test_one_name_may_be_drawn_by_three_faces() -> None:
    file = drawn_copy(make_drawn("Anna 王小明 김철수"))

    assert "Anna 王小明 김철수" in text_of(file)
    assert drawn_by(file, "王小明") == {DROIDS}
    assert drawn_by(file, "김철수") == {MICROHEIS}
    assert drawn_by(file, "Naltrexone hydrochloride") == {OURS}


@needs_fonts
@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stock", Stock)
@pytest.mark.parametrize("dpi", RESOLUTIONS)
def test_a_scanner_reads_both_codes_beside_such_a_name(name: str, stock: Stock, dpi: int) -> None:
    first, *_ = dots(make_drawn(name), stock=stock, dpi=dpi)

    assert scanned(first) == {("Code128", "100001"), ("DataMatrix", CODE)}
    paper = drawn_copy(make_drawn(name), stock=stock)
    assert ("Data Matrix", CODE) in scanned_off(paper, dpi=dpi)


@needs_fonts
@pytest.mark.usefixtures("stand_ins")
def test_a_screen_shows_the_name_that_the_pdf_shows() -> None:
    ours = Image.open(io.BytesIO(dots(make_drawn("王小明 김철수 さとう"))[0].png())).convert("L")
    theirs = picture(drawn_copy(make_drawn("王小明 김철수 さとう")))
    anothers = picture(drawn_copy(make_drawn("李小龍 박영희 すずき")))

    assert max(alone(ours, theirs), alone(theirs, ours)) < 200
    assert min(alone(ours, anothers), alone(anothers, ours)) > 600


@needs_fonts
@pytest.mark.usefixtures("stand_ins")
def test_every_character_of_a_name_has_a_picture_of_its_own() -> None:
    """A font that lacks a character shows the same box for each."""
    pictures = {dots(make_drawn(letter))[0].image.tobytes() for letter in "王小明김철수さとう一"}

    assert len(pictures) == 10


@needs_fonts
@pytest.mark.usefixtures("stand_ins")
def test_a_name_in_our_own_letters_gives_the_bytes_that_it_always_gave() -> None:
    label = make_drawn("Анна Соколова")
    beside = drawn_copy(label)
    fonts.fall_back_on([])

    assert label.faces == ""
    assert drawn_copy(label) == beside


@pytest.mark.parametrize("name", NAMES)
def test_without_the_font_the_name_is_refused_and_the_refusal_says_what_helps(name: str) -> None:
    with pytest.raises(GlyphMissing) as refusal:
        make_drawn(name)

    assert refusal.value.code == "label-glyph-missing"
    assert "fonts-wqy-microhei" in refusal.value.remedy
    assert "PHARMACY_FALLBACK_FONTS" in refusal.value.remedy


@needs_fonts
@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("dropped", [[], [MICROHEI]])
def test_a_label_is_not_drawn_again_with_other_fonts(dropped: list[Path]) -> None:
    label = make_drawn("王小明")
    assert label.faces.startswith(f"{DROIDS} ")
    fonts.fall_back_on(dropped)

    for draw in (drawn_copy, dots, lambda label: pdf.container_labels([label])):
        with pytest.raises(pdf.FacesDiffer):
            draw(label)


@needs_fonts
@pytest.mark.usefixtures("stand_ins")
def test_the_files_of_a_label_come_back_from_storage_and_draw_a_reprint() -> None:
    label = make_drawn("김철수")

    assert ContainerLabel.of_data(asdict(label)) == label
    assert "김철수" in text_of(drawn_copy(label, copy=Copy(2, "was lost")))


@needs_fonts
@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("text", UNSHAPED)
def test_what_needs_shaping_or_has_no_glyph_stays_refused(text: str) -> None:
    with pytest.raises(Invalid):
        make_drawn(text)


@needs_fonts
@pytest.mark.usefixtures("stand_ins")
def test_strange_texts_are_whole_or_refused_with_the_fonts_too() -> None:
    whole = 0
    for text in [*NAUGHTY, *WHOLE, *REFUSED_AS_UNSEEN]:
        try:
            label = make_drawn(text)
            file = drawn_copy(label)
        except Invalid:
            assert text not in WHOLE
            continue
        whole += 1
        assert plain(label.patient) in plain(text_of(file)), text
    assert whole > 20


@needs_fonts
@pytest.mark.usefixtures("stand_ins")
def test_invisible_characters_stay_refused_with_the_fonts_too() -> None:
    for text in REFUSED_AS_UNSEEN:
        with pytest.raises(Invalid):
            drawable(f"王{text}", name="patient", covered=fonts.COVERED)


def test_a_long_text_breaks_between_ideographs_and_never_before_a_closing_sign() -> None:
    def lines(text: str, room: float) -> list[str]:
        return wrapped(text, room=room, width=len)

    assert lines("王小明王小明", 4) == ["王小明王", "小明"]
    assert lines("「佐藤」さっぽろ", 5) == ["「佐藤」", "さっぽろ"]
    assert lines("Anna 王小明", 6) == ["Anna", "王小明"], "at a space where that is enough"
    assert lines("김철수 박영희", 4) == ["김철수", "박영희"], "Korean breaks at its spaces"


def test_a_file_that_is_no_font_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "no-font.ttf"
    file.write_bytes(b"OTTO and nothing else")

    with pytest.raises(FontUnusable, match=r"no-font\.ttf"):
        fonts.fall_back_on([file])


def test_a_file_that_is_not_there_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    before = set(fonts.COVERED)

    with pytest.raises(FontUnusable, match=r"gone\.ttf"):
        fonts.fall_back_on([tmp_path / "gone.ttf"])

    assert before == fonts.COVERED


def test_the_setting_names_files_in_their_order() -> None:
    named = {"PHARMACY_FALLBACK_FONTS": os.pathsep.join(map(str, [MICROHEI, DROID]))}

    assert Settings.of(named, needs=()).fallback_fonts == (MICROHEI, DROID)
    assert Settings.of({"PHARMACY_FALLBACK_FONTS": ""}, needs=()).fallback_fonts == ()


def test_old_content_without_the_field_is_drawn_as_before() -> None:
    stored = asdict(make_label())
    del stored["faces"]

    assert ContainerLabel.of_data(stored) == replace(make_label(), faces="")
