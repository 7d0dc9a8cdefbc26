"""Where a patient lives and is called: what is on file, and what else was given."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.api.patients import seen
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.infra import audit
from pharmacy.kernel import ids
from pharmacy.labels import operations
from pharmacy.orders.models import Order
from pharmacy.patients import queries
from pharmacy.patients.models import ContactChange
from pharmacy.patients.rules.contact import (
    Contact,
    ContactDecision,
    ContactReason,
    ContactSource,
    Ground,
    HasContact,
)
from pharmacy.staff.rules import Permission

Words = Annotated[str, Meta(max_length=500)]


class ContactBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A phone number and an address."""

    phone: Annotated[str, Meta(max_length=40, examples=["+1-555-010-0142"])]
    address_line: Annotated[str, Meta(max_length=200, examples=["9 New Avenue, Apt 2"])]
    city: Annotated[str, Meta(max_length=100, examples=["Houston"])]
    state: Annotated[str, Meta(pattern=r"^[A-Z]{2}$", examples=["TX"])]
    postal_code: Annotated[str, Meta(pattern=r"^[0-9]{5}(-[0-9]{4})?$", examples=["77002"])]

    def to_rules(self) -> Contact:
        return Contact.of(self)


class ContactFacts(msgspec.Struct, frozen=True):
    """A phone number and an address, as they were written."""

    phone: str
    address_line: str
    city: str
    state: str
    postal_code: str

    @classmethod
    def of(cls, contact: HasContact) -> Self:
        return msgspec.convert(contact, cls, from_attributes=True)


class CorrectionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is right, and how that is known."""

    contact: ContactBody
    reason: ContactReason
    words: Words = ""


class DecisionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whether it is taken over or what is on file is kept, and how that is known."""

    decision: ContactDecision
    reason: ContactReason
    words: Words = ""


class ChangeView(msgspec.Struct, frozen=True):
    """Another phone or address that was given, and what became of it."""

    id: str
    given: ContactFacts
    source: ContactSource
    given_at: datetime
    differs: list[str]
    """In what from the one on file: now, or when it was settled."""
    decision: ContactDecision | None
    reason: ContactReason | None
    words: str
    settled_at: datetime | None
    on_file: ContactFacts | None
    """What was on file until it was settled."""

    @classmethod
    def of(cls, row: ContactChange, now_on_file: Contact) -> Self:
        before: dict[str, Any] | None = row.on_file
        compared = Contact(**before) if before else now_on_file
        return cls(
            id=ids.encode("cch", row.id),
            given=ContactFacts.of(row),
            source=row.source,
            given_at=row.given_at,
            differs=list(row.contact.differs_in(compared)),
            decision=row.decision,
            reason=row.reason,
            words=row.words,
            settled_at=row.settled_at,
            on_file=ContactFacts.of(compared) if before else None,
        )


class ContactView(msgspec.Struct, frozen=True):
    """What is on file, and everything else that was given, the newest first."""

    patient: str
    on_file: ContactFacts
    changes: list[ChangeView]


class SettledView(msgspec.Struct, frozen=True):
    """What is on file now, and which open orders follow it."""

    contact: ContactView
    orders: list[str]


class ContactController(Controller):
    """Phones and addresses of patients. While one is doubted, nothing is sent to the patient."""

    path = "/api/v1/patients/{patient_id:str}/contact"
    tags = ["Patients"]

    @get(opt={"permission": Permission.READ_PRESCRIPTION}, sync_to_thread=True)
    def read(self, patient_id: FromPath[str], db: Db, actor: CurrentActor, now: Now) -> ContactView:
        """Return what is on file, and what else was given."""
        wanted = ids.decode("pat", patient_id)
        with db.transaction() as session:
            seen(session, wanted, actor)
            audit.record(
                session,
                "patient.contact-read",
                by=actor,
                at=now,
                subject_kind="patient",
                subject_id=wanted,
                patient_id=wanted,
            )
            return _view(session, wanted)

    @post(opt={"permission": Permission.CORRECT_CONTACT}, status_code=200, sync_to_thread=True)
    def correct(
        self,
        patient_id: FromPath[str],
        data: JSONBody[CorrectionBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> SettledView:
        """Write down the phone and address that somebody told us. The old one stays on record."""
        wanted = ids.decode("pat", patient_id)
        with db.transaction() as session:
            seen(session, wanted, actor)
            orders = operations.correct_contact(
                session,
                wanted,
                data.contact.to_rules(),
                ground=Ground(data.reason, data.words),
                by=actor,
                now=now,
            )
            return _settled(session, wanted, orders)

    @post(
        "/changes/{change_id:str}",
        opt={"permission": Permission.CORRECT_CONTACT},
        status_code=200,
        sync_to_thread=True,
    )
    def settle(
        self,
        *,
        patient_id: FromPath[str],
        change_id: FromPath[str],
        data: JSONBody[DecisionBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> SettledView:
        """Take over what a prescription gives, or keep what is on file. Orders go on."""
        wanted = ids.decode("pat", patient_id)
        with db.transaction() as session:
            seen(session, wanted, actor)
            orders = operations.settle_contact(
                session,
                wanted,
                ids.decode("cch", change_id),
                data.decision,
                ground=Ground(data.reason, data.words),
                by=actor,
                now=now,
            )
            return _settled(session, wanted, orders)


def _view(session: Session, patient_id: UUID) -> ContactView:
    patient = queries.get(session, patient_id)
    return ContactView(
        patient=ids.encode("pat", patient_id),
        on_file=ContactFacts.of(patient),
        changes=[
            ChangeView.of(row, patient.contact)
            for row in queries.contact_changes(session, patient_id)
        ],
    )


def _settled(session: Session, patient_id: UUID, orders: list[Order]) -> SettledView:
    return SettledView(
        contact=_view(session, patient_id),
        orders=[ids.encode("ord", order.id) for order in orders],
    )
