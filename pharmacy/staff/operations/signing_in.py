"""Signing in and out."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Final

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from pharmacy.infra import audit, credentials
from pharmacy.kernel.refusals import Refusal, Unavailable
from pharmacy.staff.models import Account, FamiliarAddress, SignInSession
from pharmacy.staff.operations import arrivals
from pharmacy.staff.operations.arrivals import HERE
from pharmacy.staff.rules import ANONYMOUS, Actor, ProofMethod

LASTS: Final = timedelta(hours=12)
"""A session ends after this, used or not."""
AT_ONCE: Final = 2
"""Passwords that are checked at the same time: each takes 64 MiB and a core for a while."""
WAITS_SECONDS: Final = 3
PLACES: Final = BoundedSemaphore(AT_ONCE)
SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly the last use of a session is remembered: not every request writes."""


class SignInRefused(Refusal):
    """The username and the password do not open a session (401)."""

    code = "sign-in-refused"
    remedy = (
        "Check both. After several failures an account refuses even the right password for up to "
        "15 minutes. An administrator can let you choose a new one."
    )


class TooManySignIns(Unavailable):
    """More people sign in at this moment than passwords can be checked."""

    code = "too-many-sign-ins"


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session. The token is shown once; its hash is kept."""

    token: str
    account: Account
    expires_at: datetime


@contextmanager
def a_place() -> Iterator[None]:
    """Wait for a place in the queue of passwords to check, before a transaction is opened."""
    if not PLACES.acquire(timeout=WAITS_SECONDS):
        raise TooManySignIns("too many people sign in at this moment")
    try:
        yield
    finally:
        PLACES.release()


def sign_in(
    session: Session,
    *,
    username: str,
    password: str,
    now: datetime,
    browser: bool = False,
    address: str = HERE,
) -> Opened | None:
    """
    Open a session, or return None, which says neither what was wrong nor who exists.

    A failure is counted and recorded, so the caller must let the transaction commit. The row is
    locked while the password is checked: nobody tries two at a time.

    Args:
        address: Where it comes from. Failures count there and at the account; where the person
            has signed in before, they count there alone, and locks by others do not hold.

    Raises:
        AddressBarred: Too many failed from there, and the person never signed in from there.
    """
    account = session.scalars(
        select(Account).where(func.lower(Account.username) == username.lower()).with_for_update()
    ).one_or_none()
    known = arrivals.familiar(session, account, address, now=now)
    if known is None:
        arrivals.require_not_barred(session, address, now=now)
    fits = credentials.password_fits(
        account.password_hash if account else None, unicodedata.normalize("NFKC", password)
    )
    if account is None or not _open(account, known, now):
        _record(session, "account.sign-in-refused", account, now=now)
        arrivals.count_failure(session, address, now=now)
        return None
    if not fits:
        (known or account).count_failure(now)
        failures = known.failures if known else account.failed_sign_ins
        _record(session, "account.sign-in-failed", account, now=now, failures=failures)
        arrivals.count_failure(session, address, now=now)
        return None
    account.failed_sign_ins, account.locked_until = 0, None
    arrivals.remember(session, account, address, now=now)
    _record(session, "account.signed-in", account, now=now)
    return _opened(session, account, now, browser=browser)


def sign_out(session: Session, *, token: str, by: Actor, now: datetime) -> None:
    """End one session."""
    session.execute(
        update(SignInSession)
        .where(SignInSession.token_sha256 == credentials.digest(token))
        .where(SignInSession.ended_at.is_(None))
        .values(ended_at=now)
    )
    audit.record(
        session, "account.signed-out", by=by, at=now, subject_kind="account", subject_id=by.id
    )


def see(
    session: Session,
    *,
    token_sha256: bytes,
    last_seen_at: datetime,
    now: datetime,
    every: timedelta = SEEN_EVERY,
) -> None:
    """Remember that a session is in use."""
    if now - last_seen_at >= every:
        session.execute(
            update(SignInSession)
            .where(SignInSession.token_sha256 == token_sha256)
            .values(last_seen_at=now)
        )


def _open(account: Account, known: FamiliarAddress | None, now: datetime) -> bool:
    until = (known or account).locked_until
    return account.disabled_at is None and (until is None or until <= now)


def _opened(session: Session, account: Account, now: datetime, *, browser: bool) -> Opened:
    token = credentials.new_token()
    expires_at = now + LASTS
    session.add(
        SignInSession(
            token_sha256=credentials.digest(token),
            account_id=account.id,
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
            browser=browser,
            proven_at=now,
            proven_with=ProofMethod.PASSWORD,
        )
    )
    session.flush()
    return Opened(token, account, expires_at)


def _record(
    session: Session, action: str, account: Account | None, *, now: datetime, **detail: object
) -> None:
    audit.record(
        session,
        action,
        by=ANONYMOUS,
        at=now,
        subject_kind="account",
        subject_id=account.id if account else None,
        detail=detail,
    )
