"""One line of the queue: who waits for what, how urgently, what is owed next, and who has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from pharmacy.kernel import ids
from pharmacy.kernel.quantities import Mass
from pharmacy.kernel.working_time import WorkingHours, working_time_between
from pharmacy.orders.queries import QueueRow
from pharmacy.orders.rules import OPEN
from pharmacy.orders.rules.due import Due, due
from pharmacy.orders.rules.gates import dates_over
from pharmacy.orders.rules.next_step import NextStep, next_step
from pharmacy.practice.rules import local_date
from pharmacy.titration.rules import PlannedStep
from pharmacy.web.view import View


@dataclass(frozen=True, slots=True)
class Dosing:
    """The steps of an order's plan in one line, and the capsules that they are made of."""

    doses: str
    """`1.5 → 3 → 4.5 mg`."""
    note: str
    """How many steps, and the strengths where they are not the doses."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row as the page shows it."""

    id: str
    row: QueueRow
    step: NextStep
    left: Due
    age: timedelta
    """For how long the pharmacy was open since the order was received."""
    dosing: Dosing | None
    holder: str
    is_mine: bool
    changed: bool = False

    @property
    def is_open(self) -> bool:
        return self.row.order.status in OPEN


def lines_of(rows: Sequence[QueueRow], view: View, *, changed: bool = False) -> list[Line]:
    """Return rows with their next step, how urgent they are, and who has them."""
    hours = view.chrome.hours
    return [_line(row, hours, view, changed=changed) for row in rows]


def dosing_of(steps: Sequence[PlannedStep]) -> Dosing | None:
    """Return steps in one line; None without a plan."""
    if not steps:
        return None
    doses = [step.dose_ug for step in steps]
    strengths = sorted({step.strength_ug for step in steps})
    note = "one dose" if len(steps) == 1 else f"{len(steps)} steps"
    if set(strengths) != set(doses):
        note += f", of {amounts(strengths, ', ')} capsules"
    return Dosing(amounts(doses, " \N{RIGHTWARDS ARROW} "), note)


def amounts(micrograms: Sequence[int], between: str) -> str:
    """Return amounts with their unit once."""
    return f"{between.join(_number(each) for each in micrograms)} mg"


@lru_cache
def _number(micrograms: int) -> str:
    """Return an amount in milligrams, without the unit. A page shows the same few often."""
    return str(Mass.of_micrograms(micrograms)).removesuffix(" mg")


def _line(row: QueueRow, hours: WorkingHours, view: View, *, changed: bool) -> Line:
    order = row.order
    holder = row.holder if _is_claimed(row, view.now) else ""
    return Line(
        id=ids.encode("ord", order.id),
        row=row,
        step=next_step(
            order.status,
            labeled=order.labeled_at is not None,
            lots_out=row.lots_out,
            dates_over=dates_over(order.first_dose_on, local_date(view.now, hours.time_zone)),
            came_back=row.came_back,
            held=[(hold.code, hold.words, hold.owner) for hold in row.holds],
            given_up=row.given_up,
        ),
        left=due(order.due_at, hours=hours, now=view.now),
        age=working_time_between(order.received_at, view.now, hours),
        dosing=dosing_of(row.steps),
        holder=holder,
        is_mine=bool(holder) and order.claimed_by == view.actor.id,
        changed=changed,
    )


def _is_claimed(row: QueueRow, now: datetime) -> bool:
    until = row.order.claimed_until
    return until is not None and until > now
