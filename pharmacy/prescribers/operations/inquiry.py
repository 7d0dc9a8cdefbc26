"""One run of questions about one prescriber: what was asked, kept and held."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from pharmacy.practice.rules import Policy
from pharmacy.prescribers import queries
from pharmacy.prescribers.models import (
    CheckKind,
    CheckOutcome,
    PrescriberCheck,
    RegistryImport,
)
from pharmacy.prescribers.rules.answers import Answer, HoldReason, Meaning, hold_of


@dataclass
class Inquiry:
    """One run of questions about one prescriber."""

    session: Session
    npi: str
    now: datetime
    zone: ZoneInfo
    policy: Policy
    checks: list[PrescriberCheck] = field(default_factory=list)
    holds: dict[str, HoldReason] = field(default_factory=dict)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def known(self, kind: CheckKind, source: str, asked: Mapping[str, Any]) -> bool:
        """Take over an earlier answer to the very same question, where it is fresh enough."""
        earlier = queries.latest_check(self.session, self.npi, kind, source=source)
        if earlier is None or not self.is_fresh(earlier, asked):
            return False
        self.take_over(earlier)
        return True

    def is_fresh(self, earlier: PrescriberCheck, asked: Mapping[str, Any]) -> bool:
        """Say whether an earlier answer verified the very same question, and counts today."""
        oldest = self.now - timedelta(hours=self.policy.recheck_at_release_hours)
        return (
            earlier.outcome is CheckOutcome.VERIFIED
            and earlier.valid_until > self.now
            and earlier.answered_at > oldest
            and earlier.facts["asked"] == asked
        )

    def take_over(self, earlier: PrescriberCheck) -> None:
        """Let an earlier answer stand as evidence of this run too."""
        self.checks.append(earlier)

    def keep(
        self,
        kind: CheckKind,
        source: str,
        answer: Answer,
        *,
        asked: Mapping[str, Any],
        valid_until: datetime | None = None,
        sha256: bytes | None = None,
        holds: bool = True,
    ) -> None:
        """Write one answer down; what is not verified holds the order."""
        facts = {"asked": dict(asked), "answer": dict(answer.facts)}
        verified = answer.meaning is Meaning.VERIFIED
        row = PrescriberCheck(
            npi=self.npi,
            kind=kind,
            source=source,
            asked_at=self.now,
            answered_at=self.now,
            outcome=CheckOutcome(answer.meaning),
            code=answer.code,
            facts=facts,
            answer_sha256=sha256 or digest(answer),
            valid_until=valid_until if verified and valid_until else self.now,
        )
        self.session.add(row)
        self.checks.append(row)
        if holds and not verified:
            self.hold(answer)

    def hold(self, answer: Answer) -> None:
        self.holds.setdefault(answer.code, hold_of(answer))

    def in_days(self, days: int) -> datetime:
        return self.now + timedelta(days=days)

    def end_of(self, day: date) -> datetime:
        """Return the midnight that ends a day in the pharmacy's zone."""
        return datetime.combine(day + timedelta(days=1), time(), tzinfo=self.zone)

    def end_of_file(self, file: RegistryImport, max_age_days: int) -> datetime:
        return self.end_of(file.file_date + timedelta(days=max_age_days))

    def is_too_old(self, file: RegistryImport, max_age_days: int) -> bool:
        return self.today > file.file_date + timedelta(days=max_age_days)


def digest(answer: Answer) -> bytes:
    """Return the hash of what a source said, for sources that are our own tables."""
    said = json.dumps({"code": answer.code, **answer.facts}, sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).digest()


def asked_of(file: RegistryImport | None, **question: Any) -> dict[str, Any]:
    """Return a question as it is kept: a newer file makes it another question."""
    return {"import": str(file.id) if file else None, **question}
