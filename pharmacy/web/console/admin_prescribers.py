"""Prescribers: their keys, what was found out about them, enrolling and ending keys."""

from datetime import date, datetime, timedelta
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.http.pages import USUAL, Cursor, after, rows_of
from pharmacy.kernel import base64url
from pharmacy.orders import operations as orders
from pharmacy.prescribers import operations, queries
from pharmacy.prescribers.models import PrescriberKey, Revocation
from pharmacy.prescribers.rules.keys import KeyRefused, KeyState, proof_message, proof_of, state_at
from pharmacy.prescribers.rules.people import CorrectionReason
from pharmacy.staff.rules import Permission
from pharmacy.web.console.admin_tabs import tabs_of
from pharmacy.web.console.words import source_words
from pharmacy.web.rendering import words_of
from pharmacy.web.view import Action, Answer, CurrentView

PATH: Final = "/admin/prescribers"
READ: Final = {"permission": Permission.READ_JOBS}
"""Of those with a duty of oversight: physicians may read their own entry only, by the API."""
MANAGE: Final = {"permission": Permission.MANAGE_KEYS}
REVOKE: Final = {"permission": Permission.REVOKE_KEY}
Npi = Annotated[str, Meta(pattern=r"^[0-9]{10}$")]
Name = Annotated[str, Meta(min_length=1, max_length=80)]
KINDS: Final = [("ehr-software", "Software of the EHR"), ("ehr-hsm", "A hardware module")]
REVOCATIONS: Final = [(each.value, words_of(each)) for each in Revocation]
REASONS: Final = {
    CorrectionReason.CHANGED.value: "It changed: the former name is theirs too",
    CorrectionReason.WRITTEN_WRONGLY.value: "It was written wrongly",
}
"""Why a prescriber is corrected."""
LOOKS: Final = {
    KeyState.ACTIVE: ("Active", "good", "✓"),
    KeyState.NOT_YET: ("Not yet", "wait", "…"),
    KeyState.EXPIRED: ("Expired", "plain", "✕"),
    KeyState.REVOKED: ("Revoked", "plain", "✕"),
}


class NpiForm(msgspec.Struct, frozen=True):
    """Whom to look up."""

    npi: Npi


class PrescriberForm(msgspec.Struct, frozen=True):
    """Whom to enrol, once their identity was proven."""

    npi: Npi
    family: Name
    given: Name
    practice_state: Annotated[str, Meta(pattern=r"^[A-Z]{2}$")]
    birth_date: date | None = None


class KeyForm(msgspec.Struct, frozen=True):
    """A key to propose, valid from now on."""

    jwk: Annotated[str, Meta(max_length=1_000)]
    kind: Literal["ehr-software", "ehr-hsm"]
    days: Annotated[int, Meta(ge=1, le=731)]


class ProofForm(msgspec.Struct, frozen=True):
    """The owner's signature over the message."""

    proof: Annotated[str, Meta(max_length=100)]


class RevokeForm(msgspec.Struct, frozen=True):
    """Why a key ends; a compromise says since when, by the pharmacy's clock."""

    revocation: Revocation
    since: Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d$")] | None = None


