"""What is wrong with a printer, in words for the bench and in the operator's page."""

from pathlib import Path

from pharmacy.printing.rules.troubles import WORDS, in_words

PAGE = Path(__file__).parents[3] / "docs" / "printers.md"


def test_the_operators_page_speaks_of_every_trouble_that_we_know() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert [reason for reason in WORDS if f"`{reason}`" not in page] == []


def test_a_trouble_that_we_do_not_know_is_said_as_the_printer_says_it() -> None:
    assert in_words("fuser-over-temp") == "It says fuser over temp: look at its display."
