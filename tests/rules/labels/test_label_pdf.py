"""The drawn container label, read back from its bytes and from its picture."""

import io
from dataclasses import replace
from datetime import date
from uuid import UUID

import pypdf
import pytest

from pharmacy.kernel.ids import encode
from pharmacy.labels import pdf
from pharmacy.labels.pdf import barcode
from pharmacy.labels.pdf import label as drawing
from pharmacy.labels.pdf.fonts import COVERED, width
from pharmacy.labels.rules.fitting import TextTooLong
from pharmacy.labels.rules.text_checks import drawn
from tests.factories.labels import make_container_facts, make_label, make_order_facts, worded
from tests.rules.labels.pictures import fonts_of, pages_of, picture, scanned, text_of
from tests.rules.labels.test_text_checks import WHOLE

ALL = [worded(make_order_facts(), make_container_facts(no)) for no in (1, 2, 3)]


@pytest.mark.parametrize("no", [1, 2, 3])
@pytest.mark.parametrize("dpi", [203, 300])
def test_a_scanner_reads_both_codes_of_every_container(no: int, dpi: int) -> None:
    read = scanned(pdf.container_labels(ALL), page=no - 1, dpi=dpi)

    assert read == {
        ("Code 128", "100001"),
        ("Data Matrix", f"ctr_06a1b2c3d4e5f6g7h8j9k0m1n{no}"),
    }


def test_the_same_content_gives_the_same_bytes_whatever_was_drawn_before() -> None:
    first = pdf.container_labels(ALL)
    pdf.container_labels([make_label(patient="Анна Соколова")])

    assert pdf.container_labels(ALL) == first


def test_every_font_is_embedded_and_none_is_assumed() -> None:
    for name in ("Avery M Testpatient", "Анна Соколова"):
        fonts = fonts_of(pdf.container_labels([make_label(patient=name)]))

        assert all(fonts.values())
        assert {font.partition("+")[2] for font in fonts} == {
            "SourceSans3-Regular",
            "SourceSans3-Bold",
        }


def test_what_a_file_says_about_itself_names_no_patient() -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf.container_labels(ALL)))

    assert reader.metadata == {"/Title": "Container labels", "/Producer": "ReportLab"}
    assert reader.root_object["/Lang"] == "en-US"


def test_one_label_is_a_small_file() -> None:
    """The benchmark's aim."""
    assert len(pdf.container_labels(ALL[:1])) <= 20_000


def test_the_page_is_four_by_two_inches() -> None:
    assert picture(pdf.container_labels(ALL)).size == (812, 406)


def test_the_label_carries_every_text() -> None:
    content = ALL[0]

    text = text_of(pdf.container_labels([content]))

    for part in (
        content.patient,
        f"{content.drug} {content.strength}",
        f"{content.directions} {content.dates} {content.doses}",
        *(f"Rx {content.rx_number}", content.step, content.part, content.lot),
        *(content.filled_on, content.quantity, content.prescriber, content.refills),
        f"{content.capsule} {content.filler}",
        f"Discard after {content.discard_after}",
        *(*content.auxiliaries, content.storage, content.compounded, content.route),
        *(content.pharmacy, *content.address, content.phone, "RPh"),
    ):
        assert part in text


def test_refills_of_another_dose_fit_beside_a_long_prescriber_and_capsule() -> None:
    """Every fact of this label but the lot is as long as a usual one gets."""
    order = make_order_facts(refills_left=9, refill_doses_ug=(4500,), valid_until=date(2027, 3, 28))
    content = worded(order, make_container_facts())

    text = text_of(pdf.container_labels([content]))

    assert "Refills 9 (4.5 mg), until 28 Mar 2027" in text


def test_the_patient_s_cluster_takes_half_of_the_label() -> None:
    """16 CCR 1707.5(a)(1)."""
    share = drawing.CLUSTER_WIDE * drawing.CLUSTER_HIGH / (drawing.WIDE * drawing.HIGH)

    assert share >= 0.5


@pytest.mark.parametrize(
    "name", ["Al Li", "Avery M Testpatient", "Wilhelmina Featherstonehaugh-Cholmondeley"]
)
def test_the_cluster_is_never_smaller_than_12_points_and_stays_inside(name: str) -> None:
    lines = drawing.cluster(make_label(patient=name))

    assert all(line.size >= 12 for line in lines)
    assert all(width(line.text, line.size, bold=line.bold) <= drawing.ROOM for line in lines)
    assert sum(line.lead for line in lines) <= drawing.CLUSTER_HIGH - drawing.MARGIN


