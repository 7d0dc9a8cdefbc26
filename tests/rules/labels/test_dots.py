"""Labels as dots: on every stock, what a scanner and a reader find on paper."""

import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageFilter

from pharmacy.kernel.refusals import Invalid
from pharmacy.labels import pdf
from pharmacy.labels.dots import Dots, rastered, zpl
from pharmacy.labels.drawing import RESOLUTIONS, Language, Stock, dots, drawn_copy, pages
from pharmacy.labels.pdf import label, stacked
from pharmacy.labels.pdf.pen import Pen, Text
from pharmacy.labels.rules.copies import Copy, content_of_copy
from pharmacy.labels.rules.fitting import TextTooLong
from pharmacy.labels.rules.text_checks import drawn
from tests.factories.labels import (
    make_container_facts,
    make_label,
    make_order_facts,
    make_spanish,
    worded,
)
from tests.rules.labels.naughty import NAUGHTY
from tests.rules.labels.pictures import picture, plain, text_of
from tests.rules.labels.zpl_reader import commands, printed

MATRIX = zxingcpp.BarcodeFormat.DataMatrix
CODE = "ctr_06a1b2c3d4e5f6g7h8j9k0m1n1"
GOLDEN = Path(__file__).parents[2] / "golden" / "labels.json"
INCHES = {Stock.FLAT: (4, 2), Stock.LARGE: (4, 6), Stock.SMALL: (2.25, 4)}


def scanned(page: Dots) -> set[tuple[str, str]]:
    image = Image.open(io.BytesIO(page.png())).convert("L")
    return {(each.format.name, each.text) for each in zxingcpp.read_barcodes(image)}


@pytest.mark.parametrize("stock", Stock)
@pytest.mark.parametrize("dpi", RESOLUTIONS)
def test_a_scanner_reads_both_codes_off_every_stock(stock: Stock, dpi: int) -> None:
    first, *more = dots(make_label(), stock=stock, dpi=dpi)

    assert scanned(first) == {("Code128", "100001"), ("DataMatrix", CODE)}
    assert all(scanned(page) == {("DataMatrix", CODE)} for page in more)


@pytest.mark.parametrize("stock", Stock)
@pytest.mark.parametrize("dpi", RESOLUTIONS)
def test_a_label_has_the_dots_of_its_paper(stock: Stock, dpi: int) -> None:
    """4 x 2 inches at 203 dpi are 812 x 406 dots (domain.md 5.3)."""
    wide, high = INCHES[stock]

    assert dots(make_label(), stock=stock, dpi=dpi)[0].image.size == (
        int(wide * dpi),
        int(high * dpi),
    )


@pytest.mark.parametrize("stock", [stacked.FOUR_BY_SIX, stacked.TWO_BY_FOUR])
def test_the_patients_cluster_takes_half_of_an_upright_label_too(stock: stacked.Upright) -> None:
    """16 CCR 1707.5(a)(1)."""
    assert stock.cluster_high / stock.size[1] >= 0.5


@pytest.mark.parametrize("stock", [stacked.FOUR_BY_SIX, stacked.TWO_BY_FOUR])
@pytest.mark.parametrize("name", ["Al Li", "Wilhelmina Featherstone-Cholmondeley"])
def test_the_cluster_of_an_upright_label_is_never_smaller_than_12_points(
    stock: stacked.Upright, name: str
) -> None:
    lines = label.cluster(
        make_label(patient=name),
        room=stock.room,
        high=stock.cluster_room,
        settings=stock.settings,
    )

    assert min(line.size for line in lines) >= 12


@pytest.mark.parametrize("stock", Stock)
def test_every_word_stands_on_every_stock(stock: Stock) -> None:
    content = make_label()

    text = text_of(drawn_copy(content, stock=stock))

    for part in (
        *(content.patient, content.drug, content.strength, content.directions, content.doses),
        *(f"Rx {content.rx_number}", content.step, content.part, content.lot),
        *(content.filled_on, content.quantity, content.prescriber, content.refills),
        *(content.capsule, f"Discard after {content.discard_after}"),
        *(*content.auxiliaries, content.storage, content.compounded, content.route),
        *(content.pharmacy, content.phone, "RPh"),
    ):
        assert part in text


@pytest.mark.parametrize("stock", Stock)
@pytest.mark.parametrize("dpi", RESOLUTIONS)
def test_zpl_carries_the_very_dots_of_the_preview(stock: Stock, dpi: int) -> None:
    pages = dots(make_label(), stock=stock, dpi=dpi)

    sent = drawn_copy(make_label(), language=Language.ZPL, stock=stock, dpi=dpi)

    assert [each.tobytes() for each in printed(sent)] == [page.image.tobytes() for page in pages]


def test_no_text_of_a_label_is_part_of_a_command() -> None:
    hostile = make_label(patient="A^XZ^XA~JR", prescriber="^DFR:X^FS~HS")

    sent = drawn_copy(hostile, language=Language.ZPL)

    assert commands(sent) == {b"^XA", b"^PW", b"^LL", b"^LH", b"^FO", b"^GF", b"^FS", b"^XZ"}
    assert len(printed(sent)) == 1


