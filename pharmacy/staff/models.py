"""Tables of people and of machines that may come in."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.kernel.ids import new_id
from pharmacy.staff.rules import ProofMethod, Role, pause_after


class Account(Base):
    """A person who signs in."""

    __tablename__ = "accounts"
    __table_args__ = (Index("uq_accounts_username", text("lower(username)"), unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    username: Mapped[str]
    display_name: Mapped[str]
    initials: Mapped[str]
    password_hash: Mapped[str | None]
    pin_hash: Mapped[str | None]
    """Of the short PIN that unlocks a browser's session. It opens none."""
    npi: Mapped[str | None]
    """A physician's own, by which they see what is theirs."""
    failed_sign_ins: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    def count_failure(self, now: datetime) -> None:
        """Count a wrong password or PIN; each has the account wait longer for the next try."""
        self.failed_sign_ins += 1
        self.locked_until = now + pause_after(self.failed_sign_ins)


class FamiliarAddress(Base):
    """
    An address from which somebody signed in. There, only what fails there has them wait: nobody
    elsewhere can lock them out.
    """

    __tablename__ = "familiar_addresses"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    address: Mapped[str] = mapped_column(primary_key=True)
    signed_in_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None]

    def count_failure(self, now: datetime) -> None:
        """Count a wrong password; each has the person wait longer for the next try from here."""
        self.failures += 1
        self.locked_until = now + pause_after(self.failures)


class StrangeAddress(Base):
    """An address from which sign-ins failed, for whichever accounts."""

    __tablename__ = "strange_addresses"

    address: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    since: Mapped[datetime]
    """When the first of these failed."""
    bars: Mapped[int] = mapped_column(server_default=text("0"))
    barred_until: Mapped[datetime | None]
    last_at: Mapped[datetime] = mapped_column(index=True)


class VouchFailure(Base):
    """How often somebody's session was given a wrong PIN of a certain colleague, in a row."""

    __tablename__ = "vouch_failures"

    actor_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(
        ForeignKey("accounts.id"), primary_key=True, index=True
    )
    failures: Mapped[int] = mapped_column(server_default=text("0"))
    locked_until: Mapped[datetime | None]


class AccountRole(Base):
    """A role that an account holds."""

    __tablename__ = "account_roles"
    __table_args__ = (one_of("role", Role),)

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(primary_key=True)
    granted_by: Mapped[UUID | None]
    granted_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SignInSession(Base):
    """A signed-in browser or program. Only the hash of its token is kept."""

    __tablename__ = "sign_in_sessions"
    __table_args__ = (one_of("proven_with", ProofMethod),)

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"), index=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    browser: Mapped[bool] = mapped_column(server_default=text("false"))
    """Held by a cookie: serves the console alone, and locks where a program's session ends."""
    locked_at: Mapped[datetime | None]
    wrong_pins: Mapped[int] = mapped_column(server_default=text("0"))
    """Wrong PINs and passwords in a row since it was last unlocked."""
    proven_at: Mapped[datetime | None]
    """When its holder last proved who they are, for what is not done on a session alone."""
    proven_with: Mapped[ProofMethod | None]


class Approval(Base):
    """
    Somebody's signature under a decision: who, when, what it means, and what they saw. Append-only.

    `record_sha256` is the hash of exactly what was approved, so that the signature and the record
    cannot be told apart later (21 CFR 11.50 and 11.70).
    """

    __tablename__ = "approvals"
    __table_args__ = (
        one_of("method", ProofMethod),
        CheckConstraint("octet_length(record_sha256) = 32", name="hash_whole"),
        CheckConstraint(
            "at between proven_at and proven_at + interval '5 minutes'", name="proof_fresh"
        ),
        Index(None, "subject_id", "at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id"))
    name: Mapped[str]
    """As the account was called at that moment."""
    meaning: Mapped[str]
    """What signing says, in a few words: `released`."""
    subject_kind: Mapped[str]
    subject_id: Mapped[UUID]
    record_sha256: Mapped[bytes]
    proven_at: Mapped[datetime]
    method: Mapped[ProofMethod]
    """How they proved who they are."""
    at: Mapped[datetime]


class SetupToken(Base):
    """A one-time token with which somebody chooses a password that nobody else ever knew."""

    __tablename__ = "setup_tokens"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id"), index=True)
    """Whose password it sets. None: it makes the first administrator."""
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class EhrClient(Base):
    """A clinic's system that submits for the prescribers it is enrolled for."""

    __tablename__ = "ehr_clients"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(unique=True)
    disabled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class EhrClientKey(Base):
    """An API key of a client: its public half, and a keyed hash of the secret half."""

    __tablename__ = "ehr_client_keys"

    key_id: Mapped[str] = mapped_column(primary_key=True)
    client_id: Mapped[UUID] = mapped_column(ForeignKey("ehr_clients.id"), index=True)
    secret_hmac: Mapped[bytes]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class EhrEnrolment(Base):
    """A prescriber for whom a client may submit."""

    __tablename__ = "ehr_enrolments"

    client_id: Mapped[UUID] = mapped_column(ForeignKey("ehr_clients.id"), primary_key=True)
    npi: Mapped[str] = mapped_column(primary_key=True)
    enrolled_at: Mapped[datetime] = mapped_column(server_default=func.now())
