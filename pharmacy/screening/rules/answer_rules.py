"""Rules about what was not asked. Not asked, not known and asked too long ago are not "no"."""

from collections.abc import Callable, Mapping
from typing import Final

from pharmacy.patients.rules import QUESTIONS, Reply, Topic, questions_for
from pharmacy.screening.rules.facts import Facts
from pharmacy.screening.rules.rule import Rule, Severity, Spoken

NUMBERS: Final[Mapping[Topic, str]] = {
    Topic.OPIOIDS: "N01",
    Topic.OPIOID_HISTORY: "N02",
    Topic.TRANSPLANT: "N03",
    Topic.IMMUNOSUPPRESSANTS: "N04",
    Topic.MEDICINES: "N05",
    Topic.ALLERGIES: "N06",
    Topic.LIVER: "N07",
    Topic.KIDNEY: "N08",
    Topic.PREGNANCY: "N09",
    Topic.BREASTFEEDING: "N10",
    Topic.THYROID: "N11",
    Topic.MOOD: "N12",
    Topic.NALTREXONE: "N13",
    Topic.ALCOHOL: "N14",
    Topic.SURGERY: "N15",
    Topic.LAST_STEP: "N16",
}
COUNSELLED: Final = frozenset({Topic.ALCOHOL, Topic.SURGERY})
"""Only counselling hangs on these: asked at the counter, they hold nothing."""
ASKED_EACH_TIME: Final = frozenset({Topic.OPIOIDS, Topic.LAST_STEP})
"""What may change from fill to fill; an older answer says nothing."""
STANDS_UNKNOWN: Final = frozenset({Topic.MOOD, Topic.THYROID, Topic.KIDNEY})
"""A patient may not know; a pharmacist then decides instead of asking again."""


def unanswered(topic: Topic) -> Callable[[Facts], Spoken | None]:
    """Return the question whether a topic has no answer that counts today."""

    def speaks(facts: Facts) -> Spoken | None:
        if topic not in questions_for(facts.gender, continues=facts.had_ldn_before):
            return None
        said = facts.answers.get(topic)
        if said is None:
            return Spoken({"topic": topic.value, "state": "not-asked"})
        limits, is_of_this_fill = facts.limits, topic in ASKED_EACH_TIME
        days = limits.opioid_answer_days if is_of_this_fill else limits.answers_valid_days
        if (facts.today - said.asked_on).days > days:
            return Spoken({"topic": topic.value, "state": "asked-too-long-ago"})
        if said.reply is Reply.UNKNOWN:
            severity = Severity.REVIEW if topic in STANDS_UNKNOWN else None
            return Spoken({"topic": topic.value, "state": "not-known"}, severity)
        return None

    return speaks


def _rule(topic: Topic, number: str) -> Rule:
    counselled = topic in COUNSELLED
    return Rule(
        id=number,
        severity=Severity.COUNSEL if counselled else Severity.BLOCK,
        wording=f"Ask the patient: {QUESTIONS[topic]}",
        source="policy: not asked is not no",
        speaks=unanswered(topic),
        is_overridable=False,
    )


RULES: Final = tuple(_rule(topic, number) for topic, number in NUMBERS.items())