def test_what_is_kept_of_other_labels_changes_nothing() -> None:
    """The same dots and the same bytes come out of a new process and of one that drew others."""
    sent = drawn_copy(make_label(), language=Language.ZPL)

    code = (
        "import hashlib;"
        "from pharmacy.labels.drawing import Language, drawn_copy;"
        "from tests.factories.labels import make_label;"
        "sent = drawn_copy(make_label(), language=Language.ZPL);"
        "print(hashlib.sha256(sent).hexdigest())"
    )
    anew = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert anew.stdout.strip() == hashlib.sha256(sent).hexdigest()


def test_white_letters_are_cut_out_of_what_lies_below_them() -> None:
    """Half of a black box is written over in white: there the page is white, and nowhere else."""
    pen = Pen()
    pen.box(10, 10, 20, 20)
    pen.ink(1, 1, 1)
    pen.box(20, 0, 40, 40)
    pen.ink(0, 0, 0)
    pen.box(50, 10, 5, 20)

    page = rastered(pen, size=(72, 72), dpi=300)

    (printout,) = printed(zpl([page]))
    assert printout.tobytes() == page.image.tobytes()
    black = [x for x in range(300) if printout.crop((x, 0, x + 1, 300)).getbbox()]
    assert black == [*range(42, 83), *range(208, 229)]


def test_what_reaches_over_the_edge_is_cut_at_the_edge() -> None:
    pen = Pen()
    pen.box(-10, -10, 20, 20)
    pen.text(60, 60, "over the edge", 12)
    pen.box(100, 100, 20, 20)

    page = rastered(pen, size=(72, 72), dpi=203)

    (printout,) = printed(zpl([page]))
    assert printout.tobytes() == page.image.tobytes()
    assert printout.getpixel((0, 202))
    assert printout.crop((170, 0, 203, 40)).getbbox() is not None


@pytest.mark.parametrize("text", ["\N{FRACTION SLASH}2", "1\N{FRACTION SLASH}", "Ȉ", "j", "f❤"])
def test_a_letter_that_reaches_beyond_its_line_is_whole(text: str) -> None:
    """No dot of it is lost at the line's ends: it is as dark there as in a line's middle."""
    alone, between = Pen(), Pen()
    alone.text(30, 30, text, 24)
    between.text(30, 30, f"  {text}  ", 24)

    images = [rastered(pen, size=(144, 72), dpi=300).image for pen in (alone, between)]
    ink = [image.convert("L").histogram()[255] for image in images]

    assert ink[0] == ink[1] > 0


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("bold", [False, True])
def test_a_text_put_together_from_letters_has_the_dots_of_one_drawn_as_a_line(
    dpi: int, *, bold: bool
) -> None:
    """Letters that touch, or reach into each other, are as black where they meet."""
    seen = 0
    for text in (*NAUGHTY, "Rx 100001", "fjord, LT. AVATAR", "   ", "over the edge" * 9):
        if not {ord(letter) for letter in text} <= pdf.COVERED:
            continue
        whole, apart = Pen(), Pen()
        whole.text(20.3, 30.2, text, 12.5, bold=bold)
        apart.text(20.3, 30.2, text, 12.5, bold=bold, own=True)

        images = [rastered(pen, size=(288, 72), dpi=dpi).image for pen in (whole, apart)]

        seen += 1
        assert images[0].tobytes() == images[1].tobytes(), text
    assert seen > 20


@pytest.mark.parametrize("own", [False, True])
def test_a_letter_too_fine_for_the_print_head_is_printed_all_the_same(*, own: bool) -> None:
    """A full stop of 1 point is a third of a dot wide."""
    pen = Pen()
    pen.text(30, 30, ".", 1, own=own)

    assert rastered(pen, size=(72, 72), dpi=203).image.getbbox() is not None


def test_only_the_symbols_of_a_label_are_packed_for_it_alone() -> None:
    """Name, numbers and lot are other ones, of the same letters: those are not packed again."""
    first, second = (
        dots(make_label(patient=name, rx_number=number, lot=f"LDN{number}", container_code=code))
        for name, number, code in (("Al Li", "100231", CODE), ("Li Al", "312001", f"{CODE[:-1]}2"))
    )

    new = {spot.patch for spot in second[0].spots} - {spot.patch for spot in first[0].spots}

    assert {spot.y for spot in second[0].spots if spot.patch in new} == {76, 97}
    assert len(new) == 2


@pytest.mark.parametrize("stock", Stock)
@pytest.mark.parametrize("language", Language)
def test_the_same_copy_gives_the_same_bytes(stock: Stock, language: Language) -> None:
    def draw() -> bytes:
        return drawn_copy(make_label(), language=language, stock=stock, copy=Copy(2, "was lost"))

    first = draw()
    drawn_copy(make_label(patient="Анна Соколова"), language=language, stock=stock)

    assert draw() == first


