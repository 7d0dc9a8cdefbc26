"""Labels of batches, lots and shelves, and the action barcodes: whole, and read by a scanner."""

import io
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from pharmacy.kernel.refusals import Invalid
from pharmacy.labels.dots import rastered
from pharmacy.labels.drawing import Language, Stock, action_sheet, drawn_tag
from pharmacy.labels.drawing import _size as size_of
from pharmacy.labels.pdf import tag as drawing
from pharmacy.labels.rules.fitting import TextTooLong
from pharmacy.labels.rules.tags import ACTIONS, Tag, tag
from tests.rules.labels.pictures import plain, scanned, text_of

CODE = "bat_06a1b2c3d4e5f6g7h8j9k0m1n1"
CONSOLE = Path(__file__).parents[3] / "pharmacy" / "web"


def make_tag(status: str = "quarantined", *, printed_on: date = date(2026, 1, 4)) -> Tag:
    return tag(
        name=("Naltrexone hydrochloride", "1.5 mg capsules"),
        number="Batch LDN15-260103",
        status=status,
        code=CODE,
        facts=(
            ("Quantity", "120 capsules"),
            ("Compounded", date(2026, 1, 3)),
            ("Discard after", date(2026, 7, 1)),
            ("From", None),
        ),
        good_until=date(2026, 7, 1),
        printed_on=printed_on,
    )


def test_what_is_not_known_is_left_out() -> None:
    assert make_tag().facts == (
        ("Quantity", "120 capsules"),
        ("Compounded", "3 Jan 2026"),
        ("Discard after", "1 Jul 2026"),
        ("Printed", "4 Jan 2026"),
    )


def test_what_was_released_is_not_called_so_after_its_last_day() -> None:
    last = make_tag("released", printed_on=date(2026, 7, 1))
    late = make_tag("released", printed_on=date(2026, 7, 2))

    assert (last.standing, last.is_usable) == ("Released for use", True)
    assert (late.standing, late.is_usable) == ("Past its date: do not use", False)
    assert make_tag("recalled", printed_on=date(2026, 7, 2)).standing == "Recalled: do not use"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("quarantined", "In quarantine: do not use"),
        ("released", "Released for use"),
        ("recalled", "Recalled: do not use"),
        ("rejected", "Rejected: do not use"),
        ("weighing", "In work: not released"),
    ],
)
def test_a_label_says_in_words_whether_it_may_be_used(status: str, words: str) -> None:
    label = make_tag(status)

    assert (label.standing, label.is_usable) == (words, status == "released")
    assert words in text_of(drawn_tag(label))


@pytest.mark.parametrize("stock", Stock)
def test_every_text_is_on_every_stock_and_the_code_is_read(stock: Stock) -> None:
    label = make_tag()
    file = drawn_tag(label, stock=stock)

    whole = plain(text_of(file))
    for text in (*label.name, label.number, label.standing, *sum(label.facts, ())):
        assert plain(text) in whole
    assert scanned(file) == {("Data Matrix", CODE)}


@pytest.mark.parametrize("stock", Stock)
@pytest.mark.parametrize("dpi", [203, 300])
def test_a_scanner_reads_what_a_label_printer_puts_on_paper(stock: Stock, dpi: int) -> None:
    page = rastered(drawing.draw(make_tag(), size_of(stock)), size=size_of(stock), dpi=dpi)

    picture = Image.open(io.BytesIO(page.png())).convert("L")

    assert [each.text for each in zxingcpp.read_barcodes(picture)] == [CODE]
    zpl = drawn_tag(make_tag(), language=Language.ZPL, stock=stock, dpi=dpi)
    assert zpl.startswith(b"^XA^PW%d^LL%d" % picture.size)


def test_what_does_not_fit_or_cannot_be_seen_is_refused() -> None:
    with pytest.raises(TextTooLong):
        drawn_tag(replace(make_tag(), number="W" * 60))
    with pytest.raises(Invalid):
        drawn_tag(replace(make_tag(), number="LOT\u202e1"))


def test_every_action_barcode_is_read_off_the_sheet() -> None:
    sheet = action_sheet()

    assert scanned(sheet, dpi=300) == {("Code 128", each.code) for each in ACTIONS}
    assert all(each.words in text_of(sheet) for each in ACTIONS)


def test_the_console_answers_to_every_action_on_the_sheet() -> None:
    sources = [*CONSOLE.glob("console/*.py"), *CONSOLE.glob("templates/**/*.html")]
    text = "\n".join(each.read_text(encoding="utf-8") for each in sources)

    assert {each.name for each in ACTIONS} <= set(re.findall(r'scan="([A-Z]+)"', text))
