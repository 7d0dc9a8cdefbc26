"""
The steps of a batch, taken one after another: what must be so before one is done.

A step is done when its checklist is ticked, its timer has run its time, its photograph is kept and
every step before it is done. An act of the batch waits for the steps before its own.
Source: domain.md 3.5 (compounding record) and 7.3 (a mismatch stops the line).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pharmacy.kernel.refusals import Conflict, NotFound


class Act(StrEnum):
    """What is done to a batch as a whole; `formulary`'s steps name it."""

    WEIGH = "weigh"
    BLEND = "blend"
    FILL = "fill"
    TEST = "test"


class StepNotFound(NotFound):
    """The batch has no such step, or the step no such item."""

    code = "batch-step-not-found"


class StepDone(Conflict):
    """The step is done, and what is done is not changed."""

    code = "batch-step-done"


class StepOutOfOrder(Conflict):
    """A step before it is not done yet."""

    code = "batch-step-out-of-order"
    remedy = "Finish the steps that the facts name first."


class StepIncomplete(Conflict):
    """An item is not ticked, the photograph is missing, or the timer was not run."""

    code = "batch-step-incomplete"
    remedy = "Do what the facts name, then finish the step."


class TimerNotSet(Conflict):
    """The step has no timer, or it was not started, or it runs already."""

    code = "batch-timer-not-set"


class TimerRunning(Conflict):
    """The step lasts longer than that."""

    code = "batch-timer-running"
    remedy = "Wait until the instant that the facts name."


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """A step as far as it has come."""

    no: int
    title: str
    act: str
    is_done: bool
    unticked: tuple[str, ...] = ()
    needs_photo: bool = False
    has_photo: bool = False
    wait: timedelta | None = None
    timer_started_at: datetime | None = None
    timer_finished_at: datetime | None = None


def require_open(step: StepState) -> None:
    """Raise StepDone when a step is done."""
    if step.is_done:
        raise StepDone(f"step {step.no} is done", step=step.no)


def require_turn(steps: Sequence[StepState], no: int) -> None:
    """Raise StepOutOfOrder unless every step before `no` is done."""
    if before := [step.no for step in steps if step.no < no and not step.is_done]:
        raise StepOutOfOrder(f"step {before[0]} comes first", steps=before)


def require_act(steps: Sequence[StepState], act: Act) -> None:
    """
    Raise StepOutOfOrder unless the steps before an act's own step are done.

    An act that no step describes waits for nothing: older formulations have no such steps.
    """
    own = next((step.no for step in steps if step.act == act), None)
    if own is not None:
        require_turn(steps, own)


def require_startable(step: StepState) -> None:
    """Raise StepDone or TimerNotSet unless the step's timer may be started now."""
    require_open(step)
    if step.wait is None or step.timer_started_at is not None:
        raise TimerNotSet("there is no timer to start", step=step.no)


def require_over(step: StepState, now: datetime) -> None:
    """Raise TimerNotSet or TimerRunning unless the step's timer has run its time at `now`."""
    if step.wait is None or step.timer_started_at is None or step.timer_finished_at is not None:
        raise TimerNotSet("no timer runs", step=step.no)
    until = step.timer_started_at + step.wait
    if now < until:
        raise TimerRunning("the time is not over", step=step.no, until=until.isoformat())


def require_complete(steps: Sequence[StepState], no: int) -> None:
    """Raise what keeps step `no` from being done: StepDone, StepOutOfOrder or StepIncomplete."""
    step = next(step for step in steps if step.no == no)
    require_open(step)
    require_turn(steps, no)
    missing = [f"not ticked: {words}" for words in step.unticked]
    if step.needs_photo and not step.has_photo:
        missing.append("no photograph")
    if step.wait is not None and step.timer_finished_at is None:
        missing.append("the timer was not finished")
    if missing:
        raise StepIncomplete("; ".join(missing), step=no, missing=missing)
