"""A second person's word at somebody else's session: their PIN, checked against their account."""

import unicodedata
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pharmacy.infra import audit, credentials
from pharmacy.staff import queries
from pharmacy.staff.models import Account, VouchFailure
from pharmacy.staff.operations.signing_in import SignInRefused
from pharmacy.staff.rules import MOST_VOUCHES, Actor, pause_after


class VouchRefused(SignInRefused):
    """Not the PIN of the colleague who is named, or they have none (401)."""

    code = "second-pin-refused"
    remedy = "Your colleague types their own PIN; under Account they choose one."


def vouch(session: Session, account_id: UUID, *, pin: str, by: Actor, now: datetime) -> bool:
    """
    Say whether a colleague stands by with their PIN, at the session of whoever acts.

    A failure is counted against whoever acts, with this colleague and in all, so the caller must
    let the transaction commit: who guesses waits, and the colleague works on. After several even
    the right PIN is refused there for a while, until it is the hundredth, which holds until the
    colleague chooses another PIN.
    """
    counted, account = _counted(session, by, account_id)
    waits = _waits(session, counted, now)
    fits = (
        not waits
        and account.disabled_at is None
        and account.pin_hash is not None
        and credentials.password_fits(account.pin_hash, unicodedata.normalize("NFKC", pin))
    )
    if fits:
        counted.failures, counted.locked_until = 0, None
    elif not waits:
        counted.failures += 1
        counted.locked_until = now + pause_after(counted.failures)
    audit.record(
        session,
        "account.vouched" if fits else "account.vouch-failed",
        by=by,
        at=now,
        subject_kind="account",
        subject_id=account.id,
        detail={} if fits else {"failures": counted.failures},
    )
    return fits


def _counted(session: Session, by: Actor, account_id: UUID) -> tuple[VouchFailure, Account]:
    """Return what is counted of an actor with a colleague; one at a time may try for either."""
    assert by.id is not None, "only people hold sessions"
    locked = {each: queries.lock(session, each) for each in sorted({by.id, account_id})}
    key = (by.id, account_id)
    session.execute(
        insert(VouchFailure).values(actor_id=by.id, account_id=account_id).on_conflict_do_nothing()
    )
    return session.get_one(VouchFailure, key, populate_existing=True), locked[account_id]


def _waits(session: Session, counted: VouchFailure, now: datetime) -> bool:
    """Say whether an actor waits: for this colleague, or for all, having guessed at several."""
    mine = select(func.sum(VouchFailure.failures), func.max(VouchFailure.locked_until)).where(
        VouchFailure.actor_id == counted.actor_id
    )
    failures, longest = session.execute(mine).one()
    until = longest if failures >= MOST_VOUCHES else counted.locked_until
    return until is not None and until > now
