"""When the next fill may be made, when it is due, and when it is too soon. Dates, not instants."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum
from typing import Any, Final, Self

from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.practice.rules import Policy

WHOLE: Final = 100


class EarlyReason(StrEnum):
    """Why a pharmacist fills before the window opens."""

    PATIENT_REQUEST = "patient-request"
    VACATION = "vacation"
    LOST_OR_DAMAGED = "lost-or-damaged"
    DOSE_CHANGED = "dose-changed"


STRONG: Final = frozenset(
    {EarlyReason.VACATION, EarlyReason.LOST_OR_DAMAGED, EarlyReason.DOSE_CHANGED}
)
"""What counts even below the hard stop (domain.md 3.8)."""


class RefillTooSoon(Conflict):
    """Too little of the last fill is used."""

    code = "refill-too-soon"
    remedy = "Wait until the day in the facts; a pharmacist may fill earlier for a coded reason."


class RefillExpired(Conflict):
    """The prescription is no longer valid on this day."""

    code = "refill-expired"
    remedy = "Ask the prescriber for a renewal."


class RefillNotYetValid(Conflict):
    """The prescription that authorises the fill begins later; no reason opens it earlier."""

    code = "refill-not-yet-valid"
    remedy = "Wait until the day in the facts, or ask the prescriber for a new prescription."


class NoFillsLeft(Conflict):
    """Every authorised fill is used."""

    code = "refill-none-left"
    remedy = "Ask the prescriber for a renewal."


class RefillClosed(Conflict):
    """The next fill was ordered already, or was cancelled."""

    code = "refill-closed"
    remedy = (
        "Open the order in the facts: where it was cancelled or rejected, a pharmacist orders the"
        " fill again from there, and where its vials came back, replaces them."
    )


class EarlyReasonUnknown(Invalid):
    """An early fill needs a coded reason."""

    code = "refill-early-reason-unknown"
    remedy = "Use one of the codes in the facts."


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """What the last fill gave the patient."""

    filled_on: date
    first_dose_on: date
    days: int

    @property
    def run_out_on(self) -> date:
        """The first day without a dose."""
        return self.first_dose_on + timedelta(days=self.days)

    def moved(self, later: timedelta) -> Self:
        """Return it as it is given and taken later."""
        return replace(
            self, filled_on=self.filled_on + later, first_dose_on=self.first_dose_on + later
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The days that matter for the next fill, with how they were found."""

    earliest_on: date
    hard_stop_on: date
    """Before this day only a strong reason opens the window."""
    due_on: date
    run_out_on: date
    working: list[dict[str, Any]]


def used_from(supply: Supply, percent: int, *, counts_both_days: bool) -> date:
    """
    Return the first day on which `percent` of the days' supply counts as used.

    Args:
        counts_both_days: The day of the fill and the day of the request both count.

    Source: domain.md 3.8 and 7.6, V19 (84 days at 75 % need 63: 18 or 19 March).
    """
    needed = -(-supply.days * percent // WHOLE)
    return supply.filled_on + timedelta(days=max(needed - (1 if counts_both_days else 0), 0))


def window(supply: Supply, policy: Policy) -> Window:
    """Return the next fill's days. It is due some days before the patient runs out."""
    both = policy.refill_counts_both_days
    earliest_on = used_from(supply, policy.refill_percent, counts_both_days=both)
    hard_stop_on = used_from(supply, policy.refill_hard_stop_percent, counts_both_days=both)
    lead = timedelta(days=policy.refill_lead_days)
    due_on = max(supply.run_out_on - lead, earliest_on)
    working = [
        _line("filled_on", "day of hand-over, or planned first dose", supply.filled_on),
        _line("days_supply", "sum of the plan's step days", supply.days),
        _line("run_out_on", "first dose + days supply", supply.run_out_on),
        _line("earliest_on", f"{policy.refill_percent} % used, {_counting(both)}", earliest_on),
        _line(
            "hard_stop_on",
            f"{policy.refill_hard_stop_percent} % used, {_counting(both)}",
            hard_stop_on,
        ),
        _line("due_on", f"run-out less {policy.refill_lead_days} days", due_on),
    ]
    return Window(
        earliest_on=earliest_on,
        hard_stop_on=hard_stop_on,
        due_on=due_on,
        run_out_on=supply.run_out_on,
        working=working,
    )


def _counting(both: bool) -> str:
    return "both days counted" if both else "days between counted"


def _line(name: str, formula: str, value: date | int) -> dict[str, Any]:
    return {"name": name, "formula": formula, "value": str(value)}


def require_in_window(
    today: date, *, earliest_on: date, hard_stop_on: date, early: str | None, may_open: bool
) -> EarlyReason | None:
    """
    Return the reason for which a fill is early, or None when it is not.

    Args:
        early: A code of `EarlyReason`, if the caller gives one.
        may_open: The caller is a pharmacist, who may fill early.

    Raises:
        RefillTooSoon: The window is not open, and nobody opens it.
        EarlyReasonUnknown: The reason is not a coded one.
    """
    if today >= earliest_on:
        return None
    reason = _early_reason(early)
    too_soon = RefillTooSoon(
        "too little of the last fill is used",
        earliest_on=earliest_on.isoformat(),
        hard_stop_on=hard_stop_on.isoformat(),
    )
    if reason is None or not may_open:
        raise too_soon
    if today < hard_stop_on and reason not in STRONG:
        raise too_soon
    return reason


def _early_reason(early: str | None) -> EarlyReason | None:
    if early is None:
        return None
    known = [reason.value for reason in EarlyReason]
    if early not in known:
        raise EarlyReasonUnknown("the reason for an early fill is not a coded one", known=known)
    return EarlyReason(early)


def require_valid(today: date, *, valid_from: date, valid_until: date) -> None:
    """Raise RefillNotYetValid or RefillExpired outside the window that the prescriber signed."""
    if today < valid_from:
        raise RefillNotYetValid(
            "the prescription is not valid yet", valid_from=valid_from.isoformat()
        )
    if today > valid_until:
        raise RefillExpired(
            "the prescription is no longer valid", valid_until=valid_until.isoformat()
        )
