"""Decisions that are signed over the API: with the password, or a moment after it was shown."""

from datetime import datetime
from typing import Any

from litestar import Request

from pharmacy.http.browser import attest
from pharmacy.http.guards import NotSignedIn, bearer_token
from pharmacy.infra import credentials
from pharmacy.infra.db import Database
from pharmacy.staff import queries
from pharmacy.staff.operations import unlocking
from pharmacy.staff.operations.signing_in import a_place
from pharmacy.staff.rules import Actor, Attestation


def attestation(
    request: Request[Any, Any, Any],
    db: Database,
    *,
    password: str | None,
    record_sha256: bytes,
    actor: Actor,
    now: datetime,
) -> Attestation:
    """
    Return the caller's word on a record.

    Args:
        password: The caller's, again. Without it, the session must have been opened, or proven,
            in the last five minutes.

    Raises:
        ProofRefused: The password is wrong. That is counted and recorded.
        ProofNeeded: There is no password, and the last proof is too old.
    """
    token_sha256 = credentials.digest(bearer_token(request))
    if password is not None:
        with a_place(), db.apart().transaction() as session:
            proven = unlocking.prove(
                session,
                token_sha256=token_sha256,
                secret=password,
                by=actor,
                now=now,
                password_only=True,
            )
        if not proven:
            raise unlocking.ProofRefused("this is not your password")
    with db.apart().transaction() as session:
        held = queries.signed_in(session, token_sha256, now=now)
    if held is None:
        raise NotSignedIn("the session has ended")
    return attest(held.proven_at, held.proven_with, record_sha256=record_sha256, now=now)
