"""What an administrator does about the pharmacy itself."""

from datetime import date, datetime

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from pharmacy.infra import audit
from pharmacy.kernel.refusals import Invalid
from pharmacy.practice.models import PartialRule, PolicyChange, Site, StateLicense
from pharmacy.practice.rules import LicenseScope, SiteFacts, of_data, to_data
from pharmacy.staff.rules import Actor, Permission


class ReasonNeeded(Invalid):
    """A policy is changed for a reason that can be read later."""

    code = "policy-reason-needed"
    remedy = "Say why the value changes."


class SourceNeeded(Invalid):
    """A State's rule names where it is written."""

    code = "rule-source-needed"
    remedy = "Name the statute, the rule or the board's letter."


def set_up_site(session: Session, facts: SiteFacts, *, by: Actor, now: datetime) -> Site:
    """Describe the pharmacy, or correct its description."""
    by.require(Permission.CHANGE_POLICY)
    row = {"id": 1, **facts.as_columns()}
    statement = upsert(Site).values(row).on_conflict_do_update(index_elements=["id"], set_=row)
    site = session.scalars(
        statement.returning(Site), execution_options={"populate_existing": True}
    ).one()
    audit.record(session, "site.set-up", by=by, at=now, subject_kind="site", subject_id=None)
    return site


def license_state(
    session: Session,
    state: str,
    *,
    number: str,
    expires_on: date,
    scope: LicenseScope = LicenseScope.SHIP,
    by: Actor,
    now: datetime,
) -> None:
    """Record that the pharmacy may dispense into a State until a day."""
    by.require(Permission.CHANGE_POLICY)
    row = {"state": state, "number": number, "expires_on": expires_on, "scope": scope}
    session.execute(
        upsert(StateLicense).values(row).on_conflict_do_update(index_elements=["state"], set_=row)
    )
    detail = {"state": state, "expires_on": expires_on.isoformat(), "scope": scope}
    audit.record(
        session, "site.licensed", by=by, at=now, subject_kind="site", subject_id=None, detail=detail
    )


def rule_partials(
    session: Session, state: str, *, is_allowed: bool, source: str, by: Actor, now: datetime
) -> None:
    """
    Record whether a State allows partial fills, and where it says so.

    Raises:
        SourceNeeded: A rule without a source cannot be looked up again.
    """
    by.require(Permission.CHANGE_POLICY)
    if not source.strip():
        raise SourceNeeded("say where the State says so", field="source")
    row = {
        "state": state,
        "is_allowed": is_allowed,
        "source": source.strip(),
        "changed_by": by.id,
        "changed_at": now,
    }
    session.execute(
        upsert(PartialRule).values(row).on_conflict_do_update(index_elements=["state"], set_=row)
    )
    audit.record(
        session,
        "site.partials-ruled",
        by=by,
        at=now,
        subject_kind="site",
        subject_id=None,
        detail={"state": state, "is_allowed": is_allowed},
    )


def change_policy(
    session: Session, name: str, data: object, *, reason: str, by: Actor, now: datetime
) -> None:
    """
    Put a policy value in force from now on.

    Args:
        data: The value as JSON holds it: decimals as text, lists for several values.

    Raises:
        UnknownPolicy, PolicyValueInvalid: The name or the value.
        ReasonNeeded: No reason was given.
    """
    by.require(Permission.CHANGE_POLICY)
    value = to_data(of_data(name, data))
    if not reason.strip():
        raise ReasonNeeded(f"say why {name} changes")
    session.execute(
        insert(PolicyChange).values(
            name=name, value={"value": value}, reason=reason, changed_by=by.id, changed_at=now
        )
    )
    detail = {"name": name, "value": value}
    audit.record(
        session,
        "policy.changed",
        by=by,
        at=now,
        subject_kind="policy",
        subject_id=None,
        detail=detail,
    )
