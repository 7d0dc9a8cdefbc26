"""Code 128, against ReportLab's encoder and against a scanner."""

from typing import Any

import pytest
import zxingcpp
from PIL import Image
from reportlab.graphics.barcode.code128 import Code128

from pharmacy.labels.pdf.barcode import bars
from pharmacy.labels.pdf.code128 import values

TEXTS = ("1", "123", "1000", "100001", "1000017", "12345678", "TEST-LABEL", "LDN000234", "~ {A}")


def scanned(text: str) -> list[str]:
    symbol = bars(text)
    strip = Image.frombytes("L", (symbol.modules, 1), symbol.cells)
    page = Image.new("L", (symbol.modules * 3 + 120, 100), 255)
    page.paste(strip.resize((symbol.modules * 3, 60), Image.Resampling.NEAREST), (60, 20))
    found = zxingcpp.read_barcodes(page, formats=zxingcpp.BarcodeFormat.Code128)
    return [each.text for each in found]


@pytest.mark.parametrize("text", TEXTS)
def test_a_symbol_has_the_values_that_reportlab_gives_it(text: str) -> None:
    theirs: Any = Code128(text, barWidth=1, quiet=0)
    theirs.validate()

    assert values(text) == theirs.encode()


def test_a_pair_of_digits_is_one_value_and_the_check_is_their_weighted_sum() -> None:
    """Start in pairs is 105; 105 + 1 x 10 + 2 x 0 + 3 x 1 = 118, and 118 mod 103 = 15."""
    assert values("100001") == [105, 10, 0, 1, 15, 106]


@pytest.mark.parametrize("text", [*TEXTS, "AB1234", "12AB34", "A12345B", "1234AB5678"])
def test_a_scanner_reads_what_was_written(text: str) -> None:
    assert scanned(text) == [text]


def test_every_printable_character_is_read_back() -> None:
    for first in range(0x20, 0x7F, 8):
        text = f"<{''.join(map(chr, range(first, min(first + 8, 0x7F))))}>"

        assert scanned(text) == [text]


@pytest.mark.parametrize("text", ["", "1000\t01", "Rx ñ"])
def test_bars_refuse_what_they_cannot_say_rather_than_leave_it_out(text: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        values(text)
