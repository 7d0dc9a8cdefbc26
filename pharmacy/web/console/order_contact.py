"""Where an order's patient lives and is called: settling what differs, and correcting it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.http.order_reads import visible
from pharmacy.kernel import ids
from pharmacy.labels import operations
from pharmacy.orders import queries
from pharmacy.patients import queries as patients
from pharmacy.patients.models import ContactChange, Patient
from pharmacy.patients.rules.contact import (
    REASON_WORDS,
    Contact,
    ContactDecision,
    ContactReason,
    Ground,
)
from pharmacy.staff.rules import Permission
from pharmacy.web.console.order_steps import PATH, Words
from pharmacy.web.view import Answer, CurrentView

CORRECT: Final = {"permission": Permission.CORRECT_CONTACT}
REASONS: Final = [(reason.value, words) for reason, words in REASON_WORDS.items()]


class CorrectForm(msgspec.Struct, frozen=True):
    """A phone number and an address, and how they are known."""

    phone: Annotated[str, Meta(min_length=1, max_length=40)]
    address_line: Annotated[str, Meta(min_length=1, max_length=200)]
    city: Annotated[str, Meta(min_length=1, max_length=100)]
    state: Annotated[str, Meta(min_length=1, max_length=40)]
    postal_code: Annotated[str, Meta(min_length=1, max_length=20)]
    reason: ContactReason
    words: Words = ""

    def to_rules(self) -> Contact:
        return Contact(
            phone=self.phone.strip(),
            address_line=self.address_line.strip(),
            city=self.city.strip(),
            state=self.state.strip().upper(),
            postal_code=self.postal_code.strip(),
        )


class SettleForm(msgspec.Struct, frozen=True):
    """Which of two is right, and how that is known."""

    decision: ContactDecision
    reason: ContactReason
    words: Words = ""


@dataclass(frozen=True, slots=True)
class Reached:
    """What is on file of a patient, and what else was given."""

    on_file: Contact
    waiting: Sequence[ContactChange]
    settled: Sequence[ContactChange]
    """The newest first; each knows what was on file before."""
    reasons: Sequence[tuple[str, str]]

    @property
    def why_not_sent(self) -> str:
        """Return in words why nothing is sent as long as somebody must look; empty otherwise."""
        return "Nothing is sent before the address is settled." if self.waiting else ""

    def differs(self, change: ContactChange) -> tuple[str, ...]:
        return change.contact.differs_in(self.on_file)

    def why(self, change: ContactChange) -> str:
        """Return how a settled one was known."""
        known = REASON_WORDS[change.reason] if change.reason else ""
        return ": ".join(each for each in (known, change.words) if each)


def reached(session: Session, patient: Patient) -> Reached:
    """Return where a patient is reached, as far as anybody said."""
    changes = patients.contact_changes(session, patient.id)
    return Reached(
        on_file=patient.contact,
        waiting=[each for each in changes if each.settled_at is None],
        settled=[each for each in changes if each.settled_at is not None],
        reasons=REASONS,
    )


class OrderContact(Controller):
    """The address and the phone of an order's patient."""

    path = PATH

    @post("/contact", opt=CORRECT, status_code=200, sync_to_thread=True)
    def correct(
        self, order_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Write down what somebody told us; every open order of the patient follows it."""
        given = form.read(CorrectForm)
        with db.transaction() as session:
            operations.correct_contact(
                session,
                _patient_of(session, order_id, view),
                given.to_rules(),
                ground=Ground(given.reason, given.words),
                by=actor,
                now=view.now,
            )
        return view.go(f"/orders/{order_id}", toast="Kept: the old one stays on record")

    @post("/contact/{change_id:str}", opt=CORRECT, status_code=200, sync_to_thread=True)
    def settle(
        self,
        *,
        order_id: FromPath[str],
        change_id: FromPath[str],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Take over what the prescription gives, or keep what is on file."""
        given = form.read(SettleForm)
        with db.transaction() as session:
            operations.settle_contact(
                session,
                _patient_of(session, order_id, view),
                ids.decode("cch", change_id),
                given.decision,
                ground=Ground(given.reason, given.words),
                by=actor,
                now=view.now,
            )
        taken = given.decision is ContactDecision.TAKEN_OVER
        toast = "The new one is on file" if taken else "What was on file stays"
        return view.go(f"/orders/{order_id}", toast=toast)


def _patient_of(session: Session, order_id: str, view: CurrentView) -> UUID:
    return visible(queries.get(session, ids.decode("ord", order_id)), view.actor).patient_id
