"""What the database itself refuses, whatever Python says."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.staff.rules import WORKER
from tests.conftest import NOW


def test_an_audit_entry_is_never_changed(session: Session) -> None:
    audit.record(session, "order.read", by=WORKER, at=NOW, subject_kind="order", subject_id=None)

    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text("update audit_entries set action = 'nothing.happened'"))
