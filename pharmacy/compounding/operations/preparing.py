"""The steps of a batch: ticked, timed, photographed and done; and calling a pharmacist."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.compounding import queries
from pharmacy.compounding.models import Batch, BatchCall, BatchPhoto, BatchStep, StepCheck
from pharmacy.compounding.operations.steps import person, remember
from pharmacy.compounding.rules.life import BatchAction
from pharmacy.compounding.rules.preparation import (
    Act,
    StepNotFound,
    StepState,
    require_act,
    require_complete,
    require_open,
    require_over,
    require_startable,
    require_turn,
)
from pharmacy.formulary.models import Formulation
from pharmacy.infra import pictures
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.refusals import Conflict, Invalid
from pharmacy.staff.rules import Actor, Permission, require_second_person


class CallOpen(Conflict):
    """A pharmacist was called about this batch before, and has not answered."""

    code = "pharmacist-called-already"


class NoCall(Conflict):
    """Nobody called a pharmacist about this batch, or the call was answered."""

    code = "no-open-call"


class WordsNeeded(Invalid):
    """A question and its answer have words."""

    code = "words-needed"


def lay_out(session: Session, batch: Batch, formulation: Formulation, *, state: str) -> None:
    """Copy a formulation's steps, and the State's own, to a new batch."""
    record = formulation.master_record
    if record is None:
        return
    for no, (step, part) in enumerate(record.steps_in(state), start=1):
        session.add(
            BatchStep(
                batch_id=batch.id,
                no=no,
                title=step.title,
                instruction=step.instruction,
                act=step.act,
                source=part.source if part else None,
                wait_seconds=step.least_seconds,
                needs_photo=step.photo,
            )
        )
        session.flush()
        session.add_all(
            StepCheck(batch_id=batch.id, step_no=no, no=place, words=words)
            for place, words in enumerate(step.checklist, start=1)
        )
    session.flush()


def require_steps(session: Session, batch: Batch, act: Act) -> None:
    """Raise StepOutOfOrder unless the steps before an act's own are done."""
    require_act(queries.step_states(session, batch.id), act)


def tick(
    session: Session, batch_id: UUID, step_no: int, check_no: int, *, by: Actor, now: datetime
) -> StepCheck:
    """
    Tick one item of a step's checklist. Ticking it again changes nothing.

    Raises:
        StepNotFound: No such step or item.
        StepOutOfOrder: A step before it is not done.
    """
    batch, step = _locked(session, batch_id, step_no, by)
    check = session.get(StepCheck, (batch.id, step_no, check_no), populate_existing=True)
    if check is None:
        raise StepNotFound("the step has no such item", step=step_no)
    if check.ticked_at is not None:
        return check
    require_open(step)
    require_turn(queries.step_states(session, batch.id), step_no)
    batch.apply(BatchAction.TICK)
    check.ticked_by, check.ticked_at = person(by), now
    facts = {"step": step_no, "item": check_no}
    remember(session, batch, BatchAction.TICK, by=by, now=now, facts=facts)
    return check


def start_timer(
    session: Session, batch_id: UUID, step_no: int, *, by: Actor, now: datetime
) -> BatchStep:
    """Start a step's timer. Raises TimerNotSet, StepOutOfOrder, StepDone."""
    batch, step = _locked(session, batch_id, step_no, by)
    require_startable(step)
    require_turn(queries.step_states(session, batch.id), step_no)
    batch.apply(BatchAction.START_TIMER)
    row = queries.get_step(session, batch.id, step_no)
    row.timer_started_by, row.timer_started_at = person(by), now
    remember(session, batch, BatchAction.START_TIMER, by=by, now=now, facts={"step": step_no})
    return row


def finish_timer(
    session: Session, batch_id: UUID, step_no: int, *, by: Actor, now: datetime
) -> BatchStep:
    """Write down that a step lasted as long as it must. Raises TimerRunning, TimerNotSet."""
    batch, step = _locked(session, batch_id, step_no, by)
    require_over(step, now)
    batch.apply(BatchAction.FINISH_TIMER)
    row = queries.get_step(session, batch.id, step_no)
    row.timer_finished_by, row.timer_finished_at = person(by), now
    remember(session, batch, BatchAction.FINISH_TIMER, by=by, now=now, facts={"step": step_no})
    return row


