"""Locks, PINs and proofs: showing again who sits at a browser whose session is open already."""

import re
import unicodedata
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from pharmacy.infra import audit, credentials
from pharmacy.kernel.refusals import Invalid
from pharmacy.staff import queries
from pharmacy.staff.models import Approval, SignInSession, VouchFailure
from pharmacy.staff.operations.accounts import end_sessions
from pharmacy.staff.operations.signing_in import SignInRefused
from pharmacy.staff.rules import (
    Actor,
    Attestation,
    ProofMethod,
    require_password,
    require_pin,
)

MOST_WRONG: Final = 5
"""After so many in a row the session ends, and only the password opens another."""
PIN: Final = re.compile(r"[0-9]{4,12}")


class ProofRefused(SignInRefused):
    """Neither the PIN nor the password of whoever the session belongs to (401)."""

    code = "proof-refused"
    remedy = "Try again; after five wrong tries the session ends and you sign in with the password."


class PasswordWrong(Invalid):
    """The present password is another one."""

    code = "password-wrong"
    remedy = "Type the password with which you sign in now."


def lock(session: Session, *, token_sha256: bytes, by: Actor, now: datetime) -> None:
    """Lock a browser's session until its holder shows who they are."""
    held = _held(session, token_sha256)
    if held.locked_at is None:
        held.locked_at = now
        _record(session, "session.locked", by=by, now=now)


def unlock(session: Session, *, token_sha256: bytes, secret: str, by: Actor, now: datetime) -> bool:
    """
    Unlock a session with its holder's PIN or password; say whether it did.

    A failure is counted, so the caller must let the transaction commit. The fifth in a row ends
    the session.
    """
    held = _held(session, token_sha256)
    if not _fits(session, held, secret, by=by, now=now):
        return False
    held.locked_at, held.last_seen_at = None, now
    _record(session, "session.unlocked", by=by, now=now)
    return True


def prove(
    session: Session,
    *,
    token_sha256: bytes,
    secret: str,
    by: Actor,
    now: datetime,
    password_only: bool = False,
) -> bool:
    """
    Note that a session's holder showed anew who they are; say whether they did. As `unlock`.

    Args:
        password_only: The PIN does not do, as where the PIN or the password itself is changed.
    """
    held = _held(session, token_sha256)
    if not _fits(session, held, secret, by=by, now=now, password_only=password_only):
        return False
    held.proven_at, held.proven_with = now, _method(secret, password_only=password_only)
    _record(session, "session.proven", by=by, now=now)
    return True


def approve(
    session: Session,
    *,
    meaning: str,
    subject_kind: str,
    subject_id: UUID,
    attestation: Attestation,
    by: Actor,
    now: datetime,
) -> Approval:
    """
    Keep somebody's signature under a decision, beside the decision in the same transaction.

    Args:
        attestation: What they saw, and how they proved who they are. The database refuses an
            older proof than five minutes.
    """
    account = queries.lock(session, _known(by))
    approval = Approval(
        account_id=account.id,
        name=account.display_name,
        meaning=meaning,
        subject_kind=subject_kind,
        subject_id=subject_id,
        record_sha256=attestation.record_sha256,
        proven_at=attestation.proven_at,
        method=attestation.method,
        at=now,
    )
    session.add(approval)
    session.flush()
    return approval


def choose_pin(session: Session, *, pin: str, by: Actor, now: datetime) -> None:
    """Set the PIN that unlocks one's sessions; the door asks for the password. Raises WeakPin."""
    require_pin(pin)
    account = queries.lock(session, _known(by))
    account.pin_hash = credentials.hash_password(pin)
    session.execute(delete(VouchFailure).where(VouchFailure.account_id == account.id))
    _record(session, "account.pin-chosen", by=by, now=now)


def change_password(
    session: Session, *, new: str, token_sha256: bytes, by: Actor, now: datetime
) -> None:
    """
    Change one's own password; the door asks for the present one. Other sessions end.

    Raises:
        WeakPassword: The new one.
    """
    account = queries.lock(session, _known(by))
    normal = unicodedata.normalize("NFKC", new)
    require_password(normal, username=account.username)
    account.password_hash = credentials.hash_password(normal)
    end_sessions(session, account.id, now=now)
    session.execute(
        update(SignInSession)
        .where(SignInSession.token_sha256 == token_sha256)
        .values(ended_at=None)
    )
    _record(session, "account.password-changed", by=by, now=now)


def _held(session: Session, token_sha256: bytes) -> SignInSession:
    return session.get_one(
        SignInSession, token_sha256, with_for_update=True, populate_existing=True
    )


def _fits(
    session: Session,
    held: SignInSession,
    secret: str,
    *,
    by: Actor,
    now: datetime,
    password_only: bool = False,
) -> bool:
    account = queries.lock(session, held.account_id)
    is_pin = _method(secret, password_only=password_only) is ProofMethod.PIN
    kept = account.pin_hash if is_pin else account.password_hash
    if credentials.password_fits(kept, unicodedata.normalize("NFKC", secret)):
        held.wrong_pins = 0
        return True
    held.wrong_pins += 1
    if not is_pin:
        account.count_failure(now)
    if held.wrong_pins >= MOST_WRONG:
        held.ended_at = now
    _record(session, "session.proof-failed", by=by, now=now, failures=held.wrong_pins)
    return False


def _method(secret: str, *, password_only: bool) -> ProofMethod:
    """A password is longer than any PIN, so what is typed says which of them it is."""
    is_pin = PIN.fullmatch(secret) is not None and not password_only
    return ProofMethod.PIN if is_pin else ProofMethod.PASSWORD


def _known(by: Actor) -> UUID:
    assert by.id is not None, "only people hold sessions"
    return by.id


def _record(session: Session, action: str, *, by: Actor, now: datetime, **detail: object) -> None:
    audit.record(
        session,
        action,
        by=by,
        at=now,
        subject_kind="account",
        subject_id=by.id,
        detail=detail,
    )
