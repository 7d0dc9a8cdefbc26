"""How an order's patient reads: in which language, and whether the leaflet is printed large."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form, Ticked
from pharmacy.http.order_reads import visible
from pharmacy.kernel import ids
from pharmacy.labels import operations
from pharmacy.labels import queries as labels
from pharmacy.labels.rules.readers import language_of, name_of
from pharmacy.labels.rules.texts import ENGLISH
from pharmacy.orders import queries
from pharmacy.patients.models import Patient
from pharmacy.practice import queries as practice
from pharmacy.prescriptions.models import Prescription
from pharmacy.staff.rules import Permission
from pharmacy.web.console.order_steps import PATH, Needed
from pharmacy.web.view import Answer, CurrentView

SIZES = {False: "usual print", True: "large print, 18 points"}


class ReadingForm(msgspec.Struct, frozen=True):
    """How a patient reads, and how that is known."""

    language: Annotated[str, Meta(pattern=r"^[a-z]{2,3}$")]
    reason: Needed
    large_print: Ticked | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """How a patient reads, in words."""

    language: str
    name: str
    large_print: bool
    chosen_by: UUID | None
    """None: as the prescription says."""
    lacking: str
    """What becomes of an order whose language nobody approved; nothing where somebody did."""
    languages: list[tuple[str, str]]
    """What may be chosen: codes and words."""

    @property
    def is_special(self) -> bool:
        """Whether whoever checks or hands over must think of it."""
        return self.language != ENGLISH or self.large_print

    @property
    def words(self) -> str:
        return f"{self.name}, leaflet in {SIZES[self.large_print]}"


def reading_of(session: Session, patient: Patient, prescription: Prescription) -> Reading:
    """Return how a patient reads, and what else may be chosen."""
    language = language_of(
        patient.language,
        prescription.facts["patient"].get("language"),
        is_chosen=patient.reading_chosen_at is not None,
    )
    known = [*labels.languages(session)]
    codes = known if language in known else [*known, language]
    approved = {code: _is_approved(session, code) for code in codes}
    return Reading(
        language=language,
        name=name_of(language),
        large_print=patient.large_print,
        chosen_by=patient.reading_chosen_by,
        lacking="" if approved[language] else _without_words(session),
        languages=[
            (code, name_of(code) + ("" if approved[code] else " (its words are not approved)"))
            for code in codes
        ],
    )


def _is_approved(session: Session, language: str) -> bool:
    try:
        labels.in_force(session, language)
    except labels.LanguageNotApproved:
        return False
    return True


def _without_words(session: Session) -> str:
    if practice.policy(session).english_when_not_approved:
        return "Its words are not approved: labels are printed in English."
    return "Its words are not approved: the labels wait until they are."


class OrderReading(Controller):
    """Choosing how a patient reads, from an order of theirs."""

    path = PATH

    @post(
        "/reading",
        opt={"permission": Permission.CHOOSE_READING},
        status_code=200,
        sync_to_thread=True,
    )
    def choose(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Say how the patient reads; labels that nobody has packed are drawn again for it."""
        given = form.read(ReadingForm)
        with db.transaction() as session:
            order = visible(queries.get(session, ids.decode("ord", order_id)), actor)
            redrawn = operations.choose_reading(
                session,
                order.patient_id,
                language=given.language,
                large_print=given.large_print is not None,
                reason=given.reason,
                by=actor,
                now=view.now,
            )
        count = len(redrawn)
        again = f"the labels of {count} order{'s' if count > 1 else ''} are drawn again"
        toast = f"Kept: {again if count else 'it counts for the next labels'}"
        return view.go(f"/orders/{order_id}", toast=toast)
