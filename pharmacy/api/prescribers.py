"""Prescribers: what was found out about them, and their keys."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.pages import USUAL, Cursor, Limit, Page, after, page_of
from pharmacy.kernel import base64url
from pharmacy.orders import operations as orders
from pharmacy.prescribers import operations, queries
from pharmacy.prescribers.models import (
    KeyProposal,
    Prescriber,
    PrescriberCheck,
    PrescriberKey,
    Revocation,
)
from pharmacy.prescribers.queries import PrescriberNotFound
from pharmacy.prescribers.rules.keys import proof_message, proof_of, state_at
from pharmacy.staff.rules import Actor, Permission

Npi = Annotated[str, Meta(pattern=r"^[0-9]{10}$", examples=["1234567893"])]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
State = Annotated[str, Meta(pattern=r"^[A-Z]{2}$", examples=["TX"])]


class EnrolBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom to enrol, once their identity was proven."""

    npi: Npi
    family: Name
    given: Name
    practice_state: State
    birth_date: date | None = None


class JwkBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public half of an Ed25519 or P-256 key (RFC 7517)."""

    kty: Literal["OKP", "EC"]
    crv: Literal["Ed25519", "P-256"]
    x: Annotated[str, Meta(max_length=50, examples=["2XCHWp4SHRQSw6Vs6hVt9h0KqIwQKYfQW6VdGmPFkOA"])]
    y: Annotated[str, Meta(max_length=50)] | None = None
    use: Literal["sig"] | None = None
    alg: Literal["Ed25519", "EdDSA", "ES256"] | None = None


class KeyBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A key to propose, and when it is to be valid: at most 24 months."""

    jwk: JwkBody
    kind: Literal["ehr-software", "ehr-hsm"]
    not_before: datetime
    not_after: datetime


class ProofBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signature over `message`, made with the proposed key, in base64url."""

    proof: Annotated[str, Meta(min_length=80, max_length=90, examples=["A" * 86])]


class RevocationBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a key ends. Only a compromise says since when, and reaches back to then."""

    revocation: Revocation
    compromised_since: datetime | None = None


class KeyView(msgspec.Struct, frozen=True):
    """A public key of a prescriber."""

    kid: str
    alg: str
    kind: str
    state: str
    thumbprint: str
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None
    revocation: str | None
    compromised_since: datetime | None

    @classmethod
    def of(cls, key: PrescriberKey, now: datetime) -> Self:
        window = {"not_before": key.not_before, "not_after": key.not_after}
        return cls(
            kid=key.kid,
            alg=key.alg,
            kind=key.kind,
            state=state_at(now, revoked_at=key.revoked_at, **window).value,
            thumbprint=key.thumbprint,
            not_before=key.not_before,
            not_after=key.not_after,
            revoked_at=key.revoked_at,
            revocation=key.revocation.value if key.revocation else None,
            compromised_since=key.compromised_since,
        )


class RevokedView(msgspec.Struct, frozen=True):
    """A key that ended, and how many orders are on hold because of it."""

    key: KeyView
    orders_held: int


class ProposalView(msgspec.Struct, frozen=True):
    """A proposed key. Its owner signs `message`; another person than the proposer approves."""

    kid: str
    npi: str
    message: str
    """What to sign, in base64url: a prefix and a nonce."""
    expires_at: datetime

    @classmethod
    def of(cls, proposal: KeyProposal) -> Self:
        return cls(
            kid=proposal.kid,
            npi=proposal.npi,
            message=base64url.encode(proof_message(proposal.nonce)),
            expires_at=proposal.expires_at,
        )


class PrescriberView(msgspec.Struct, frozen=True):
    """An enrolled prescriber."""

    npi: str
    family: str
    given: str
    practice_state: str
    keys: list[KeyView]

    @classmethod
    def of(cls, prescriber: Prescriber, keys: list[PrescriberKey], now: datetime) -> Self:
        return cls(
            npi=prescriber.npi,
            family=prescriber.family,
            given=prescriber.given,
            practice_state=prescriber.practice_state,
            keys=[KeyView.of(key, now) for key in keys],
        )


