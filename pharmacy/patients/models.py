"""Tables of patients and of their answers."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id
from pharmacy.patients.rules import Reply
from pharmacy.patients.rules.contact import (
    Contact,
    ContactDecision,
    ContactReason,
    ContactSource,
)


class Patient(Base):
    """Who the medicine is for, as the signed prescription names them."""

    __tablename__ = "patients"
    __table_args__ = (
        UniqueConstraint("identifier_system", "identifier_value"),
        Index("ix_patients_name", text("lower(family) text_pattern_ops"), "birth_date"),
        Index("ix_patients_given", text("lower(given) text_pattern_ops"), "birth_date"),
        Index(None, "birth_date"),
        CheckConstraint("language ~ '^[a-z]{2,3}$'", name="language_coded"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    identifier_system: Mapped[str]
    identifier_value: Mapped[str]
    family: Mapped[str]
    given: Mapped[str]
    birth_date: Mapped[date]
    gender: Mapped[str]
    phone: Mapped[str]
    address_line: Mapped[str]
    city: Mapped[str]
    state: Mapped[str]
    postal_code: Mapped[str]
    language: Mapped[str] = mapped_column(server_default="en")
    """In which labels and leaflets speak, by its code in ISO 639."""
    large_print: Mapped[bool] = mapped_column(server_default=false())
    """The leaflet is printed in 18-point type."""
    reading_chosen_by: Mapped[UUID | None]
    """Who chose the language and the size. None: they are as the first prescription said."""
    reading_chosen_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    @property
    def contact(self) -> Contact:
        """What is on file: the database changes it with a settled `ContactChange` alone."""
        return Contact.of(self)


class ContactChange(Base):
    """
    Another phone or address than the one on file: who gave it, and what a person made of it.

    What was given is never rewritten, and what was settled stands.
    """

    __tablename__ = "contact_changes"
    __table_args__ = (
        one_of("source", ContactSource),
        one_of("decision", ContactDecision),
        one_of("reason", ContactReason),
        CheckConstraint(
            "(decision is null) = (settled_at is null)"
            " and (decision is null) = (settled_by is null)"
            " and (decision is null) = (reason is null)"
            " and (decision is null) = (on_file is null)",
            name="settled_whole",
        ),
        Index(None, "patient_id", "given_at"),
        Index("ix_contact_changes_open", "patient_id", postgresql_where=text("settled_at is null")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    phone: Mapped[str]
    address_line: Mapped[str]
    city: Mapped[str]
    state: Mapped[str]
    postal_code: Mapped[str]
    source: Mapped[ContactSource]
    given_by: Mapped[UUID | None]
    """The member of staff, or the clinic's system that sent the prescription."""
    given_at: Mapped[datetime]
    decision: Mapped[ContactDecision | None]
    reason: Mapped[ContactReason | None]
    words: Mapped[str] = mapped_column(server_default="")
    settled_by: Mapped[UUID | None]
    settled_at: Mapped[datetime | None]
    on_file: Mapped[dict[str, Any] | None]
    """`patients.rules.Contact`, as data: what was on file until it was settled."""

    @property
    def contact(self) -> Contact:
        return Contact.of(self)


class HealthAnswer(Base):
    """One answer to one question about health. Append-only; the newest of a topic counts."""

    __tablename__ = "health_answers"
    __table_args__ = (one_of("answer", Reply), Index(None, "patient_id", "topic", "asked_at"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    patient_id: Mapped[UUID] = mapped_column(ForeignKey("patients.id"))
    topic: Mapped[str]
    """As in `patients.rules.Topic`: `opioids`, `transplant`, `pregnancy`, …"""
    answer: Mapped[Reply]
    details: Mapped[dict[str, Any]]
    """`patients.rules.Details`, as data."""
    source: Mapped[str]
    """`patient-phone`, `patient-form`, `prescriber` or `ehr`."""
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime]
