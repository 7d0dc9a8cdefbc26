"""Answers that are sound in themselves."""

from datetime import date
from typing import Any

import pytest

from pharmacy.patients.rules import (
    KINDS,
    QUESTIONS,
    AnswerInvalid,
    Details,
    GivenAnswer,
    Medicine,
    Reply,
    Topic,
    is_same_person,
)
from tests.factories.patients import AVERY

TRAMADOL = Medicine(name="tramadol", rxnorm="10689", last_taken_on=date(2026, 3, 1))


def test_details_survive_being_stored() -> None:
    details = Details(
        medicines=(TRAMADOL, Medicine(name="tea")), kinds=("other",), on=date(2026, 5, 4), note="x"
    )

    assert Details.of_data(details.to_data()) == details
    assert Details.of_data({}) == Details()


@pytest.mark.parametrize(
    ("topic", "reply", "details"),
    [
        (Topic.OPIOIDS, Reply.NO, {"medicines": (TRAMADOL,)}),
        (Topic.LIVER, Reply.NO, {"kinds": ("liver-failure",)}),
        (Topic.SURGERY, Reply.NO, {"on": date(2026, 5, 4)}),
        (Topic.LIVER, Reply.YES, {"medicines": (TRAMADOL,)}),
        (Topic.LIVER, Reply.YES, {"kinds": ("pregnant",)}),
        (Topic.ALCOHOL, Reply.YES, {"kinds": ("beer",)}),
        (Topic.MOOD, Reply.YES, {"note": "x" * 1001}),
        (Topic.MEDICINES, Reply.YES, {"medicines": (TRAMADOL,) * 61}),
    ],
)
def test_an_answer_does_not_contradict_itself_or_its_question(
    topic: Topic, reply: Reply, details: dict[str, Any]
) -> None:
    with pytest.raises(AnswerInvalid):
        GivenAnswer(topic=topic, reply=reply, details=Details(**details))


@pytest.mark.parametrize(
    "named", [{"name": " "}, {"name": "x" * 201}, {"name": "x", "rxnorm": "1" * 21}]
)
def test_a_medicine_has_a_name_or_a_code_of_sound_length(named: dict[str, str]) -> None:
    with pytest.raises(AnswerInvalid):
        Medicine(**named)


def test_every_topic_has_a_question_and_every_kind_a_topic() -> None:
    assert set(QUESTIONS) == set(Topic)
    assert set(KINDS) <= set(Topic)


@pytest.mark.parametrize(
    ("family", "given", "born", "same"),
    [
        ("testpatient", "AVERY  M", date(1981, 7, 14), True),
        ("Testpatient", "Avery", date(1981, 7, 14), False),
        ("Testpatient", "Avery M", date(1981, 7, 15), False),
        ("Other", "Avery M", date(1981, 7, 14), False),
    ],
)
def test_one_identifier_is_one_person_of_one_name_and_birth_date(
    family: str, given: str, born: date, same: bool
) -> None:
    assert is_same_person(AVERY, family=family, given=given, birth_date=born) is same
