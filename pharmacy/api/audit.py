"""The audit trail: who did or read what, and whether the chain is whole."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from litestar import Controller, get
from litestar.params import FromPath, QueryParameter

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.identifiers import private, public
from pharmacy.http.looking import looking_at
from pharmacy.http.pages import USUAL, Cursor, Limit, Page, after, page_of
from pharmacy.infra import audit
from pharmacy.infra.audit import AuditEntry, Looker, Verification
from pharmacy.kernel import ids
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Permission


class EntryView(msgspec.Struct, frozen=True):
    """One act."""

    id: int
    at: datetime
    action: str
    by_kind: str
    by: str | None
    subject_kind: str
    subject: str | None
    patient: str | None
    detail: dict[str, Any]
    seal: int | None
    """The seal that covers it; none for some seconds."""

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        return cls(
            id=entry.id,
            at=entry.at,
            action=entry.action,
            by_kind=entry.by_kind,
            by=public(entry.by_kind, entry.by_id),
            subject_kind=entry.subject_kind,
            subject=public(entry.subject_kind, entry.subject_id),
            patient=public("patient", entry.patient_id),
            detail=entry.detail,
            seal=entry.seal_seq,
        )


class LookerView(msgspec.Struct, frozen=True):
    """Somebody who looked at a patient."""

    by_kind: str
    by: str | None
    name: str | None
    """Of a member of staff."""
    times: int
    first_at: datetime
    last_at: datetime

    @classmethod
    def of(cls, looker: Looker, names: dict[UUID, str]) -> Self:
        return cls(
            by_kind=looker.by_kind,
            by=public(looker.by_kind, looker.by_id),
            name=names.get(looker.by_id) if looker.by_id else None,
            times=looker.times,
            first_at=looker.first_at,
            last_at=looker.last_at,
        )


class LooksView(msgspec.Struct, frozen=True):
    """Who looked at a patient, and each time that they did."""

    people: list[LookerView]
    looks: Page[EntryView]
    """The newest first: what was opened, and lists in which an order of theirs stood."""


class VerificationView(msgspec.Struct, frozen=True):
    """What a walk along the whole chain found."""

    is_whole: bool
    seals: int
    entries: int
    unsealed: int
    head: str | None
    """Write it down elsewhere: it shows later that nothing was cut off."""
    broken_seal: int | None
    why: str | None

    @classmethod
    def of(cls, found: Verification) -> Self:
        broken = found.broken
        return cls(
            is_whole=found.is_whole,
            seals=found.seals,
            entries=found.entries,
            unsealed=found.unsealed,
            head=str(found.head) if found.head else None,
            broken_seal=broken.seq if broken else None,
            why=broken.why if broken else None,
        )


Patient = Annotated[
    str | None, QueryParameter(required=False, description="What concerns this patient: `pat_…`.")
]
Subject = Annotated[
    str | None, QueryParameter(required=False, description="What was done to this: `ord_…`, ….")
]
By = Annotated[
    str | None, QueryParameter(required=False, description="What they did: `acc_…` or `ehr_…`.")
]
Action = Annotated[
    str | None, QueryParameter(required=False, description="This action only: `order.read`.")
]
Since = Annotated[
    datetime | None, QueryParameter(required=False, description="From this instant on.")
]
Until = Annotated[
    datetime | None, QueryParameter(required=False, description="Before this instant.")
]


class AuditController(Controller):
    """Read by auditors; reading it is itself recorded."""

    path = "/api/v1/audit"
    tags = ["Audit"]
    opt = {"permission": Permission.READ_AUDIT}

    @get("/", sync_to_thread=True)
    def listing(
        self,
        *,
        db: Db,
        actor: CurrentActor,
        now: Now,
        patient: Patient = None,
        subject: Subject = None,
        by: By = None,
        action: Action = None,
        since: Since = None,
        until: Until = None,
        cursor: Cursor = None,
        limit: Limit = USUAL,
    ) -> Page[EntryView]:
        """List the entries that fit every condition, the newest first: who looked at a patient?"""
        start = after(cursor, int)
        patient_id = private(patient)
        with db.transaction() as session:
            found = audit.entries(
                session,
                patient_id=patient_id,
                subject_id=private(subject),
                by_id=private(by),
                action=action,
                since=since,
                until=until,
                before=start[0] if start else None,
                limit=limit + 1,
            )
            shown = page_of(found, limit=limit, view=EntryView.of, key=lambda entry: (entry.id,))
            audit.record(
                session,
                "audit.read",
                by=actor,
                at=now,
                subject_kind="audit",
                subject_id=None,
                patient_id=patient_id,
            )
            return shown

    @get("/patients/{patient_id:str}/looks", sync_to_thread=True)
    def who_looked(
        self,
        *,
        patient_id: FromPath[str],
        db: Db,
        actor: CurrentActor,
        now: Now,
        since: Since = None,
        until: Until = None,
        cursor: Cursor = None,
        limit: Limit = USUAL,
    ) -> LooksView:
        """Return who looked at a patient, when, and at what. Asking is a look of its own."""
        start, patient = after(cursor, int), ids.decode("pat", patient_id)
        with db.transaction() as session:
            of_whom = looking_at(session, patient, since=since, until=until)
            people = audit.lookers(session, **of_whom._asdict())
            found = audit.looks(
                session, **of_whom._asdict(), before=start[0] if start else None, limit=limit + 1
            )
            names = staff.names(session, {each.by_id for each in people if each.by_id})
            audit.record(
                session,
                "audit.read",
                by=actor,
                at=now,
                subject_kind="patient",
                subject_id=patient,
                patient_id=patient,
            )
            return LooksView(
                people=[LookerView.of(each, names) for each in people],
                looks=page_of(found, limit=limit, view=EntryView.of, key=lambda entry: (entry.id,)),
            )

    @get("/verification", sync_to_thread=True)
    def verification(self, db: Db) -> VerificationView:
        """Check the whole chain, from the first seal to the newest."""
        with db.transaction() as session:
            return VerificationView.of(audit.verify(session))