def test_dates_of_two_years_break_where_they_read_well() -> None:
    label = make_label(dates="Mon 28 Dec 2026 to Sun 24 Jan 2027")

    *_, first, second = drawing.cluster(label)

    assert (first.text, second.text) == ("Mon 28 Dec 2026 to", "Sun 24 Jan 2027 (28 doses)")


def test_name_and_drug_are_bold_and_directions_are_not() -> None:
    weights = {line.text: line.bold for line in drawing.cluster(make_label())}

    assert weights["Avery M Testpatient"]
    assert weights["Naltrexone hydrochloride"]
    assert weights["1.5 mg capsule"]
    assert not weights["Take 1 capsule at bedtime"]


def test_nothing_is_printed_at_the_edge() -> None:
    """A sixteenth of an inch stays white all round: printers shift."""
    for no in range(3):
        page = picture(pdf.container_labels(ALL), page=no).point(lambda shade: 255 * (shade < 200))
        left, top, right, bottom = page.getbbox()

        assert left >= 12
        assert top >= 12
        assert right <= 812 - 12
        assert bottom <= 406 - 12


@pytest.mark.parametrize("name", [*WHOLE, "Ana " * 8, "W" * 14, "Li"])
def test_a_naughty_name_is_printed_whole(name: str) -> None:
    label = drawn(make_label(patient=name), covered=COVERED)

    file = pdf.container_labels([label])

    assert name.strip() in text_of(file)
    assert ("Data Matrix", label.container_code) in scanned(file)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("patient", "W" * 60),
        ("patient", "Wolfeschlegelsteinhausenbergerdorff"),
        ("patient", "Maria " * 20),
        ("directions", "Take 1 capsule at bedtime " * 12),
        ("prescriber", "Jordan Testprescriber " * 6),
        ("prescriber", "J" * 40),
        ("lot", "L" * 60),
        ("pharmacy", "Example Compounding Pharmacy " * 4),
        ("address", ("Sample Avenue " * 30,)),
        ("rx_number", "1" * 14),
        ("storage", "Store at room temperature. " * 60),
        ("filler", "Filler: " + "microcrystalline cellulose, " * 4),
    ],
)
def test_what_does_not_fit_is_refused_and_never_cut(field: str, text: str | tuple[str]) -> None:
    with pytest.raises(TextTooLong):
        pdf.container_labels([make_label(**{field: text})])


def test_a_long_name_is_set_on_several_lines_of_12_points() -> None:
    file = pdf.container_labels([make_label(patient="Wilhelmina Featherstonehaugh-Cholmondeley")])

    # PDFium copies a hyphen at the end of a line out as U+0002
    assert "Wilhelmina Featherstonehaugh\x02Cholmondeley Naltrexone" in text_of(file)


def test_statements_without_room_go_to_a_second_label() -> None:
    label = replace(
        make_label(),
        address=("Suite 1200, Building C, 12345 North Sample Boulevard", "Houston, TX"),
    )
    file = pdf.container_labels([label])

    assert pages_of(file) == 2
    text = text_of(file)
    for statement in (*label.auxiliaries, label.storage, label.compounded, label.route):
        assert statement in text
    assert "Label 2 of 2 of this container" in text
    assert scanned(file, page=1) == {("Data Matrix", label.container_code)}


def test_the_usual_label_needs_no_second_one() -> None:
    assert pages_of(pdf.container_labels(ALL)) == 3


@pytest.mark.parametrize("copy_no", [1, 2, 99])
def test_every_containers_symbol_is_square_whatever_its_code_is(copy_no: int) -> None:
    """Some codes would fit an oblong symbol more tightly, and labels have no place for one."""
    for number in range(300):
        code = encode("ctr", UUID(int=(number * 0x9E3779B97F4A7C15F39CC0605CEDC835) % 2**128))
        if copy_no > 1:
            code = f"{code}.{copy_no:02}"
        symbol = barcode.matrix(code)

        assert max(y + high for _, y, _, high in symbol.rectangles) == symbol.modules
        assert symbol.modules <= 24
