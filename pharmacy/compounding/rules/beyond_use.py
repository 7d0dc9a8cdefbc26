"""
Until when capsules may be taken, and which component or rule set the date.

Source: domain.md 3.3.
"""

import calendar
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from pharmacy.formulary.rules.formulation import MOST_BEYOND_USE_DAYS
from pharmacy.inventory.rules.lots import latest_beyond_use
from pharmacy.kernel.refusals import Conflict, Invalid


class BeyondUseLimitTooLong(Invalid):
    """No formulation and no study gives capsules more than the chapter's limit."""

    code = "beyond-use-limit-too-long"
    remedy = f"Use {MOST_BEYOND_USE_DAYS} days or fewer."


class ComponentExpired(Conflict):
    """A component is past its expiry on the day of compounding."""

    code = "component-expired"
    remedy = "Use another lot."


class BeyondUseBeforeLastDose(Conflict):
    """The last dose would be taken after the capsules' beyond-use date."""

    code = "beyond-use-before-last-dose"
    remedy = "Use a lot with a later date, or shorten the fill with the prescriber."


@dataclass(frozen=True, slots=True)
class Component:
    """An ingredient lot or a shell lot, and the last day on which it is good."""

    name: str
    expires_on: date


@dataclass(frozen=True, slots=True)
class BeyondUse:
    """A beyond-use date and what set it."""

    on: date
    set_by: str
    """The component's name, or `limit`."""


def beyond_use(
    compounded_on: date,
    *,
    limit_days: int,
    day_one: bool,
    components: Iterable[Component],
) -> BeyondUse:
    """
    Return the earliest of the limit and every component's expiry.

    Args:
        limit_days: The formulation's own limit.
        day_one: The day of compounding is day 1, the stricter of two ways to count.

    Raises:
        BeyondUseLimitTooLong: The limit is more than the chapter's, or less than a day.
        ComponentExpired: A component expired before the day of compounding.
    """
    if not 1 <= limit_days <= MOST_BEYOND_USE_DAYS:
        raise BeyondUseLimitTooLong(f"{limit_days} days is no limit for capsules", days=limit_days)
    limit = latest_beyond_use(
        compounded_on, days=limit_days, compounding_day_is_day_one=day_one, component_expiries=()
    )
    earliest = BeyondUse(limit, "limit")
    for component in components:
        if component.expires_on < compounded_on:
            raise ComponentExpired(f"{component.name} expired", component=component.name)
        if component.expires_on < earliest.on:
            earliest = BeyondUse(component.expires_on, component.name)
    return earliest


def end_of_month(year: int, month: int) -> date:
    """Return what an expiry of only a month means: its last day."""
    return date(year, month, calendar.monthrange(year, month)[1])


def last_dispensable_on(beyond_use_on: date, *, days_supply: int) -> date:
    """Return the last hand-over whose last dose, from the next evening on, is in time."""
    return beyond_use_on - timedelta(days=days_supply)


def require_covers(beyond_use_on: date, *, last_dose_on: date) -> None:
    """Raise BeyondUseBeforeLastDose unless the last dose is taken in time (E6)."""
    if last_dose_on > beyond_use_on:
        raise BeyondUseBeforeLastDose(
            "the last dose is after the beyond-use date",
            last_dose_on=last_dose_on,
            beyond_use_on=beyond_use_on,
        )
