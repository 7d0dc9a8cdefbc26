"""Coded reasons are rows: put into use, worded anew, taken out of use, and never deleted."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.orders import operations, queries
from pharmacy.orders.rules import Action, Status
from pharmacy.orders.rules.reasons import (
    SEEDS,
    Purpose,
    ReasonFixed,
    ReasonUnknown,
    ReasonWordsNeeded,
)
from pharmacy.staff.rules import PermissionMissing, Role
from tests.conftest import NOW
from tests.factories.orders import Bench


@pytest.mark.parametrize("purpose", Purpose)
def test_a_pharmacy_begins_with_the_seeds(session: Session, purpose: Purpose) -> None:
    assert set(queries.reasons_in_use(session, purpose)) == {each.value for each in SEEDS[purpose]}


def test_a_new_reason_is_given_and_one_out_of_use_is_not(bench: Bench, session: Session) -> None:
    order = bench.order(Status.FINAL_CHECK)
    define = {"words": "The seal is broken.", "by": bench.pharmacist, "now": NOW}
    operations.define_reason(session, Purpose.SEND_BACK, "seal-broken", **define)
    operations.define_reason(session, Purpose.SEND_BACK, "wrong-label", is_active=False, **define)

    with pytest.raises(ReasonUnknown):
        operations.send_back(session, order.id, reason="wrong-label", by=bench.pharmacist, now=NOW)
    operations.send_back(session, order.id, reason="seal-broken", by=bench.pharmacist, now=NOW)

    event = queries.last_event(session, order.id, Action.SEND_BACK)
    assert event is not None
    assert event.facts["code"] == "seal-broken"


def test_a_reason_may_ask_for_words(bench: Bench, session: Session) -> None:
    order = bench.order(Status.REVIEW)
    operations.define_reason(
        session,
        Purpose.CANCEL,
        "something-else",
        words="Something else.",
        asks_for_words=True,
        by=bench.pharmacist,
        now=NOW,
    )

    with pytest.raises(ReasonWordsNeeded):
        operations.cancel(session, order.id, reason="something-else", by=bench.pharmacist, now=NOW)


def test_what_the_program_gives_stays_in_use(bench: Bench, session: Session) -> None:
    with pytest.raises(ReasonFixed):
        operations.define_reason(
            session,
            Purpose.CANCEL,
            "replaced",
            words="Replaced.",
            is_active=False,
            by=bench.pharmacist,
            now=NOW,
        )


def test_reasons_are_a_pharmacists_or_an_administrators(bench: Bench, session: Session) -> None:
    with pytest.raises(PermissionMissing):
        operations.define_reason(
            session, Purpose.CANCEL, "no-mood", words="No.", by=bench.technician, now=NOW
        )
    operations.define_reason(
        session,
        Purpose.CANCEL,
        "clinic-closed",
        words="The clinic closed.",
        by=bench.person(Role.ADMINISTRATOR),
        now=NOW,
    )
    detail = session.scalars(
        select(AuditEntry.detail).where(AuditEntry.action == "reason.defined")
    ).one()
    assert detail == {"purpose": "cancel", "code": "clinic-closed", "is_active": True}


def test_the_database_deletes_no_reason(session: Session) -> None:
    with pytest.raises(IntegrityError, match="append-only"), session.begin_nested():
        session.execute(text("delete from reason_codes"))
