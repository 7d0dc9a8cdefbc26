"""Tables of the pharmacy itself."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Identity, func, text
from sqlalchemy.orm import Mapped, mapped_column

from pharmacy.infra.db import Base, one_of
from pharmacy.practice.rules import LicenseScope, local_date


class Site(Base):
    """The pharmacy that runs this system: one row."""

    __tablename__ = "site"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True, server_default=text("1"), autoincrement=False)
    name: Mapped[str]
    npi: Mapped[str]
    address_line: Mapped[str]
    city: Mapped[str]
    state: Mapped[str]
    postal_code: Mapped[str]
    phone: Mapped[str]
    phone_hours: Mapped[str]
    time_zone: Mapped[str]

    def today(self, now: datetime) -> date:
        """Return the pharmacy's date at `now`."""
        return local_date(now, self.time_zone)


class StateLicense(Base):
    """A State into which this pharmacy may dispense, and until when."""

    __tablename__ = "site_state_licenses"
    __table_args__ = (one_of("scope", LicenseScope),)

    state: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[str]
    expires_on: Mapped[date]
    scope: Mapped[LicenseScope] = mapped_column(server_default=LicenseScope.SHIP)


class PartialRule(Base):
    """Whether a State lets a pharmacy hand over a part of a fill and the rest later."""

    __tablename__ = "partial_rules"
    __table_args__ = (CheckConstraint("length(source) > 0", name="source_named"),)

    state: Mapped[str] = mapped_column(primary_key=True)
    is_allowed: Mapped[bool]
    source: Mapped[str]
    """The statute, the rule or the letter that says so."""
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime]


class PolicyChange(Base):
    """One value of one policy, from one moment on. The newest row of a name is in force."""

    __tablename__ = "policy_changes"

    id: Mapped[int] = mapped_column(Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(index=True)
    value: Mapped[dict[str, Any]]
    """`{"value": …}`; decimals as text."""
    reason: Mapped[str]
    changed_by: Mapped[UUID | None]
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now())
