"""Why something was done to an order: a code that the pharmacy has in use."""

from datetime import datetime
from typing import Final

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.orders import queries
from pharmacy.orders.models import Order, ReasonCode
from pharmacy.orders.rules import Action, Status
from pharmacy.orders.rules.reasons import FIXED, Purpose, ReasonFixed, require_reason
from pharmacy.staff.rules import Actor, Permission


def because(session: Session, purpose: Purpose, reason: str, words: str = "") -> str:
    """Return a reason as it is kept. Raises ReasonUnknown, ReasonWordsNeeded."""
    return require_reason(queries.reasons_in_use(session, purpose), reason, words)


ENDS: Final = {
    Status.CANCELLED: Action.CANCEL,
    Status.REJECTED: Action.REJECT,
    Status.RETURNED: Action.RETURN,
}
"""The step that ended an order for a reason that somebody gave."""


def reason_of_end(session: Session, order: Order) -> str | None:
    """Return the code for which an order ended; None where it did not, or a recall reached it."""
    if order.status not in ENDS:
        return None
    event = queries.last_event(session, order.id, ENDS[order.status])
    return event.facts.get("code") if event else None


def define_reason(
    session: Session,
    purpose: Purpose,
    code: str,
    *,
    words: str,
    asks_for_words: bool = False,
    is_active: bool = True,
    by: Actor,
    now: datetime,
) -> ReasonCode:
    """
    Put a coded reason into use, change its words, or take it out of use.

    Raises:
        ReasonFixed: The program itself gives it, so it stays in use and asks for no words.
    """
    by.require(Permission.MANAGE_REASONS)
    if (purpose, code) in FIXED and (asks_for_words or not is_active):
        raise ReasonFixed("this reason stays in use", purpose=purpose, reason=code)
    row = {
        "purpose": purpose,
        "code": code,
        "words": words,
        "asks_for_words": asks_for_words,
        "is_active": is_active,
        "changed_by": by.id,
        "changed_at": now,
    }
    statement = insert(ReasonCode).values(row)
    statement = statement.on_conflict_do_update(index_elements=["purpose", "code"], set_=row)
    kept = session.scalars(
        statement.returning(ReasonCode), execution_options={"populate_existing": True}
    ).one()
    detail = {"purpose": purpose, "code": code, "is_active": is_active}
    audit.record(
        session,
        "reason.defined",
        by=by,
        at=now,
        subject_kind="reason",
        subject_id=None,
        detail=detail,
    )
    return kept
