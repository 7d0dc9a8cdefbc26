"""Who a patient is, what is asked about their health, and what counts as an answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final

from pharmacy.kernel.refusals import Invalid
from pharmacy.patients.rules.contact import Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFacts:
    """A patient as a signed prescription names them."""

    identifier_system: str
    identifier_value: str
    family: str
    given: str
    birth_date: date
    gender: str
    phone: str
    address_line: str
    city: str
    state: str
    postal_code: str
    language: str = "en"
    """In which they read, as far as the prescription says; by its code in ISO 639."""

    @property
    def contact(self) -> Contact:
        return Contact.of(self)


class Topic(StrEnum):
    """What a patient is asked about. The wording is in `patients.rules.QUESTIONS`."""

    OPIOIDS = "opioids"
    OPIOID_HISTORY = "opioid-history"
    TRANSPLANT = "transplant"
    IMMUNOSUPPRESSANTS = "immunosuppressants"
    MEDICINES = "medicines"
    ALLERGIES = "allergies"
    LIVER = "liver"
    KIDNEY = "kidney"
    PREGNANCY = "pregnancy"
    BREASTFEEDING = "breastfeeding"
    THYROID = "thyroid"
    MOOD = "mood"
    ALCOHOL = "alcohol"
    SURGERY = "surgery"
    NALTREXONE = "naltrexone"
    LAST_STEP = "last-step"


def is_same_person(facts: PatientFacts, *, family: str, given: str, birth_date: date) -> bool:
    """Say whether facts under one identifier speak of one person: name and birth date agree."""

    def plain(name: str) -> str:
        return " ".join(name.casefold().split())

    return (
        facts.birth_date == birth_date
        and plain(facts.family) == plain(family)
        and plain(facts.given) == plain(given)
    )


class Reply(StrEnum):
    """What a person said when asked. `unknown` is an answer, and is not "no"."""

    NO = "no"
    YES = "yes"
    UNKNOWN = "unknown"


class AnswerInvalid(Invalid):
    """An answer that contradicts itself or says what the question does not ask."""

    code = "health-answer-invalid"
    remedy = "Compare with the question's wording and the kinds that it knows."


@dataclass(frozen=True, slots=True, kw_only=True)
class Medicine:
    """A medicine that a patient named."""

    name: str
    rxnorm: str = ""
    """RxNorm concept of the ingredient, where somebody coded it."""
    last_taken_on: date | None = None
    """None: still taken."""

    def __post_init__(self) -> None:
        if not self.name.strip() and not self.rxnorm:
            raise AnswerInvalid("a medicine has a name or a code")
        if len(self.name) > LONGEST_NAME or len(self.rxnorm) > LONGEST_CODE:
            raise AnswerInvalid("a medicine's name or code is too long")


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """What belongs to a yes."""

    medicines: tuple[Medicine, ...] = ()
    kinds: tuple[str, ...] = ()
    """Words of `KINDS` of the topic."""
    on: date | None = None
    """When, for what lies ahead."""
    note: str = ""
    """The patient's own words; a person reads them, no rule does."""

    def to_data(self) -> dict[str, Any]:
        return {
            "medicines": [
                {
                    "name": one.name,
                    "rxnorm": one.rxnorm,
                    "last_taken_on": one.last_taken_on.isoformat() if one.last_taken_on else None,
                }
                for one in self.medicines
            ],
            "kinds": list(self.kinds),
            "on": self.on.isoformat() if self.on else None,
            "note": self.note,
        }

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> "Details":
        def day(text: str | None) -> date | None:
            return date.fromisoformat(text) if text else None

        return cls(
            medicines=tuple(
                Medicine(
                    name=one["name"],
                    rxnorm=one["rxnorm"],
                    last_taken_on=day(one["last_taken_on"]),
                )
                for one in data.get("medicines", ())
            ),
            kinds=tuple(data.get("kinds", ())),
            on=day(data.get("on")),
            note=data.get("note", ""),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenAnswer:
    """One answer to one question, sound in itself."""

    topic: Topic
    reply: Reply
    details: Details = Details()

    def __post_init__(self) -> None:
        said = self.details
        if self.reply is Reply.NO and (said.medicines or said.kinds or said.on):
            raise AnswerInvalid(f"{self.topic}: a no has no details", topic=self.topic.value)
        if said.medicines and self.topic not in WITH_MEDICINES:
            raise AnswerInvalid(f"{self.topic}: no medicines are asked for", topic=self.topic.value)
        if unknown := set(said.kinds) - KINDS.get(self.topic, frozenset()):
            raise AnswerInvalid(
                f"{self.topic}: unknown kinds {', '.join(sorted(unknown))}", topic=self.topic.value
            )
        if len(said.note) > LONGEST_NOTE or len(said.medicines) > MOST_MEDICINES:
            raise AnswerInvalid(f"{self.topic}: the answer is too long", topic=self.topic.value)


def require_days_sane(answer: GivenAnswer, *, today: date) -> None:
    """
    Raise AnswerInvalid for a day that nobody means.

    A medicine was last taken in the past (a day's difference of zones is let pass), and within a
    lifetime; what lies ahead, lies ahead within ten years, and may just be over.
    """
    taken = [one.last_taken_on for one in answer.details.medicines if one.last_taken_on]
    if any(not today - LIFETIME <= day <= today + timedelta(days=1) for day in taken):
        raise AnswerInvalid(f"{answer.topic}: a medicine was last taken on an impossible day")
    ahead = answer.details.on
    if ahead is not None and not today - LIFETIME <= ahead <= today + FORESEEABLE:
        raise AnswerInvalid(f"{answer.topic}: the day is impossible")


LIFETIME: Final = timedelta(days=120 * 366)
FORESEEABLE: Final = timedelta(days=10 * 366)
SOURCES: Final = frozenset({"patient-phone", "patient-form", "prescriber", "ehr"})
"""Where an answer can come from."""
LONGEST_NOTE: Final = 1000
LONGEST_NAME: Final = 200
LONGEST_CODE: Final = 20
MOST_MEDICINES: Final = 60
WITH_MEDICINES: Final = frozenset({Topic.OPIOIDS, Topic.IMMUNOSUPPRESSANTS, Topic.MEDICINES})

KINDS: Final[Mapping[Topic, frozenset[str]]] = {
    Topic.OPIOID_HISTORY: frozenset({"dependence", "withdrawal", "failed-challenge", "screen"}),
    Topic.ALLERGIES: frozenset({"naltrexone", "naloxone", "nalmefene", "lactose", "sucrose"})
    | {"gluten", "dye", "gelatin", "cellulose", "other"},
    Topic.LIVER: frozenset({"acute-hepatitis", "liver-failure", "active-disease", "raised-tests"}),
    Topic.KIDNEY: frozenset({"severe", "moderate", "mild"}),
    Topic.PREGNANCY: frozenset({"pregnant", "planning"}),
    Topic.NALTREXONE: frozenset({"low-dose", "tablet", "injection", "with-bupropion"}),
    Topic.LAST_STEP: frozenset({"stayed-lower", "went-back", "stopped", "sleep", "stomach"}),
}
"""What a yes can be, by topic."""

QUESTIONS: Final[Mapping[Topic, str]] = {
    Topic.OPIOIDS: (
        "In the last two weeks, have you taken any opioid: a pain medicine such as tramadol,"
        " codeine, hydrocodone, oxycodone or morphine, a cough or diarrhea medicine with an"
        " opioid, methadone or buprenorphine? Which, and when last?"
    ),
    Topic.OPIOID_HISTORY: (
        "Have you been dependent on opioids, had withdrawal, a failed naloxone test or a positive"
        " urine test for opioids?"
    ),
    Topic.TRANSPLANT: "Have you had an organ transplant?",
    Topic.IMMUNOSUPPRESSANTS: (
        "Do you take a medicine that weakens the immune system, such as tacrolimus, methotrexate,"
        " azathioprine, a biologic or prednisone? Which?"
    ),
    Topic.MEDICINES: "Which other medicines do you take, bought without prescription included?",
    Topic.ALLERGIES: (
        "Are you allergic or intolerant to naltrexone, naloxone, lactose, gluten, dyes, gelatin or"
        " anything else?"
    ),
    Topic.LIVER: "Do you have hepatitis, liver failure, liver disease or raised liver tests?",
    Topic.KIDNEY: "Do you have kidney disease? How severe?",
    Topic.PREGNANCY: "Are you pregnant, or planning to be?",
    Topic.BREASTFEEDING: "Are you breastfeeding?",
    Topic.THYROID: "Do you have Hashimoto's disease or take thyroid hormone?",
    Topic.MOOD: "Have you had depression or thoughts of suicide?",
    Topic.ALCOHOL: "Do you drink alcohol?",
    Topic.SURGERY: "Is surgery or another procedure planned? When?",
    Topic.NALTREXONE: (
        "Do you take naltrexone in any form from anywhere else: tablets, an injection, with"
        " bupropion, or from another pharmacy?"
    ),
    Topic.LAST_STEP: (
        "Since your last fill, did you stay at a lower dose, go back to one, or stop for some days,"
        " or does the dose trouble your sleep or your stomach?"
    ),
}
"""What a patient is asked, word for word. *unconfirmed*: a pharmacist must review the wording."""


def questions_for(gender: str, *, continues: bool = True) -> tuple[Topic, ...]:
    """
    Return what a patient is asked: of men neither pregnancy nor nursing.

    Args:
        continues: They had low-dose naltrexone before; how it went is asked of nobody else.
    """
    left_out = {Topic.PREGNANCY, Topic.BREASTFEEDING} if gender == "male" else set()
    if not continues:
        left_out |= {Topic.LAST_STEP}
    return tuple(topic for topic in Topic if topic not in left_out)


LANGUAGE: Final = re.compile(r"[a-z]{2,3}")


class ReadingInvalid(Invalid):
    """A language is two or three small letters, and is chosen for a reason."""

    code = "reading-invalid"
    remedy = "Give the language as in ISO 639 (en, es, vi), and say why."


def language_code(tag: str) -> str:
    """Return the language of a tag such as `es-US`; nothing for what is no tag."""
    first = tag.strip().lower().partition("-")[0]
    return first if LANGUAGE.fullmatch(first) else ""


def require_reading(language: str, reason: str) -> None:
    """Raise ReadingInvalid unless a language is chosen, for a reason."""
    if not LANGUAGE.fullmatch(language):
        raise ReadingInvalid("this is no language code", field="language")
    if not reason.strip():
        raise ReadingInvalid("say why", field="reason")