class CheckView(msgspec.Struct, frozen=True):
    """One dated answer of one source."""

    kind: str
    source: str
    answered_at: datetime
    outcome: str
    code: str
    facts: dict[str, Any]
    answer_sha256: str
    valid_until: datetime

    @classmethod
    def of(cls, row: PrescriberCheck) -> Self:
        return cls(
            kind=row.kind.value,
            source=row.source,
            answered_at=row.answered_at,
            outcome=row.outcome.value,
            code=row.code,
            facts=row.facts,
            answer_sha256=row.answer_sha256.hex(),
            valid_until=row.valid_until,
        )


class PrescriberController(Controller):
    """Who prescribes, and with which keys."""

    path = "/api/v1/prescribers"
    tags = ["Prescribers"]

    @post("/", opt={"permission": Permission.MANAGE_KEYS}, sync_to_thread=True)
    def enrol(
        self, data: JSONBody[EnrolBody], db: Db, actor: CurrentActor, now: Now
    ) -> PrescriberView:
        """Enrol a prescriber whose identity was proven."""
        person = msgspec.structs.asdict(data)
        with db.transaction() as session:
            prescriber = operations.enrol(session, **person, by=actor, now=now)
            return PrescriberView.of(prescriber, queries.keys(session, prescriber.npi), now)

    @get("/{npi:str}", opt={"permission": Permission.READ_PRESCRIBER}, sync_to_thread=True)
    def read(self, npi: FromPath[str], db: Db, actor: CurrentActor, now: Now) -> PrescriberView:
        """Return a prescriber with their keys."""
        with db.transaction() as session:
            prescriber = _seen(session, npi, actor)
            return PrescriberView.of(prescriber, queries.keys(session, npi), now)

    @get("/{npi:str}/checks", opt={"permission": Permission.READ_PRESCRIBER}, sync_to_thread=True)
    def checks(
        self,
        npi: FromPath[str],
        db: Db,
        actor: CurrentActor,
        cursor: Cursor = None,
        limit: Limit = USUAL,
    ) -> Page[CheckView]:
        """List what was found out about a prescriber, newest first."""
        before = after(cursor, datetime, UUID)
        with db.transaction() as session:
            _seen(session, npi, actor)
            start = (before[0], before[1]) if before else None
            found = queries.checks(session, npi, limit=limit + 1, before=start)
            return page_of(
                found, limit=limit, view=CheckView.of, key=lambda row: (row.answered_at, row.id)
            )

    @post("/{npi:str}/keys", opt={"permission": Permission.MANAGE_KEYS}, sync_to_thread=True)
    def propose_key(
        self,
        npi: FromPath[str],
        data: JSONBody[KeyBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> ProposalView:
        """Propose a key. It counts once its owner has signed the message and another approves."""
        jwk = {name: value for name, value in msgspec.structs.asdict(data.jwk).items() if value}
        with db.transaction() as session:
            proposal = operations.propose_key(
                session,
                npi=npi,
                jwk=jwk,
                kind=data.kind,
                not_before=data.not_before,
                not_after=data.not_after,
                by=actor,
                now=now,
            )
            return ProposalView.of(proposal)


class PrescriberKeyController(Controller):
    """Keys, by their identifier."""

    path = "/api/v1/prescriber-keys"
    tags = ["Prescribers"]

    @post("/{kid:str}/approval", opt={"permission": Permission.MANAGE_KEYS}, sync_to_thread=True)
    def approve(
        self,
        kid: FromPath[str],
        data: JSONBody[ProofBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> KeyView:
        """Take a proposed key into the register: by another person, with the owner's proof."""
        proof = proof_of(data.proof)
        with db.transaction() as session:
            key = operations.approve_key(session, kid, proof=proof, by=actor, now=now)
            return KeyView.of(key, now)

    @post(
        "/{kid:str}/revocation",
        opt={"permission": Permission.REVOKE_KEY},
        status_code=200,
        sync_to_thread=True,
    )
    def revoke(
        self,
        kid: FromPath[str],
        data: JSONBody[RevocationBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> RevokedView:
        """End a key. A compromise holds every order that it signed since and that is still here."""
        with db.transaction() as session:
            key, held = orders.end_key(
                session,
                kid,
                revocation=data.revocation,
                compromised_since=data.compromised_since,
                by=actor,
                now=now,
            )
            return RevokedView(key=KeyView.of(key, now), orders_held=held)


def _seen(session: Session, npi: str, actor: Actor) -> Prescriber:
    if not actor.may_see(npi):
        raise PrescriberNotFound("no prescriber is enrolled under this NPI")
    return queries.get(session, npi)