def keep_photo(
    session: Session, batch_id: UUID, step_no: int, data: bytes, *, by: Actor, now: datetime
) -> BatchPhoto:
    """
    Keep a photograph of a step, without what a camera writes beside the picture.

    Raises:
        PictureTooLarge, NotAPicture, PictureDamaged: See `infra.pictures.checked`.
        StepDone: What is done is not added to.
    """
    picture = pictures.checked(data)
    batch, step = _locked(session, batch_id, step_no, by)
    require_open(step)
    batch.apply(BatchAction.KEEP_PHOTO)
    photo = BatchPhoto(
        id=new_id(),
        batch_id=batch.id,
        step_no=step_no,
        taken_by=person(by),
        taken_at=now,
        **pictures.columns(picture),
    )
    session.add(photo)
    facts = {"step": step_no, "sha256": picture.sha256.hex()}
    remember(session, batch, BatchAction.KEEP_PHOTO, by=by, now=now, facts=facts)
    return photo


def finish_step(
    session: Session, batch_id: UUID, step_no: int, *, by: Actor, now: datetime
) -> BatchStep:
    """
    Write down that a step is done, by whoever did it.

    Raises:
        StepIncomplete: An item, the photograph or the timer is missing; the facts say which.
        StepOutOfOrder, StepDone: A step before it is not done; it was done before.
    """
    batch, _ = _locked(session, batch_id, step_no, by)
    require_complete(queries.step_states(session, batch.id), step_no)
    batch.apply(BatchAction.FINISH_STEP)
    row = queries.get_step(session, batch.id, step_no)
    row.done_by, row.done_at = person(by), now
    remember(session, batch, BatchAction.FINISH_STEP, by=by, now=now, facts={"step": step_no})
    return row


def call_pharmacist(
    session: Session, batch_id: UUID, step_no: int, *, question: str, by: Actor, now: datetime
) -> BatchCall:
    """
    Ask a pharmacist about a step; the batch stops until the answer.

    Raises:
        CallOpen: Somebody asked before.
        WordsNeeded: No question.
    """
    by.require(Permission.COMPOUND)
    batch = queries.lock(session, batch_id)
    queries.get_step(session, batch.id, step_no)
    if not question.strip():
        raise WordsNeeded("say what the pharmacist is asked")
    if batch.called_at is not None:
        raise CallOpen("a pharmacist was called already")
    batch.apply(BatchAction.CALL)
    batch.called_at = now
    call = BatchCall(
        id=new_id(),
        batch_id=batch.id,
        step_no=step_no,
        question=question.strip(),
        asked_by=person(by),
        asked_at=now,
    )
    session.add(call)
    facts = {"step": step_no}
    remember(session, batch, BatchAction.CALL, by=by, now=now, facts=facts)
    return call


def answer_call(
    session: Session, batch_id: UUID, *, answer: str, by: Actor, now: datetime
) -> BatchCall:
    """
    Answer as a pharmacist who did not ask; the batch goes on from where it stood.

    A batch that must not go on is quarantined or scrapped instead, call or no call.

    Raises:
        NoCall: Nobody asked.
        SecondPersonNeeded: Whoever asked does not answer.
        WordsNeeded: No answer.
    """
    by.require(Permission.VERIFY_WEIGHING)
    batch = queries.lock(session, batch_id)
    call = queries.open_call(session, batch.id)
    if call is None:
        raise NoCall("nobody waits for an answer")
    require_second_person(maker=call.asked_by, checker=by.id)
    if not answer.strip():
        raise WordsNeeded("an answer has words")
    batch.apply(BatchAction.ANSWER)
    call.answer, call.answered_by, call.answered_at = answer.strip(), person(by), now
    session.flush()
    batch.called_at = None
    facts = {"step": call.step_no}
    remember(session, batch, BatchAction.ANSWER, by=by, now=now, facts=facts)
    return call


def _locked(session: Session, batch_id: UUID, step_no: int, by: Actor) -> tuple[Batch, StepState]:
    by.require(Permission.COMPOUND)
    batch = queries.lock(session, batch_id)
    queries.get_step(session, batch.id, step_no)
    states = queries.step_states(session, batch.id)
    return batch, next(state for state in states if state.no == step_no)
