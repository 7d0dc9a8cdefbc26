"""Tables of prescribers, their keys, the imported registries and the evidence of checks."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, CheckConstraint, ForeignKey, Identity, Index, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id
from pharmacy.prescribers.rules.people import CorrectionDecision, CorrectionReason, Person
from pharmacy.prescribers.rules.uploads import UploadState


class Revocation(StrEnum):
    """Why a key ended. Only `compromised` reaches back in time."""

    ROUTINE = "routine"
    SUPERSEDED = "superseded"
    COMPROMISED = "compromised"
    DECEASED = "deceased"
    LICENSE_LOST = "license-lost"


class CheckKind(StrEnum):
    """What was asked about a prescriber."""

    IDENTITY = "identity"
    LICENSE = "license"
    EXCLUSION = "exclusion"
    KEY = "key"


class CheckOutcome(StrEnum):
    """What the answer means. Only `verified` lets an order go on."""

    VERIFIED = "verified"
    FAILED = "failed"
    UNDECIDED = "undecided"
    ERROR = "error"


class Prescriber(Base):
    """A person who orders, known by NPI."""

    __tablename__ = "prescribers"

    npi: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(unique=True, default=new_id)
    family: Mapped[str]
    given: Mapped[str]
    practice_state: Mapped[str]
    """Where a licence must be active (two letters)."""
    birth_date: Mapped[date | None]
    """As proven at enrolment. Told from an excluded person of the same name by it."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    @property
    def person(self) -> Person:
        """As the register has them: the database changes it by a confirmed correction alone."""
        return _person(self)


