"""Policies in force, and who may put them there."""

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from pharmacy.infra.audit import AuditEntry
from pharmacy.practice import operations, queries
from pharmacy.practice.operations import ReasonNeeded
from pharmacy.practice.queries import SiteMissing
from pharmacy.practice.rules import DEFAULTS, SiteFacts
from pharmacy.staff.rules import OPERATOR, PermissionMissing, Role
from tests.conftest import NOW
from tests.factories.staff import make_actor

FACTS = SiteFacts(
    name="Example Compounding Pharmacy",
    npi="1999999984",
    address_line="1 Example Street",
    city="Houston",
    state="TX",
    postal_code="77002",
    phone="+1-555-010-0100",
    phone_hours="9 am to 5 pm",
    time_zone="America/Chicago",
)


def test_the_newest_change_of_a_name_is_in_force(session: Session) -> None:
    assert queries.policy(session) == DEFAULTS

    for percent in (80, 85):
        operations.change_policy(
            session, "refill_percent", percent, reason="insurer", by=OPERATOR, now=NOW
        )

    assert queries.policy(session).refill_percent == 85
    assert [change.value["value"] for change in queries.history(session, "refill_percent")] == [
        85,
        80,
    ]


def test_a_change_is_audited_and_never_rewritten(session: Session) -> None:
    operations.change_policy(session, "refill_percent", 80, reason="insurer", by=OPERATOR, now=NOW)

    written = session.scalars(select(AuditEntry.action)).all()
    assert "policy.changed" in written
    with pytest.raises(IntegrityError, match="append-only"):
        session.execute(text("update policy_changes set reason = 'other'"))


def test_only_an_administrator_changes_policies_and_says_why(session: Session) -> None:
    pharmacist = make_actor(session, Role.PHARMACIST)

    with pytest.raises(PermissionMissing):
        operations.change_policy(
            session, "refill_percent", 80, reason="insurer", by=pharmacist, now=NOW
        )
    with pytest.raises(ReasonNeeded):
        operations.change_policy(session, "refill_percent", 80, reason=" ", by=OPERATOR, now=NOW)


def test_a_pharmacy_is_described_once_and_corrected(session: Session) -> None:
    with pytest.raises(SiteMissing):
        queries.site(session)

    operations.set_up_site(session, FACTS, by=OPERATOR, now=NOW)
    operations.set_up_site(session, FACTS, by=OPERATOR, now=NOW)

    assert queries.site(session).today(NOW).isoformat() == "2026-03-02"


def test_a_licence_into_a_state_ends(session: Session) -> None:
    today = NOW.date()

    operations.license_state(session, "NV", number="PH-1", expires_on=today, by=OPERATOR, now=NOW)

    assert queries.licensed_in(session, "NV", today)
    assert not queries.licensed_in(session, "NV", today.replace(day=3))
    assert not queries.licensed_in(session, "AZ", today)


def test_site_and_policies_are_read_together_as_they_are_read_apart(session: Session) -> None:
    operations.set_up_site(session, FACTS, by=OPERATOR, now=NOW)
    assert queries.site_and_policy(session) == (queries.site(session), DEFAULTS)

    for percent in (80, 85):
        operations.change_policy(
            session, "refill_percent", percent, reason="insurer", by=OPERATOR, now=NOW
        )

    assert queries.site_and_policy(session)[1] == queries.policy(session)
    assert queries.policy(session).refill_percent == 85


def test_a_pharmacy_without_a_name_has_no_policies_to_go_by(session: Session) -> None:
    with pytest.raises(SiteMissing):
        queries.site_and_policy(session)
