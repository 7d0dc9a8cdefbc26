"""Correcting who a prescriber is: one person proposes it on papers, another confirms it."""

from datetime import date, datetime
from typing import Annotated, Self

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta

from pharmacy.api.prescribers import Name, State
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.kernel import ids
from pharmacy.orders.operations.prescriber_corrections import confirm_correction
from pharmacy.prescribers import operations, queries
from pharmacy.prescribers.models import PrescriberCorrection
from pharmacy.prescribers.rules.people import CorrectionDecision, CorrectionReason, Person
from pharmacy.staff.rules import Permission


class CorrectionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a prescriber is to stand in the register: whole, not only what is other."""

    family: Name
    given: Name
    practice_state: State
    reason: CorrectionReason
    """A name that changed goes on speaking of them; one that was written wrongly never did."""
    words: Annotated[str, Meta(min_length=1, max_length=500, examples=["Marriage certificate."])]
    """Which papers show it."""
    birth_date: date | None = None


class PersonView(msgspec.Struct, frozen=True):
    """A prescriber's name, State and birth date."""

    family: str
    given: str
    practice_state: str
    birth_date: date | None

    @classmethod
    def of(cls, person: Person) -> Self:
        return msgspec.convert(person, cls, from_attributes=True)


class CorrectionView(msgspec.Struct, frozen=True):
    """A correction, and what became of it."""

    id: str
    npi: str
    was: PersonView
    to_be: PersonView
    reason: CorrectionReason
    words: str
    proposed_at: datetime
    decision: CorrectionDecision | None
    decided_at: datetime | None

    @classmethod
    def of(cls, row: PrescriberCorrection) -> Self:
        return cls(
            id=ids.encode("pco", row.id),
            npi=row.npi,
            was=PersonView.of(Person.of_data(row.was)),
            to_be=PersonView.of(row.person),
            reason=row.reason,
            words=row.words,
            proposed_at=row.proposed_at,
            decision=row.decision,
            decided_at=row.decided_at,
        )


class ConfirmedView(msgspec.Struct, frozen=True):
    """A correction that counts, and how many open orders are checked again because of it."""

    correction: CorrectionView
    orders_checked_again: int


class CorrectionsController(Controller):
    """Corrections of one prescriber."""

    path = "/api/v1/prescribers/{npi:str}/corrections"
    tags = ["Prescribers"]

    @get("/", opt={"permission": Permission.MANAGE_KEYS}, sync_to_thread=True)
    def read(self, npi: FromPath[str], db: Db) -> list[CorrectionView]:
        """List what was corrected, or proposed to be, newest first: with what was there before."""
        with db.transaction() as session:
            queries.get(session, npi)
            return [CorrectionView.of(row) for row in queries.corrections(session, npi)]

    @post("/", opt={"permission": Permission.MANAGE_KEYS}, sync_to_thread=True)
    def propose(
        self,
        npi: FromPath[str],
        data: JSONBody[CorrectionBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> CorrectionView:
        """Propose a correction. It counts once another person confirms it."""
        with db.transaction() as session:
            row = operations.propose_correction(
                session, npi, **msgspec.structs.asdict(data), by=actor, now=now
            )
            return CorrectionView.of(row)


class CorrectionController(Controller):
    """One correction, by its identifier."""

    path = "/api/v1/prescriber-corrections/{correction_id:str}"
    tags = ["Prescribers"]

    @post(
        "/confirmation",
        opt={"permission": Permission.MANAGE_KEYS},
        status_code=200,
        sync_to_thread=True,
    )
    def confirm(
        self, correction_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> ConfirmedView:
        """Confirm it, as another person than proposed it. Open orders are checked again."""
        wanted = ids.decode("pco", correction_id)
        with db.transaction() as session:
            row, orders = confirm_correction(session, wanted, by=actor, now=now)
            return ConfirmedView(correction=CorrectionView.of(row), orders_checked_again=orders)

    @post(
        "/rejection",
        opt={"permission": Permission.MANAGE_KEYS},
        status_code=200,
        sync_to_thread=True,
    )
    def reject(
        self, correction_id: FromPath[str], db: Db, actor: CurrentActor, now: Now
    ) -> CorrectionView:
        """Let it go; whoever proposed it may take it back so."""
        wanted = ids.decode("pco", correction_id)
        with db.transaction() as session:
            row = operations.reject_correction(session, wanted, by=actor, now=now)
            return CorrectionView.of(row)
