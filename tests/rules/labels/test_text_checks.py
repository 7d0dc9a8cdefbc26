"""Text is drawn whole or refused."""
# ruff: noqa: RUF001 (look-alikes are what this is about)

import unicodedata

import pytest

from pharmacy.labels.pdf.fonts import COVERED
from pharmacy.labels.rules.text_checks import GlyphMissing, TextForbidden, drawable, drawn
from tests.factories.labels import make_label

WHOLE = [
    "O'Brien & <b>Sons",
    "Łukasz Żółć",
    "Nguyễn Thị Ánh Tuyết",
    "Ελένη Παπαδοπούλου",
    "Анна-Мария Соколова",
    "Zoë Müller-Lüdenscheidt",
    "Þórður Ægisson",
    "Dvořák Ğüneş Őrsi",
    "D’Angelo (née Smith)",
    "%%EOF ) Tj ET",
    "\\) \\( \\",
    "^XZ^XA~JR",
    "Robert'); DROP TABLE",
    "{{7*7}} ${x} %s %(a)s",
    "null undefined NaN",
    "1E100",
    "&amp; &#x41;",
    "=cmd|' /C calc'!A0",
    "../../etc/passwd",
    "Æthelstan Œuvre ß",
]
REFUSED_AS_UNSEEN = [
    "Avery\u202egrebrehtO",
    "Avery\u2066Test\u2069",
    "Avery\u200bTest",
    "Avery\u200dTest",
    "\ufeffAvery",
    "Avery\x00Test",
    "Avery\nTest",
    "Avery\tTest",
    "Avery\x85Test",
    "Avery\x1b[31mTest",
    "Avery\u2028Test",
    "Avery\ue000",
    "Avery\uffff",
    "Avery\u0378",
    "Avery\ud800",
    "Avery\u00adTest",
]
REFUSED_AS_MISSING = [
    "山田太郎",
    "김철수",
    "محمد",
    "דוד",
    "Avery 😀",
    "สมชาย",
    "अनिल",
    "𝐀very",
    "Avery\u00a0Test",
    "ＡＶＥＲＹ",
    "x\u0323\u0307\u0336",
    "Z̡̖̜͖̰̣͉̜a̗l̻g̺̬̺",
]


@pytest.mark.parametrize("text", WHOLE)
def test_a_name_that_we_can_write_stays_whole(text: str) -> None:
    assert drawable(text, name="patient", covered=COVERED) == text


@pytest.mark.parametrize("text", REFUSED_AS_UNSEEN)
def test_invisible_characters_are_refused(text: str) -> None:
    with pytest.raises(TextForbidden) as refusal:
        drawable(text, name="patient", covered=COVERED)

    assert refusal.value.facts["field"] == "patient"


@pytest.mark.parametrize("text", REFUSED_AS_MISSING)
def test_what_has_no_glyph_is_refused(text: str) -> None:
    with pytest.raises(GlyphMissing) as refusal:
        drawable(text, name="patient", covered=COVERED)

    assert "U+" in str(refusal.value.facts["characters"])


def test_refusals_do_not_repeat_the_name() -> None:
    with pytest.raises(GlyphMissing) as refusal:
        drawable("Avery 山", name="patient", covered=COVERED)

    assert "Avery" not in str(refusal.value)
    assert refusal.value.facts == {"field": "patient", "characters": "U+5C71"}


def test_decomposed_letters_are_composed() -> None:
    """The same letters (Unicode calls them canonically equivalent), so nothing is replaced."""
    apart = unicodedata.normalize("NFD", "Zoë Nguyễn")

    assert drawable(apart, name="patient", covered=COVERED) == "Zoë Nguyễn"


def test_every_text_of_a_label_is_looked_at() -> None:
    assert drawn(make_label(), covered=COVERED) == make_label()
    with pytest.raises(TextForbidden, match="address"):
        drawn(make_label(address=("100 Sample\u202e Avenue",)), covered=COVERED)