class PrescriberPages(Controller):
    """Who prescribes, and with which keys."""

    path = PATH

    @get("/", opt=READ, sync_to_thread=True)
    def show(self, view: CurrentView, db: Db, cursor: Cursor = None) -> Answer:
        """List enrolled prescribers by NPI."""
        start = after(cursor, str)
        actions = [Action("f", "Find by NPI", opens="find")]
        if view.may(Permission.MANAGE_KEYS):
            actions.insert(0, Action("n", "Enrol somebody", opens="enrol", kind="primary"))
        with db.transaction() as session:
            rows = queries.enrolled(session, after=start[0] if start else None, limit=USUAL + 1)
            page = rows_of(rows, limit=USUAL, key=lambda row: (row.npi,))
            return view.page(
                "admin/prescribers.html",
                actions=actions,
                tabs=tabs_of(view),
                prescribers=page.items,
                onward=page.next,
            )

    @post("/find", opt=READ, status_code=200, sync_to_thread=True)
    def find(self, form: Form, view: CurrentView, db: Db) -> Answer:
        """Go to the page of an NPI."""
        npi = form.read(NpiForm).npi
        with db.transaction() as session:
            queries.get(session, npi)
        return view.go(f"{PATH}/{npi}")

    @post("/", opt=MANAGE, status_code=200, sync_to_thread=True)
    def enrol(self, form: Form, view: CurrentView, db: Db, actor: CurrentActor) -> Answer:
        """Enrol a prescriber whose identity was proven."""
        given = form.read(PrescriberForm)
        with db.transaction() as session:
            person = msgspec.structs.asdict(given)
            operations.enrol(session, **person, by=actor, now=view.now)
        return view.go(f"{PATH}/{given.npi}", toast="Enrolled: now propose a key")

    @get("/{npi:str}", opt=READ, sync_to_thread=True)
    def prescriber(self, npi: FromPath[str], view: CurrentView, db: Db) -> Answer:
        """Show a prescriber: first what waits, then keys and what was found out."""
        with db.transaction() as session:
            found = queries.get(session, npi)
            actions = []
            if view.may(Permission.MANAGE_KEYS):
                actions = [
                    Action("n", "Propose a key", opens="propose", kind="primary"),
                    Action("e", "Correct who this is", opens="correct"),
                ]
            checks = queries.newest_checks(session, npi)
            return view.page(
                "admin/prescriber.html",
                actions=actions,
                tabs=tabs_of(view),
                found=found,
                keys=_keys(session, npi, view.now),
                proposals=[
                    (each, base64url.encode(proof_message(each.nonce)))
                    for each in queries.proposals(session, npi, now=view.now)
                ],
                corrections=queries.corrections(session, npi),
                reasons=REASONS,
                checks=checks,
                sources={each.source: source_words(each.source) for each in checks},
                kinds=KINDS,
                revocations=REVOCATIONS,
                may_approve=view.may(Permission.MANAGE_KEYS),
                may_revoke=view.may(Permission.REVOKE_KEY),
            )

    @post("/{npi:str}/keys", opt=MANAGE, status_code=200, sync_to_thread=True)
    def propose(
        self, npi: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Propose a key. It counts once its owner signed the message and another approves."""
        given = form.read(KeyForm)
        with db.transaction() as session:
            operations.propose_key(
                session,
                npi=npi,
                jwk=_jwk(given.jwk),
                kind=given.kind,
                not_before=view.now,
                not_after=view.now + timedelta(days=given.days),
                by=actor,
                now=view.now,
            )
        return view.go(f"{PATH}/{npi}", toast="Proposed: its owner signs, somebody else approves")

    @post("/{npi:str}/keys/{kid:str}/approval", opt=MANAGE, status_code=200, sync_to_thread=True)
    def approve(
        self,
        *,
        npi: FromPath[str],
        kid: FromPath[str],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Take a proposed key into the register: by another person, with the owner's proof."""
        proof = proof_of(form.read(ProofForm).proof)
        with db.transaction() as session:
            operations.approve_key(session, kid, proof=proof, by=actor, now=view.now)
        return view.go(f"{PATH}/{npi}", toast="The key counts from now on")

    @post("/{npi:str}/keys/{kid:str}/revocation", opt=REVOKE, status_code=200, sync_to_thread=True)
    def revoke(
        self,
        *,
        npi: FromPath[str],
        kid: FromPath[str],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """End a key; a compromise holds what it signed since."""
        given = form.read(RevokeForm)
        with db.transaction() as session:
            _, held = orders.end_key(
                session,
                kid,
                revocation=given.revocation,
                compromised_since=view.instant(given.since, field="since") if given.since else None,
                by=actor,
                now=view.now,
            )
        told = f"Ended: {held} orders are on hold because of it" if held else "Ended"
        return view.go(f"{PATH}/{npi}", toast=told)


def _keys(
    session: Session, npi: str, now: datetime
) -> list[tuple[PrescriberKey, KeyState, tuple[str, str, str]]]:
    found = []
    for key in queries.keys(session, npi):
        window = {"not_before": key.not_before, "not_after": key.not_after}
        state = state_at(now, revoked_at=key.revoked_at, **window)
        found.append((key, state, LOOKS[state]))
    return found[::-1]


def _jwk(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise KeyRefused("this is no JWK", field="jwk") from error
