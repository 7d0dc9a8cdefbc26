"""Asking an order's patient: each question word for word, what they said before, what they say."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form, FormData, FormInvalid
from pharmacy.http.order_reads import visible
from pharmacy.http.patient_reads import note_health_read
from pharmacy.kernel import ids
from pharmacy.orders import queries
from pharmacy.orders.models import Order
from pharmacy.orders.operations.rescreening import rescreen
from pharmacy.patients import operations
from pharmacy.patients import queries as patients
from pharmacy.patients.models import HealthAnswer
from pharmacy.patients.rules import (
    KINDS,
    LONGEST_NAME,
    LONGEST_NOTE,
    QUESTIONS,
    WITH_MEDICINES,
    Details,
    GivenAnswer,
    Medicine,
    Reply,
    Topic,
    questions_for,
)
from pharmacy.screening import queries as screening
from pharmacy.screening.rules.medicines import LIST
from pharmacy.staff.rules import Permission
from pharmacy.web.console.order_first_check import is_unanswered
from pharmacy.web.console.order_steps import PATH
from pharmacy.web.view import Answer, CurrentView

MEDICINE_LINES: Final = 20
"""How many medicines a question takes at once."""
KNOWN_MEDICINES: Final = sorted({each.name for each in LIST})
REPLIES: Final = [
    (Reply.NO, "No", "n"),
    (Reply.YES, "Yes", "y"),
    (Reply.UNKNOWN, "Does not know", "d"),
]
STATES: Final = {  # why a question that has an answer is asked again
    "asked-too-long-ago": "Asked too long ago",
    "not-known": "Did not know",
}
SOURCES: Final = [
    ("patient-phone", "The patient, on the telephone"),
    ("patient-form", "The patient, on a form"),
    ("prescriber", "The prescriber"),
]
LATER: Final = frozenset({Topic.SURGERY})
"""What is asked about with a day that lies ahead."""


class QuestionForm(msgspec.Struct, frozen=True):
    """What was said to one question. Without a reply it was not asked."""

    answer: Reply | None = None
    kinds: list[str] = []
    medicine: list[Annotated[str, Meta(max_length=LONGEST_NAME)]] = []
    last_taken: list[str] = []
    """Beside each medicine; empty while it is taken."""
    on: date | None = None
    note: Annotated[str, Meta(max_length=LONGEST_NOTE)] = ""


class SourceForm(msgspec.Struct, frozen=True):
    """Who said it, and how it came here."""

    source: Literal["patient-phone", "patient-form", "prescriber"]


@dataclass(frozen=True, slots=True)
class Question:
    """One question, with the newest answer to it."""

    topic: Topic
    state: str
    """Why it is to be asked now; empty where the answer stands."""
    answer: HealthAnswer | None
    said: Details

    @property
    def words(self) -> str:
        return QUESTIONS[self.topic]

    @property
    def kinds(self) -> list[str]:
        return sorted(KINDS.get(self.topic, ()))

    @property
    def names_medicines(self) -> bool:
        return self.topic in WITH_MEDICINES

    @property
    def has_day(self) -> bool:
        return self.topic in LATER

    @property
    def is_to_ask(self) -> bool:
        return bool(self.state)

    @property
    def lines(self) -> list[Medicine | None]:
        """The medicines that were named before, and room for more."""
        named = list(self.said.medicines)
        return [*named, *[None] * max(MEDICINE_LINES - len(named), 1)]


class OrderHealth(Controller):
    """What the patient of one order is asked, and says."""

    path = f"{PATH}/health"

    @get("/", opt={"permission": Permission.RECORD_HEALTH}, sync_to_thread=True)
    def show(
        self, order_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Show the questions: what is to be asked now first, then what was answered."""
        with db.transaction() as session:
            order = visible(queries.get(session, ids.decode("ord", order_id)), actor)
            patient = patients.get(session, order.patient_id)
            note_health_read(session, patient.id, by=actor, now=view.now)
            asked = _questions(session, order, patient.gender)
            return view.page(
                "orders/health.html",
                order=order,
                patient=patient,
                at=f"/orders/{order_id}",
                to_ask=[each for each in asked if each.is_to_ask],
                answered=[each for each in asked if not each.is_to_ask],
                states=STATES,
                replies=REPLIES,
                sources=SOURCES,
                known_medicines=KNOWN_MEDICINES,
            )

    @post("/", opt={"permission": Permission.RECORD_HEALTH}, status_code=200, sync_to_thread=True)
    def record(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Keep what was answered; the patient's open orders are screened again at once."""
        source = form.read(SourceForm).source
        given = _answers(form)
        with db.transaction() as session:
            order = visible(queries.get(session, ids.decode("ord", order_id)), actor)
            operations.record_answers(
                session, order.patient_id, given, source=source, by=actor, now=view.now
            )
            rescreen(session, order.patient_id, now=view.now)
        count = len(given)
        kept = f"{count} answer{'s' if count > 1 else ''} kept, and screened again"
        return view.go(f"/orders/{order_id}", toast=kept)


def _questions(session: Session, order: Order, gender: str) -> list[Question]:
    """Return every question that the patient is asked, with why it is to be asked now."""
    found = screening.open_findings(session, order.prescription_id, order.fill_no)
    states = {each.inputs["topic"]: each.inputs["state"] for each in found if is_unanswered(each)}
    newest = patients.latest_answers(session, order.patient_id)
    continues = Topic.LAST_STEP in {*states, *newest}
    topics = questions_for(gender, continues=continues)
    return [_question(topic, newest.get(topic), states) for topic in topics]


def _question(topic: Topic, answer: HealthAnswer | None, states: dict[str, str]) -> Question:
    found = states.get(topic, "")
    state = (found if found in STATES else "") if answer else "not-asked"
    said = Details.of_data(answer.details) if answer else Details()
    return Question(topic=topic, state=state, answer=answer, said=said)


def _answers(form: FormData) -> list[GivenAnswer]:
    """
    Return what was answered; a question without a reply was not asked.

    Raises:
        FormInvalid: Nothing was answered, or a field cannot be read.
        AnswerInvalid: An answer contradicts itself.
    """
    given = []
    errors: dict[str, str] = {}
    for topic in Topic:
        try:
            said = form.read(QuestionForm, prefix=f"{topic}-")
            if said.answer is not None:
                given.append(_given(topic, said))
        except FormInvalid as wrong:
            errors |= wrong.fields
    if not given and not errors:
        errors["source"] = "Choose a reply to one question at least."
    if errors:
        raise FormInvalid(errors)
    return given


def _given(topic: Topic, said: QuestionForm) -> GivenAnswer:
    """Return an answer; what is written beside another reply than yes is not shown, and no part."""
    assert said.answer is not None
    if said.answer is not Reply.YES:
        return GivenAnswer(topic=topic, reply=said.answer)
    details = Details(
        medicines=_medicines(topic, said),
        kinds=tuple(said.kinds),
        on=said.on,
        note=said.note.strip(),
    )
    return GivenAnswer(topic=topic, reply=said.answer, details=details)


def _medicines(topic: Topic, said: QuestionForm) -> tuple[Medicine, ...]:
    days = [*said.last_taken, *[""] * (len(said.medicine) - len(said.last_taken))]
    found = []
    for name, day in zip(said.medicine, days, strict=False):
        if day.strip() and not name.strip():
            raise FormInvalid({f"{topic}-medicine": "Name the medicine that was taken then."})
        if name.strip():
            found.append(Medicine(name=name.strip(), last_taken_on=_day(topic, day)))
    return tuple(found)


def _day(topic: Topic, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text.strip() else None
    except ValueError as error:
        raise FormInvalid({f"{topic}-medicine": "This is no day."}) from error
