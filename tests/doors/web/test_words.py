"""What pages say instead of codes and paths."""

import pytest

from pharmacy.practice.rules import NAMES
from pharmacy.web.console.policy_words import SUBJECTS
from pharmacy.web.console.words import particulars, place_words, registry_words, source_words


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("dosageInstruction[1].text", "Direction 2"),
        ("dosageInstruction[0].patientInstruction", "Direction 1, to the patient"),
        ("dosageInstruction[0]", "Direction 1"),
        ("medication.text", "Medicine"),
        ("reasonCode[0].text", "Reason"),
        ("note[1].text", "Note 2"),
        ("extension[0].text", "extension[0].text"),
    ],
)
def test_a_place_in_a_prescription_is_said_in_words_or_kept(place: str, words: str) -> None:
    assert place_words(place) == words


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import:leie", "Excluded individuals (LEIE)"),
        ("import:licenses:TX", "Licenses of TX"),
        ("nppes-api", "NPPES, asked online"),
    ],
)
def test_whoever_answered_about_a_prescriber_is_named(source: str, words: str) -> None:
    assert source_words(source) == words


def test_a_registry_without_a_name_of_ours_keeps_its_own() -> None:
    assert registry_words("boards") == "Boards"


def test_doses_that_a_finding_saw_are_in_milligrams_and_dates_are_spoken() -> None:
    seen = {
        "dose_ug_by_step": {"2": 7000, "3": 9000},
        "limit_ug": 6000,
        "start_dose_ug": None,
        "surgery_on": "2026-03-09",
        "says_yes": True,
        "in_reason": False,
        "medicines": ["levothyroxine", "liothyronine"],
        "signs_by_step": {"1": ["zero-after-point"]},
    }

    assert particulars(seen) == [
        ("Ordered in", "step 2: 7 mg, step 3: 9 mg"),
        ("Limit", "6 mg"),
        ("Procedure on", "9 Mar 2026"),
        ("The patient says so", "yes"),
        ("Medicines", "levothyroxine, liothyronine"),
        ("Written in", "step 1: zero after point"),
    ]


def test_every_policy_says_once_what_it_decides() -> None:
    told = [name for subject in SUBJECTS.values() for name in subject]

    assert sorted(told) == sorted(NAMES)
