"""What patients were asked about their health, and what they answered."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.patient_reads import note_health_read
from pharmacy.kernel import ids
from pharmacy.labels import operations as labels
from pharmacy.orders.operations.rescreening import rescreen
from pharmacy.patients import operations, queries
from pharmacy.patients.models import HealthAnswer, Patient
from pharmacy.patients.queries import PatientNotFound
from pharmacy.patients.rules import (
    KINDS,
    LONGEST_NAME,
    LONGEST_NOTE,
    MOST_MEDICINES,
    QUESTIONS,
    Details,
    GivenAnswer,
    Medicine,
    Reply,
    Topic,
    questions_for,
)
from pharmacy.screening.queries import prescribers_of_patient
from pharmacy.staff.rules import Actor, Permission

Code = Annotated[str, Meta(pattern=r"^[0-9]{0,10}$", examples=["10582"])]


class MedicineBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A medicine that the patient named."""

    name: Annotated[str, Meta(max_length=LONGEST_NAME, examples=["levothyroxine"])]
    rxnorm: Code = ""
    last_taken_on: date | None = None
    """Absent: still taken."""


class DetailsBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What belongs to a yes."""

    medicines: Annotated[list[MedicineBody], Meta(max_length=MOST_MEDICINES)] = []
    kinds: Annotated[list[str], Meta(max_length=20)] = []
    on: date | None = None
    note: Annotated[str, Meta(max_length=LONGEST_NOTE)] = ""

    def to_rules(self) -> Details:
        return Details(
            medicines=tuple(
                Medicine(name=one.name, rxnorm=one.rxnorm, last_taken_on=one.last_taken_on)
                for one in self.medicines
            ),
            kinds=tuple(self.kinds),
            on=self.on,
            note=self.note,
        )

    @classmethod
    def of(cls, details: Details) -> Self:
        return cls(
            medicines=[
                MedicineBody(name=one.name, rxnorm=one.rxnorm, last_taken_on=one.last_taken_on)
                for one in details.medicines
            ],
            kinds=list(details.kinds),
            on=details.on,
            note=details.note,
        )


class AnswerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer to one question."""

    topic: Topic
    answer: Reply
    details: DetailsBody = msgspec.field(default_factory=DetailsBody)


class AnswersBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a patient answered, and how it reached us."""

    source: Literal["patient-phone", "patient-form", "prescriber", "ehr"]
    answers: Annotated[list[AnswerBody], Meta(min_length=1, max_length=len(Topic))]


class TopicView(msgspec.Struct, frozen=True):
    """One question with its newest answer. Without an answer, it was not asked."""

    topic: str
    question: str
    kinds: list[str]
    """What a yes can be."""
    answer: str | None
    details: DetailsBody | None
    source: str | None
    asked_at: datetime | None

    @classmethod
    def of(cls, topic: Topic, row: HealthAnswer | None) -> Self:
        return cls(
            topic=topic.value,
            question=QUESTIONS[topic],
            kinds=sorted(KINDS.get(topic, ())),
            answer=row.answer.value if row else None,
            details=DetailsBody.of(Details.of_data(row.details)) if row else None,
            source=row.source if row else None,
            asked_at=row.asked_at if row else None,
        )


class HealthView(msgspec.Struct, frozen=True):
    """Every question that this patient is asked."""

    patient: str
    topics: list[TopicView]


class RecordedView(msgspec.Struct, frozen=True):
    """What is known now, and which open orders were screened again because of it."""

    health: HealthView
    orders_screened: list[str]


class ReadingBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a patient reads, and how that is known."""

    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}$", examples=["es"])]
    """As in ISO 639. Labels speak it where its texts are approved."""
    reason: Annotated[str, Meta(min_length=1, max_length=500, examples=["Asked for on the phone."])]
    large_print: bool = False
    """The leaflet in 18-point type."""


class ReadingView(msgspec.Struct, frozen=True):
    """How a patient reads from now on."""

    patient: str
    language: str
    large_print: bool
    orders_drawn_again: list[str]
    """Orders whose labels and leaflet became void and are drawn anew."""


class PatientController(Controller):
    """Patients, as far as the pharmacy must know them."""

    path = "/api/v1/patients"
    tags = ["Patients"]

    @get("/{pat:str}/health", opt={"permission": Permission.READ_PRESCRIPTION}, sync_to_thread=True)
    def read(self, pat: FromPath[str], db: Db, actor: CurrentActor, now: Now) -> HealthView:
        """Return the questions, each with the newest answer."""
        patient_id = ids.decode("pat", pat)
        with db.transaction() as session:
            patient = seen(session, patient_id, actor)
            note_health_read(session, patient_id, by=actor, now=now)
            return _health(session, patient)

    @post("/{pat:str}/health", opt={"permission": Permission.RECORD_HEALTH}, sync_to_thread=True)
    def record(
        self,
        pat: FromPath[str],
        data: JSONBody[AnswersBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> RecordedView:
        """Record answers. Earlier ones stay on record; open orders are screened again at once."""
        patient_id = ids.decode("pat", pat)
        given = [
            GivenAnswer(topic=one.topic, reply=one.answer, details=one.details.to_rules())
            for one in data.answers
        ]
        with db.transaction() as session:
            patient = seen(session, patient_id, actor)
            operations.record_answers(
                session, patient_id, given, source=data.source, by=actor, now=now
            )
            screened = rescreen(session, patient_id, now=now)
            return RecordedView(
                health=_health(session, patient),
                orders_screened=[ids.encode("ord", order.id) for order in screened],
            )

    @post(
        "/{pat:str}/reading",
        opt={"permission": Permission.CHOOSE_READING},
        status_code=200,
        sync_to_thread=True,
    )
    def choose_reading(
        self,
        pat: FromPath[str],
        data: JSONBody[ReadingBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> ReadingView:
        """Say how a patient reads. Labels that nobody has packed yet are drawn again for it."""
        patient_id = ids.decode("pat", pat)
        with db.transaction() as session:
            seen(session, patient_id, actor)
            redrawn = labels.choose_reading(
                session,
                patient_id,
                language=data.language,
                large_print=data.large_print,
                reason=data.reason,
                by=actor,
                now=now,
            )
            return ReadingView(
                patient=pat,
                language=data.language,
                large_print=data.large_print,
                orders_drawn_again=[ids.encode("ord", order.id) for order in redrawn],
            )


def seen(session: Session, patient_id: UUID, actor: Actor) -> Patient:
    """Return a patient whom the actor may see: everybody's, or one of their own prescribers'."""
    patient = queries.get(session, patient_id)
    if actor.npis is not None and not actor.npis & prescribers_of_patient(session, patient_id):
        raise PatientNotFound("there is no such patient")
    return patient


def _health(session: Session, patient: Patient) -> HealthView:
    answers = queries.latest_answers(session, patient.id)
    return HealthView(
        patient=ids.encode("pat", patient.id),
        topics=[TopicView.of(topic, answers.get(topic)) for topic in questions_for(patient.gender)],
    )
