"""Whether the records contradict themselves, as the hourly check found."""

from datetime import datetime

import msgspec
from litestar import Controller, get

from pharmacy.http.dependencies import Db
from pharmacy.http.pages import USUAL, Cursor, Limit, Page, after, page_of
from pharmacy.infra import record_checks
from pharmacy.infra.record_checks import RecordCheck
from pharmacy.staff.rules import Permission


class RecordCheckView(msgspec.Struct, frozen=True, kw_only=True):
    """One look at all records. `pharmacy check` shows the rows themselves."""

    checked_at: datetime
    invariants: int
    """How many were asked."""
    broken: dict[str, int]
    """How many rows break each invariant that does not hold, by its name."""

    @classmethod
    def of(cls, check: RecordCheck) -> "RecordCheckView":
        return cls(checked_at=check.checked_at, invariants=check.invariants, broken=check.broken)


class RecordCheckController(Controller):
    """What the hourly check of all records found."""

    path = "/api/v1/record-checks"
    tags = ["Jobs"]

    @get("/", opt={"permission": Permission.READ_JOBS}, sync_to_thread=True)
    def listing(self, db: Db, cursor: Cursor = None, limit: Limit = USUAL) -> Page[RecordCheckView]:
        """Return checks, the newest first."""
        last = after(cursor, int)
        with db.transaction() as session:
            rows = record_checks.listing(
                session, before_id=last[0] if last else None, limit=limit + 1
            )
            return page_of(
                rows, limit=limit, view=RecordCheckView.of, key=lambda check: (check.id,)
            )
