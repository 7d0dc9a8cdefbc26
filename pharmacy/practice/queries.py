"""Reading the pharmacy's own facts: its site, its policies in force, where it is licensed."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from pharmacy.kernel.refusals import Unavailable
from pharmacy.kernel.working_time import WorkingHours
from pharmacy.practice.models import PartialRule, PolicyChange, Site, StateLicense
from pharmacy.practice.rules import LicenseScope, Policy, in_force


class SiteMissing(Unavailable):
    """The pharmacy has not been described yet."""

    code = "site-missing"
    remedy = "Run `pharmacy policy site` once, with the pharmacy's name, address and time zone."


NEWEST = (
    select(PolicyChange.name, PolicyChange.value)
    .ext(distinct_on(PolicyChange.name))
    .order_by(PolicyChange.name, PolicyChange.id.desc())
)

VALUES = NEWEST.subquery("newest")
SITE_AND_POLICY = select(
    Site, select(func.jsonb_object_agg(VALUES.c.name, VALUES.c.value)).scalar_subquery()
).where(Site.id == 1)


def policy(session: Session) -> Policy:
    """Return every policy as it is in force now."""
    return in_force({name: value["value"] for name, value in session.execute(NEWEST)})


def site(session: Session) -> Site:
    """Return the pharmacy. Raises SiteMissing."""
    if (found := session.get(Site, 1)) is None:
        raise SiteMissing("this pharmacy has no name and address yet")
    return found


def site_and_policy(session: Session) -> tuple[Site, Policy]:
    """Return the pharmacy and its policies in one round trip. Raises SiteMissing."""
    row = session.execute(SITE_AND_POLICY).one_or_none()
    if row is None:
        raise SiteMissing("this pharmacy has no name and address yet")
    found, values = row
    return found, in_force({name: value["value"] for name, value in (values or {}).items()})


def working_hours(session: Session) -> WorkingHours:
    """Return when the pharmacy works. Raises SiteMissing."""
    found, in_force_now = site_and_policy(session)
    return in_force_now.hours(found.time_zone)


def licensed_in(session: Session, state: str, on: date) -> bool:
    """Say whether the pharmacy may dispense into a State on a day."""
    license_ = session.get(StateLicense, state)
    return license_ is not None and license_.expires_on >= on


def may_ship_to(session: Session, state: str, on: date) -> bool:
    """Say whether a parcel may go into a State on a day: our own, or one with a licence to ship."""
    if state == site(session).state:
        return True
    license_ = session.get(StateLicense, state)
    return (
        license_ is not None and license_.expires_on >= on and license_.scope is LicenseScope.SHIP
    )


def licenses(session: Session) -> list[StateLicense]:
    """Return every licence, by State, expired ones too."""
    return list(session.scalars(select(StateLicense).order_by(StateLicense.state)))


def history(session: Session, name: str) -> list[PolicyChange]:
    """Return the changes of one policy, newest first."""
    found = select(PolicyChange).where(PolicyChange.name == name).order_by(PolicyChange.id.desc())
    return list(session.scalars(found))


def last_changes(session: Session) -> dict[str, PolicyChange]:
    """Return the newest change of each policy that was ever changed, by its name."""
    newest = (
        select(PolicyChange)
        .ext(distinct_on(PolicyChange.name))
        .order_by(PolicyChange.name, PolicyChange.id.desc())
    )
    return {each.name: each for each in session.scalars(newest)}


def partial_rules(session: Session) -> list[PartialRule]:
    """Return what is known of States about partial fills, by State."""
    return list(session.scalars(select(PartialRule).order_by(PartialRule.state)))


def partial_rules_of(session: Session, states: set[str]) -> list[PartialRule]:
    """Return the rules of these States about partial fills; those without one have none."""
    found = select(PartialRule).where(PartialRule.state.in_(states))
    return list(session.scalars(found.order_by(PartialRule.state)))
