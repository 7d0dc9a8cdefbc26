"""Which names are one person's, and which a person must compare."""

import pytest

from pharmacy.prescribers.rules.names import (
    Likeness,
    PersonName,
    key,
    likeness,
    likeness_of_text,
    search_keys,
)

SAME, CLOSE, OTHER = Likeness.SAME, Likeness.CLOSE, Likeness.OTHER


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (("Smith", "Ann"), ("SMITH", "ANN"), SAME),
        (("Smith-Jones", "Ann"), ("Smith Jones", "Ann"), SAME),
        (("SmithJones", "Ann"), ("Smith-Jones", "Ann"), SAME),
        (("O'Brien", "Ann"), ("OBrien", "Ann"), SAME),
        (("O\u2019Brien", "Ann"), ("O'Brien", "Ann"), SAME),
        (("Müller", "Zoë"), ("Muller", "Zoe"), SAME),
        (("Sørensen", "Ann"), ("Sorensen", "Ann"), SAME),
        (("Núñez", "José"), ("NUNEZ", "JOSE"), SAME),
        (("Smith Jr.", "Ann"), ("Smith", "Ann"), SAME),
        (("Smith, MD", "Ann"), ("Smith", "Ann"), SAME),
        (("Smith", "Ann Marie"), ("Smith", "Ann"), SAME),
        (("Smith", "Ann M"), ("Smith", "Ann Marie"), SAME),
        (("St. John", "Ann"), ("St John", "Ann"), SAME),
        (("Smith-Jones", "Ann"), ("Smith", "Ann"), CLOSE),
        (("Smith", "A"), ("Smith", "Ann"), CLOSE),
        (("Smith", "Marie"), ("Smith", "Ann Marie"), CLOSE),
        (("Smith", "Ann Marie"), ("Smith", "Ann Louise"), CLOSE),
        (("Smith Jr", "John"), ("Smith Sr", "John"), CLOSE),
        (("Smith II", "John"), ("Smith III", "John"), CLOSE),
        (("Smith", "Ann"), ("Smythe", "Ann"), OTHER),
        (("Smith", "Ann"), ("Smith", "Beth"), OTHER),
        (("Smith", "Ann"), ("", "Ann"), OTHER),
        (("Null", "Ann"), ("NULL", "Ann"), SAME),
    ],
)
def test_names_are_compared(
    one: tuple[str, str], other: tuple[str, str], expected: Likeness
) -> None:
    assert likeness(PersonName(*one), PersonName(*other)) is expected
    assert likeness(PersonName(*other), PersonName(*one)) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jordan Testprescriber", SAME),
        ("Jordan Testprescriber, MD", SAME),
        ("Dr. Jordan Testprescriber", SAME),
        ("Testprescriber, Jordan", SAME),
        ("JORDAN LEE TESTPRESCRIBER", SAME),
        ("Jordan Testprescriber Jr", SAME),
        ("J. Testprescriber", CLOSE),
        ("Jordan Someone-Testprescriber", CLOSE),
        ("Testprescriber", OTHER),
        ("Jamie Testprescriber", OTHER),
        ("", OTHER),
    ],
)
def test_a_name_in_one_piece_is_compared(text: str, expected: Likeness) -> None:
    assert likeness_of_text(text, PersonName("Testprescriber", "Jordan")) is expected


def test_registries_are_searched_by_the_whole_name_and_its_parts() -> None:
    assert key("Smith-Jones Jr.") == "smithjones"
    assert search_keys(PersonName("Smith-Jones", "Ann")) == {"smithjones", "smith", "jones"}
