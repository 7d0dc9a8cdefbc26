"""The worksheet: a form that a batch is weighed, ticked and signed on."""

from io import BytesIO

from pypdf import PdfReader
from sqlalchemy.orm import Session

from pharmacy.api.batch_views import BatchView
from pharmacy.api.worksheets import drawn
from tests.conftest import NOW
from tests.factories.compounding import Laboratory


def pages(session: Session, laboratory: Laboratory, capsules: int) -> list[str]:
    batch = laboratory.scan(laboratory.plan(4_500, capsules))
    pdf = drawn(BatchView.of(session, batch, now=NOW))
    return [page.extract_text() for page in PdfReader(BytesIO(pdf)).pages]


def test_every_page_names_its_batch_and_its_place(session: Session) -> None:
    found = pages(session, Laboratory(session), 100)

    for place, text in enumerate(found, start=1):
        assert "B260302-01" in text
        assert "Naltrexone hydrochloride 4.5 mg capsules" in text
        assert f"Page {place} of {len(found)}" in text


def test_what_is_weighed_stands_rounded_with_the_exact_value_beside_it(session: Session) -> None:
    """domain.md 2.11: 469.114 mg of powder, 469 mg on a balance of whole milligrams."""
    text = "\n".join(pages(session, Laboratory(session), 100))

    assert "469 mg" in text
    assert "469.114361 mg" in text
    assert "at least 10 min 00 s" in text
    assert "lowest net fill that passes" in text


def test_the_blend_is_shared_out_over_the_loads_of_the_machine(session: Session) -> None:
    """250 capsules on a machine of 100 are 84, 83 and 83."""
    text = "\n".join(pages(session, Laboratory(session), 250))

    assert [f"{no} of 3" in text for no in (1, 2, 3)] == [True] * 3
    assert text.count("84 \N{MULTIPLICATION SIGN} 223.861 mg") == 1
    assert text.count("83 \N{MULTIPLICATION SIGN} 223.861 mg") == 2


def test_a_released_batch_shows_what_was_done_and_no_box_to_fill_in(session: Session) -> None:
    laboratory = Laboratory(session)
    view = BatchView.of(session, laboratory.released(), now=NOW)

    text = whole(view)

    assert f"{view.people[view.events[-1].by]}\nreleased 2026-03-02" in text
    assert "Counted for the whole batch" in text
    assert "outside none" in text
    assert "is spread wide no" in text
    # domain.md V23: 48 mg of shell and 225.0 mg of fill, on a balance of 0.1 mg.
    assert "273.0" in text


def test_a_form_printed_before_the_scan_says_what_is_not_done_yet(session: Session) -> None:
    batch = Laboratory(session).plan(4_500, 100)

    text = whole(BatchView.of(session, batch, now=NOW))

    assert "no lot is scanned yet" in text
    assert "not weighed yet" in text
    assert "To weigh" not in text
    assert "its beyond-use date is not set yet" in text


def test_a_part_of_the_trituration_names_no_lot(session: Session) -> None:
    """domain.md 2.11: 0.5 mg is too little to weigh, so a part of a trituration is."""
    laboratory = Laboratory(session)
    batch = laboratory.scan(laboratory.plan(500, 100))

    text = whole(BatchView.of(session, batch, now=NOW))

    assert "of the trituration" in text
    assert "lot part" not in text
    assert "blend \N{MINUS SIGN} part" in text


def whole(view: BatchView) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(drawn(view))).pages)
