"""Changing the steps of a record that is still a draft: one put in, changed, moved or left out."""

import hashlib
import json
from dataclasses import replace
from typing import Final

from pharmacy.formulary.rules.master_record import ACTS, MasterRecord, RecordedStep
from pharmacy.kernel.refusals import Invalid, NotFound

MOST_STEPS: Final = 40


class StepNotFound(NotFound):
    """The draft has no step of this number."""

    code = "formulation-step-not-found"
    remedy = "Show the draft afresh: a step was put in or left out."


class ActsOutOfOrder(Invalid):
    """A batch is weighed, blended, filled and tested, in this order, and each of them once."""

    code = "formulation-acts-out-of-order"
    remedy = "Move the step, or say that it describes no act of the batch."


class TooManySteps(Invalid):
    """Nobody follows a list without end."""

    code = "formulation-too-many-steps"
    remedy = "Join steps that are done in one go, and tick their parts in a checklist."


def with_step(
    record: MasterRecord, step: RecordedStep, *, place: int, instead_of: int | None = None
) -> MasterRecord:
    """
    Return the record with a step at a place, counted from 1; a later place than the last is last.

    Args:
        instead_of: The number of the step that it replaces. None: it is one more.

    Raises:
        StepNotFound: There is none of that number.
        RecordIncomplete: The step lacks its words, or lasts longer than a day.
        ActsOutOfOrder, TooManySteps: As they say.
    """
    steps = list(record.steps)
    if instead_of is not None:
        _require_step(record, instead_of)
        del steps[instead_of - 1]
    steps.insert(max(place, 1) - 1, step)
    return _checked(replace(record, steps=tuple(steps)))


def without_step(record: MasterRecord, no: int) -> MasterRecord:
    """Return the record without a step. Raises StepNotFound, and RecordIncomplete for the last."""
    _require_step(record, no)
    return _checked(replace(record, steps=record.steps[: no - 1] + record.steps[no:]))


def seal_of(record: MasterRecord) -> str:
    """Return what tells a record from others: who changes or approves it says which they saw."""
    data = json.dumps(record.to_data(), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(data.encode()).hexdigest()


def _require_step(record: MasterRecord, no: int) -> None:
    if not 1 <= no <= len(record.steps):
        raise StepNotFound(f"there is no step {no}")


def _checked(record: MasterRecord) -> MasterRecord:
    if len(record.steps) > MOST_STEPS:
        raise TooManySteps(f"a record has {MOST_STEPS} steps at most", most=MOST_STEPS)
    acts = [ACTS.index(step.act) for step in record.steps if step.act]
    if acts != sorted(set(acts)):
        raise ActsOutOfOrder("weigh, blend, fill and test come in this order, once", field="act")
    return record