@pytest.mark.parametrize("stock", Stock)
def test_a_reprint_says_so_on_every_stock(stock: Stock) -> None:
    copy = Copy(3, "was damaged")

    text = text_of(drawn_copy(make_label(), stock=stock, copy=copy))
    assert "Reprint 3: the copy before was damaged. Earlier copies are void." in text


@pytest.mark.parametrize("stock", Stock)
@pytest.mark.parametrize("copy", [Copy(), Copy(2, "went to another printer"), Copy(99, "was lost")])
def test_the_first_warning_stays_bold_on_the_first_label_of_every_copy(
    stock: Stock, copy: Copy
) -> None:
    content = content_of_copy(make_label(), copy)
    first, *more = pages(content, stock)

    lines = [(shape.text, shape.bold) for shape in first.shapes if isinstance(shape, Text)]

    bold = " ".join(text for text, is_bold in lines if is_bold)
    assert "Do not take with opioid medicines." in bold
    assert (copy.no == 1) or f"Reprint {copy.no}:" in bold
    assert ("label 2 of 2." in " ".join(text for text, _ in lines)) is bool(more)


def alone(one: Image.Image, other: Image.Image) -> int:
    """Return how many dark dots of one picture have no dark dot of the other at or beside them."""
    near = other.filter(ImageFilter.MinFilter(3))
    return sum(dot < 128 <= by for dot, by in zip(one.tobytes(), near.tobytes(), strict=True))


def test_what_a_screen_shows_is_what_the_pdf_shows() -> None:
    """Letters' edges fall to the one side or the other of a dot; another name is far more."""
    ours = Image.open(io.BytesIO(dots(make_label())[0].png())).convert("L")
    theirs = picture(pdf.container_labels([make_label()]))
    anothers = picture(pdf.container_labels([make_label(patient="Another Patient")]))

    assert max(alone(ours, theirs), alone(theirs, ours)) < 150
    assert min(alone(ours, anothers), alone(anothers, ours)) > 1_000


@pytest.mark.parametrize("field", ["patient", "prescriber", "lot", "pharmacy", "capsule"])
@pytest.mark.parametrize("stock", Stock)
def test_a_strange_text_is_whole_on_the_label_or_refused(field: str, stock: Stock) -> None:
    whole = 0
    for text in NAUGHTY:
        try:
            content = drawn(make_label(**{field: text}), covered=pdf.COVERED)
            page = drawn_copy(content, stock=stock)
        except Invalid:
            continue
        whole += 1
        assert plain(str(getattr(content, field))) in plain(text_of(page)), text
    assert whole > 20


@pytest.mark.parametrize("stock", Stock)
def test_whatever_a_page_shows_dots_show_too(stock: Stock) -> None:
    shown = 0
    for text in NAUGHTY:
        try:
            content = drawn(make_label(patient=text), covered=pdf.COVERED)
            page = pages(content, stock)[0]
        except Invalid:
            continue
        shown += 1
        assert len(page.shapes) > 20
        assert dots(content, stock=stock)[0].image.getbbox() is not None, text
    assert shown > 20


def test_the_dots_are_the_golden_ones() -> None:
    """A change that a person could see must be looked at: then write the new digests."""
    labels = {
        "English": make_label(),
        "Spanish": worded(make_order_facts(), make_container_facts(2), make_spanish()),
        "with a purpose": make_label(purpose="For fibromyalgia"),
        "a third copy": content_of_copy(make_label(), Copy(3, "was damaged")),
    }
    found = {
        f"{name} {stock} {dpi}": [
            hashlib.sha256(page.image.tobytes()).hexdigest()
            for page in dots(content, stock=stock, dpi=dpi)
        ]
        for name, content in labels.items()
        for stock in Stock
        for dpi in RESOLUTIONS
    }

    assert found == json.loads(GOLDEN.read_text())


@pytest.mark.parametrize("dpi", RESOLUTIONS)
@pytest.mark.parametrize("stock", Stock)
def test_the_square_symbol_ends_at_the_margin_on_every_print_head(stock: Stock, dpi: int) -> None:
    """The pharmacist's box below it does, too."""
    page = dots(make_label(), stock=stock, dpi=dpi)[0].image.convert("L")
    (square,) = zxingcpp.read_barcodes(page.point(lambda ink: 255 - ink), MATRIX)
    margin = {Stock.FLAT: 8, Stock.LARGE: 12, Stock.SMALL: 7}[stock]
    edge = page.width - round(margin * dpi / 72)

    assert abs(square.position.bottom_right.x + 1 - edge) <= 2


def test_what_does_not_fit_is_refused_on_every_stock() -> None:
    for stock in Stock:
        with pytest.raises(TextTooLong):
            dots(make_label(patient="Donaudampfschifffahrtsgesellschaftskapitän" * 3), stock=stock)
