"""Questions to the prescriber: what may be asked, and how it may be answered."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from pharmacy.kernel.refusals import Conflict, Invalid, NotFound


class QuestionKind(StrEnum):
    """What a question is about."""

    DOSE = "dose"
    TITRATION = "titration"
    QUANTITY = "quantity"
    DIRECTIONS = "directions"
    REFILLS = "refills"
    PATIENT = "patient"
    """Who the patient is, or how to reach them."""
    SAFETY = "safety"
    """A finding of the screening."""
    CLINICAL_NEED = "clinical-need"
    OTHER = "other"


class AnswerKind(StrEnum):
    """How a question was answered."""

    TEXT = "text"
    """In words and unsigned. A pharmacist reads it; it changes nothing."""
    PRESCRIPTION = "prescription"
    """By a new signed prescription, which replaces the order's."""
    TELEPHONE = "telephone"
    """Spoken, noted by a pharmacist and read back."""


TO_THE_MINUTE: Final = timedelta(minutes=1)
"""People give a time without its seconds."""
ANSWERED: Final = "clarification-answered"
"""The hold under which an answer in words waits for a pharmacist."""


def hold_code(kind: QuestionKind) -> str:
    """Return the code of the hold under which a question waits for the prescriber."""
    return f"clarification-{kind}"


class ClarificationNotFound(NotFound):
    """This order has no such question."""

    code = "clarification-not-found"


class QuestionOpen(Conflict):
    """A question of this kind waits for its answer already."""

    code = "question-open"
    remedy = "Withdraw it and ask anew, or wait for the answer."


class QuestionClosed(Conflict):
    """The question was answered or withdrawn before."""

    code = "question-closed"
    remedy = "Read the question again: its answer, or why it was withdrawn, stands there."


class WordsNeeded(Invalid):
    """A question, an answer and a withdrawal are said in words."""

    code = "words-needed"
    remedy = "Say it in a sentence that a colleague understands tomorrow."


class NotReadBack(Invalid):
    """What was heard on the telephone counts when it was read back and confirmed."""

    code = "not-read-back"
    remedy = "Read the answer back to whoever gave it, and name them."


class SaidAtAnotherTime(Invalid):
    """An answer is said after its question, and noted after it was said."""

    code = "said-at-another-time"
    remedy = "Give the time at which the prescriber answered, by the pharmacy's clock."


class AnswersAnotherOrder(Invalid):
    """The new prescription is another patient's or prescriber's, or the very one in question."""

    code = "answers-another-order"
    remedy = "Sign a new prescription, with new identifiers, for the patient of this order."


def require_words(words: str) -> str:
    """Return words without space around them. Raises WordsNeeded."""
    if not words.strip():
        raise WordsNeeded("say it in words")
    return words.strip()


def require_read_back(*, spoke_with: str, read_back: bool) -> None:
    """Raise NotReadBack unless somebody named confirmed what was read back."""
    if not read_back or not spoke_with.strip():
        raise NotReadBack("an answer by telephone is read back, to somebody who is named")


def require_said_between(said_at: datetime, *, asked_at: datetime, now: datetime) -> None:
    """Raise SaidAtAnotherTime unless an answer was given after its question and before now."""
    if not asked_at - TO_THE_MINUTE <= said_at <= now:
        raise SaidAtAnotherTime(
            "it was said before it was asked, or later than now", field="said_at"
        )
