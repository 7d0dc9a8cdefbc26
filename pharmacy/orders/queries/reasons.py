"""Reading coded reasons."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from pharmacy.orders.models import ReasonCode
from pharmacy.orders.rules.reasons import Purpose


def reason_codes(session: Session, purpose: Purpose | None = None) -> list[ReasonCode]:
    """Return coded reasons, those out of use too, by purpose and code."""
    found = select(ReasonCode).order_by(ReasonCode.purpose, ReasonCode.code)
    if purpose is not None:
        found = found.where(ReasonCode.purpose == purpose)
    return list(session.scalars(found))


def reasons_in_use(session: Session, purpose: Purpose) -> dict[str, bool]:
    """Return the codes that may be given, and whether each one asks for words as well."""
    found = select(ReasonCode.code, ReasonCode.asks_for_words).where(
        ReasonCode.purpose == purpose, ReasonCode.is_active
    )
    return {row.code: row.asks_for_words for row in session.execute(found)}
