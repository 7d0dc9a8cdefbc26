"""Writing down whose next fills somebody saw."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.kernel import ids
from pharmacy.refills.queries import DueRow
from pharmacy.staff.rules import Actor


def note_refills_read(
    session: Session, rows: Iterable[DueRow], *, by: Actor, now: datetime
) -> None:
    """Write down which next fills somebody saw, and so whose: `orders` leads to the patients."""
    seen = [row.refill for row in rows]
    audit.record(
        session,
        "refills.read",
        by=by,
        at=now,
        subject_kind="refill",
        subject_id=None,
        detail={
            "refills": [ids.encode("rfl", each.id) for each in seen],
            "orders": [ids.encode("ord", each.after_order_id) for each in seen],
        },
    )
