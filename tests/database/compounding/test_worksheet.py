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
