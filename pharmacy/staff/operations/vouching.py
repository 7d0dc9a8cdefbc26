"""A second person's word at somebody else's session: their PIN, checked against their account."""

import unicodedata
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import audit, credentials
from pharmacy.staff import queries
from pharmacy.staff.operations.signing_in import SignInRefused
from pharmacy.staff.rules import Actor


class VouchRefused(SignInRefused):
    """Not the PIN of the colleague who is named, or they have none (401)."""

    code = "second-pin-refused"
    remedy = "Your colleague types their own PIN; under Account they choose one."


def vouch(session: Session, account_id: UUID, *, pin: str, by: Actor, now: datetime) -> bool:
    """
    Say whether a colleague stands by with their PIN, at the session of whoever acts.

    A failure is counted at the colleague's account, so the caller must let the transaction commit;
    after several it refuses even the right PIN for a while, as a sign-in does.
    """
    account = queries.lock(session, account_id)
    waits = account.locked_until is not None and account.locked_until > now
    fits = (
        not waits
        and account.disabled_at is None
        and account.pin_hash is not None
        and credentials.password_fits(account.pin_hash, unicodedata.normalize("NFKC", pin))
    )
    if not fits and not waits:
        account.count_failure(now)
    audit.record(
        session,
        "account.vouched" if fits else "account.vouch-failed",
        by=by,
        at=now,
        subject_kind="account",
        subject_id=account.id,
    )
    return fits