class PrescriberCorrection(Base):
    """
    How a prescriber is to stand in the register: proposed by one person, decided by another.

    What was proposed is never rewritten, and what was decided stands.
    """

    __tablename__ = "prescriber_corrections"
    __table_args__ = (
        one_of("reason", CorrectionReason),
        one_of("decision", CorrectionDecision),
        CheckConstraint(
            "(decision is null) = (decided_by is null)"
            " and (decision is null) = (decided_at is null)",
            name="decided_whole",
        ),
        CheckConstraint(
            "decision is distinct from 'confirmed' or decided_by <> proposed_by",
            name="second_person",
        ),
        Index(None, "npi", "proposed_at"),
        Index(
            "uq_prescriber_corrections_waiting",
            "npi",
            unique=True,
            postgresql_where=text("decision is null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    npi: Mapped[str] = mapped_column(ForeignKey("prescribers.npi"))
    family: Mapped[str]
    given: Mapped[str]
    practice_state: Mapped[str]
    birth_date: Mapped[date | None]
    was: Mapped[dict[str, Any]]
    """`prescribers.rules.people.Person`, as data: what the register said until then."""
    reason: Mapped[CorrectionReason]
    words: Mapped[str]
    """Which papers show it."""
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime]
    decision: Mapped[CorrectionDecision | None]
    decided_by: Mapped[UUID | None]
    decided_at: Mapped[datetime | None]

    @property
    def person(self) -> Person:
        """As they are to stand."""
        return _person(self)


def _person(row: Prescriber | PrescriberCorrection) -> Person:
    return Person(
        family=row.family,
        given=row.given,
        practice_state=row.practice_state,
        birth_date=row.birth_date,
    )


class PrescriberKey(Base):
    """A public key by which a prescriber signs. Enrolled by one person, approved by another."""

    __tablename__ = "prescriber_keys"
    __table_args__ = (
        CheckConstraint("enrolled_by <> approved_by", name="second_person"),
        CheckConstraint("not_before < not_after", name="window"),
        CheckConstraint("alg in ('Ed25519', 'ES256')", name="alg_known"),
        CheckConstraint("(revoked_at is null) = (revocation is null)", name="revocation_whole"),
        CheckConstraint(
            "(revocation is not distinct from 'compromised') = (compromised_since is not null)",
            name="compromise_dated",
        ),
    )

    kid: Mapped[str] = mapped_column(primary_key=True)
    npi: Mapped[str] = mapped_column(ForeignKey("prescribers.npi"), index=True)
    alg: Mapped[str]
    public_jwk: Mapped[dict[str, Any]]
    thumbprint: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    """`ehr-software`, `ehr-hsm` or `webauthn`."""
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    enrolled_by: Mapped[UUID]
    approved_by: Mapped[UUID]
    proof_of_possession: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    revoked_at: Mapped[datetime | None]
    revocation: Mapped[Revocation | None]
    compromised_since: Mapped[datetime | None]
    revoked_by: Mapped[UUID | None]


class KeyProposal(Base):
    """A key that one person proposed, with the nonce that its owner must sign before another
    person approves it."""

    __tablename__ = "prescriber_key_proposals"
    __table_args__ = (CheckConstraint("not_before < not_after", name="window"),)

    kid: Mapped[str] = mapped_column(primary_key=True)
    npi: Mapped[str] = mapped_column(ForeignKey("prescribers.npi"), index=True)
    alg: Mapped[str]
    public_jwk: Mapped[dict[str, Any]]
    kind: Mapped[str]
    not_before: Mapped[datetime]
    not_after: Mapped[datetime]
    nonce: Mapped[bytes]
    proposed_by: Mapped[UUID]
    proposed_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    approved_at: Mapped[datetime | None]


class RegistryImport(Base):
    """One file of a public registry that was loaded."""

    __tablename__ = "registry_imports"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    """`nppes`, `leie` or, one for each State of a file, `licenses:TX`."""
    file_name: Mapped[str]
    file_sha256: Mapped[bytes]
    file_date: Mapped[date]
    rows_read: Mapped[int]
    rows_kept: Mapped[int]
    rows_added: Mapped[int | None]
    """Not counted for a file of NPPES that the command line loaded: it has millions."""
    rows_changed: Mapped[int | None]
    rows_closed: Mapped[int | None]
    """Gone from the list, or, of NPPES, deactivated since."""
    imported_at: Mapped[datetime]


class RegistryProvider(Base):
    """What NPPES says of an NPI. It proves identity, not licensure."""

    __tablename__ = "registry_providers"

    npi: Mapped[str] = mapped_column(primary_key=True)
    entity_type: Mapped[str]
    family: Mapped[str]
    given: Mapped[str]
    other_family: Mapped[str]
    other_given: Mapped[str]
    credential: Mapped[str]
    practice_state: Mapped[str]
    taxonomies: Mapped[list[Any]]
    """`[{"code", "license", "state", "primary"}]`"""
    deactivated_on: Mapped[date | None]
    reactivated_on: Mapped[date | None]
    import_id: Mapped[UUID] = mapped_column(ForeignKey("registry_imports.id"))


class RegistryExclusion(Base):
    """A row of the OIG's list of excluded individuals and entities."""

    __tablename__ = "registry_exclusions"
    __table_args__ = (
        Index(None, "npi"),
        Index(None, "family_key"),
    )

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    family: Mapped[str]
    given: Mapped[str]
    family_key: Mapped[str]
    """`prescribers.rules.names.key` of the family name."""
    business: Mapped[str]
    npi: Mapped[str | None]
    """None where the file has the placeholder 0000000000."""
    birth_date: Mapped[date | None]
    state: Mapped[str]
    exclusion_type: Mapped[str]
    excluded_on: Mapped[date]
    reinstated_on: Mapped[date | None]
    waiver_on: Mapped[date | None]
    waiver_state: Mapped[str]
    import_id: Mapped[UUID] = mapped_column(ForeignKey("registry_imports.id"))


class RegistryLicense(Base):
    """A row of a State board's extract of licences."""

    __tablename__ = "registry_licenses"
    __table_args__ = (
        Index(None, "npi"),
        Index(None, "state", "family_key"),
    )

    state: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(primary_key=True)
    license_type: Mapped[str]
    npi: Mapped[str | None]
    family: Mapped[str]
    given: Mapped[str]
    family_key: Mapped[str]
    """`prescribers.rules.names.key` of the family name."""
    status_raw: Mapped[str]
    issued_on: Mapped[date | None]
    expires_on: Mapped[date | None]
    disciplined: Mapped[bool]
    import_id: Mapped[UUID] = mapped_column(ForeignKey("registry_imports.id"))


class PrescriberCheck(Base):
    """One question to one source, with its dated answer. Append-only."""

    __tablename__ = "prescriber_checks"
    __table_args__ = (
        one_of("kind", CheckKind),
        one_of("outcome", CheckOutcome),
        Index(None, "npi", "kind", "answered_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    npi: Mapped[str]
    kind: Mapped[CheckKind]
    source: Mapped[str]
    """`import:nppes`, `nppes-api`, `import:licenses:TX`, `import:leie`, …"""
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime]
    outcome: Mapped[CheckOutcome]
    code: Mapped[str]
    """Stable: `identity-verified`, `license-expired`, `exclusion-list-too-old`, …"""
    facts: Mapped[dict[str, Any]]
    answer_sha256: Mapped[bytes]
    valid_until: Mapped[datetime]


class RegistryUpload(Base):
    """A file that an administrator sent, and what became of it. Its bytes go when it ends."""

    __tablename__ = "registry_uploads"
    __table_args__ = (
        one_of("state", UploadState),
        CheckConstraint("kind in ('nppes', 'leie', 'licenses')", name="kind_known"),
        CheckConstraint("(state = 'reading') = (ended_at is null)", name="ends_dated"),
        CheckConstraint("(state = 'refused') = (refusal is not null)", name="refusal_said"),
        CheckConstraint("state <> 'imported' or refused_rows = 0", name="imported_whole"),
        Index(
            "uq_registry_uploads_reading",
            "state",
            unique=True,
            postgresql_where=text("state = 'reading'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str]
    licenses_of: Mapped[str | None]
    """The State of every row, where a file of licences has no such column."""
    columns: Mapped[dict[str, Any]]
    """Our heading to the file's, where they differ."""
    encoding: Mapped[str]
    file_name: Mapped[str]
    file_date: Mapped[date | None]
    """As the administrator gave it."""
    allow_shorter: Mapped[bool]
    size: Mapped[int]
    sha256: Mapped[bytes]
    asked_by: Mapped[UUID | None]
    asked_at: Mapped[datetime] = mapped_column(index=True)
    state: Mapped[UploadState] = mapped_column(server_default=UploadState.READING)
    bytes_read: Mapped[int] = mapped_column(server_default=text("0"))
    lines_read: Mapped[int] = mapped_column(server_default=text("0"))
    rows_read: Mapped[int] = mapped_column(server_default=text("0"))
    headings: Mapped[list[Any] | None]
    newest_on: Mapped[date | None]
    """The newest date among its rows, which it cannot be older than."""
    refused_rows: Mapped[int] = mapped_column(server_default=text("0"))
    refused: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    """The first of them: `[{"line": 7, "why": "…"}]`. Nothing of what stands in them."""
    rows_added: Mapped[int | None]
    rows_changed: Mapped[int | None]
    rows_closed: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    refusal: Mapped[str | None]
    """The code of why it was refused."""
    refusal_words: Mapped[str | None]


class RegistryUploadPart(Base):
    """A mebibyte of an uploaded file."""

    __tablename__ = "registry_upload_parts"

    upload_id: Mapped[UUID] = mapped_column(ForeignKey("registry_uploads.id"), primary_key=True)
    no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    data: Mapped[bytes]


class RegistryUploadRow(Base):
    """A readable row of an uploaded file, until the whole file is taken over at once."""

    __tablename__ = "registry_upload_rows"

    upload_id: Mapped[UUID] = mapped_column(ForeignKey("registry_uploads.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    fields: Mapped[list[str | None]] = mapped_column(ARRAY(Text))
