"""The steps of a batch: from its formulation, one after another, and never half done."""

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import Batch, BatchPhoto, BatchStep, Item
from pharmacy.compounding.operations.preparing import CallOpen, NoCall
from pharmacy.compounding.rules.life import BatchStatus, BatchWaits
from pharmacy.compounding.rules.preparation import (
    StepDone,
    StepIncomplete,
    StepOutOfOrder,
    TimerNotSet,
    TimerRunning,
)
from pharmacy.formulary import queries as formulary
from pharmacy.formulary.rules.master_record import StatePart
from pharmacy.staff.rules import PermissionMissing, SecondPersonNeeded
from tests.conftest import NOW
from tests.factories.compounding import PHOTO, Laboratory
from tests.factories.titration import make_formulation

TEN_MINUTES = timedelta(minutes=10)


def act(laboratory: Laboratory, name: str, batch: Batch, *where: int, **named: Any) -> Any:
    """Do something to a step as the technician, at the usual time."""
    named = {"by": laboratory.technician, "now": NOW} | named
    return getattr(operations, name)(laboratory.session, batch.id, *where, **named)


def at_the_blend(laboratory: Laboratory) -> Batch:
    """A batch that was weighed and blended; its third step, ten minutes long, is to be done."""
    batch = laboratory.weighed(laboratory.plan())
    laboratory.do_step(batch, "weigh")
    act(laboratory, "blend", batch)
    for item in (1, 2):
        act(laboratory, "tick", batch, 3, item)
    return batch


def test_a_batch_has_the_steps_of_its_own_version(laboratory: Laboratory) -> None:
    batch = laboratory.plan(is_prepared=False)
    record = formulary.get(laboratory.session, 4_500).master_record
    assert record is not None
    changed = replace(record, steps=record.steps[:2])
    make_formulation(laboratory.session, 4_500, version=2, record=changed.to_data())

    later = laboratory.plan(is_prepared=False)

    assert [step.title for step in queries.steps(laboratory.session, batch.id)] == [
        "Prepare",
        "Weigh",
        "Blend",
        "Fill",
        "Test",
    ]
    assert len(queries.steps(laboratory.session, later.id)) == 2


def test_what_the_state_asks_for_is_a_step_of_its_own(laboratory: Laboratory) -> None:
    record = formulary.get(laboratory.session, 4_500).master_record
    assert record is not None
    part = StatePart(state="TX", field="steps", text="Enter it in the State's log.", source="s. 1")
    elsewhere = replace(part, state="CA")
    whole = asdict(record) | {"state_parts": [asdict(part), asdict(elsewhere)]}
    make_formulation(laboratory.session, 4_500, version=2, record=whole)

    steps = queries.steps(laboratory.session, laboratory.plan().id)

    assert len(steps) == 6
    assert (steps[-1].title, steps[-1].instruction, steps[-1].source) == (
        "Required in TX",
        "Enter it in the State's log.",
        "s. 1",
    )


def test_steps_are_done_one_after_another_and_once(laboratory: Laboratory) -> None:
    batch = laboratory.plan(is_prepared=False)
    with pytest.raises(StepOutOfOrder):
        act(laboratory, "tick", batch, 2, 1)
    with pytest.raises(StepIncomplete) as refused:
        act(laboratory, "finish_step", batch, 1)
    assert len(refused.value.facts["missing"]) == 2
    for item in (1, 2):
        act(laboratory, "tick", batch, 1, item)
    act(laboratory, "finish_step", batch, 1)

    with pytest.raises(StepDone):
        act(laboratory, "finish_step", batch, 1)
    step = queries.get_step(laboratory.session, batch.id, 1)
    assert (step.done_by, step.done_at) == (laboratory.technician.id, NOW)


def test_no_act_overtakes_the_steps_before_it(laboratory: Laboratory) -> None:
    batch = laboratory.plan(is_prepared=False)
    laboratory.scan(batch)
    with pytest.raises(StepOutOfOrder):
        laboratory.weigh(batch, Item.ACTIVE)
    laboratory.do_step(batch)
    laboratory.weighed(batch)

    with pytest.raises(StepOutOfOrder):
        act(laboratory, "blend", batch)


def test_a_timer_runs_its_time(laboratory: Laboratory) -> None:
    batch = at_the_blend(laboratory)
    with pytest.raises(TimerNotSet):
        act(laboratory, "finish_timer", batch, 3)
    act(laboratory, "start_timer", batch, 3)
    with pytest.raises(TimerNotSet):
        act(laboratory, "start_timer", batch, 3)
    with pytest.raises(TimerRunning):
        act(laboratory, "finish_timer", batch, 3, now=NOW + TEN_MINUTES - timedelta(seconds=1))
    with pytest.raises(StepIncomplete):
        act(laboratory, "finish_step", batch, 3)

    act(laboratory, "finish_timer", batch, 3, now=NOW + TEN_MINUTES)
    act(laboratory, "finish_step", batch, 3, now=NOW + TEN_MINUTES)


@pytest.mark.parametrize(
    ("changes", "constraint"),
    [
        ({"done_by": True, "done_at": NOW + TEN_MINUTES}, "done_after_timer"),
        ({"timer_finished_by": True, "timer_finished_at": NOW}, "timer_in_order"),
        (
            {
                "timer_started_by": True,
                "timer_started_at": NOW,
                "timer_finished_by": True,
                "timer_finished_at": NOW + TEN_MINUTES - timedelta(seconds=1),
            },
            "timer_waited",
        ),
    ],
)
def test_the_database_too_lets_nobody_skip_a_timer(
    laboratory: Laboratory, changes: dict[str, Any], constraint: str
) -> None:
    batch = at_the_blend(laboratory)
    people = {name: laboratory.technician.id for name in changes if name.endswith("_by")}

    with pytest.raises(IntegrityError, match=constraint):
        laboratory.session.execute(
            update(BatchStep)
            .where(BatchStep.batch_id == batch.id, BatchStep.no == 3)
            .values(changes | people)
        )


@pytest.mark.parametrize(
    ("no", "words"), [(1, "not ticked"), (2, "a step before"), (4, "a step before")]
)
def test_the_database_too_knows_when_a_step_is_whole(
    laboratory: Laboratory, no: int, words: str
) -> None:
    batch = laboratory.plan(is_prepared=False)

    with pytest.raises(IntegrityError, match=words):
        laboratory.session.execute(
            update(BatchStep)
            .where(BatchStep.batch_id == batch.id, BatchStep.no == no)
            .values(done_by=laboratory.technician.id, done_at=NOW)
        )


def test_what_is_done_or_ticked_is_never_taken_back(laboratory: Laboratory) -> None:
    batch = laboratory.plan()
    for spoil in (
        "update batch_steps set done_at = null, done_by = null where no = 1",
        "update batch_steps set needs_photo = false where no = 4",
        "update batch_step_checks set ticked_at = null, ticked_by = null where step_no = 1",
        "delete from batch_step_checks",
    ):
        with (
            pytest.raises(IntegrityError, match="not rewritten"),
            laboratory.session.begin_nested(),
        ):
            laboratory.session.execute(text(spoil))
    assert queries.steps(laboratory.session, batch.id)[0].done_at is not None


def test_a_photograph_belongs_to_the_step_that_asks_for_one(laboratory: Laboratory) -> None:
    batch = laboratory.weighed(laboratory.plan())
    laboratory.do_step(batch, "weigh")
    act(laboratory, "blend", batch)
    laboratory.do_step(batch, "blend")
    for item in (1, 2, 3):
        act(laboratory, "tick", batch, 4, item)
    with pytest.raises(StepIncomplete, match="photograph"):
        act(laboratory, "finish_step", batch, 4)

    photo = act(laboratory, "keep_photo", batch, 4, PHOTO)
    act(laboratory, "finish_step", batch, 4)

    assert queries.get_photo(laboratory.session, batch.id, photo.id).data == PHOTO
    with pytest.raises(IntegrityError, match="append-only"):
        laboratory.session.execute(update(BatchPhoto).values(step_no=1))


def test_calling_a_pharmacist_stops_the_batch_until_the_answer(laboratory: Laboratory) -> None:
    batch = laboratory.scan(laboratory.plan())
    act(laboratory, "call_pharmacist", batch, 2, question="The powder is grey. Go on?")
    with pytest.raises(BatchWaits):
        laboratory.weigh(batch, Item.ACTIVE)
    with pytest.raises(BatchWaits):
        act(laboratory, "tick", batch, 2, 1)
    with pytest.raises(CallOpen):
        act(laboratory, "call_pharmacist", batch, 2, question="Hello?")
    with pytest.raises(PermissionMissing):
        act(laboratory, "answer_call", batch, answer="Yes.")

    act(laboratory, "answer_call", batch, answer="It is the light.", by=laboratory.pharmacist)

    laboratory.weigh(batch, Item.ACTIVE)
    with pytest.raises(NoCall):
        act(laboratory, "answer_call", batch, answer="Yes.", by=laboratory.pharmacist)


def test_nobody_answers_their_own_question(laboratory: Laboratory) -> None:
    batch = laboratory.plan()
    asking = {"by": laboratory.pharmacist}
    act(laboratory, "call_pharmacist", batch, 2, question="Is this right?", **asking)

    with pytest.raises(SecondPersonNeeded):
        act(laboratory, "answer_call", batch, answer="Yes.", **asking)


def test_a_batch_that_waits_can_be_scrapped_and_nothing_else(laboratory: Laboratory) -> None:
    batch = laboratory.filled(laboratory.plan())
    act(laboratory, "call_pharmacist", batch, 5, question="Half of them are open.")
    with (
        pytest.raises(IntegrityError, match="waits for a pharmacist"),
        laboratory.session.begin_nested(),
    ):
        laboratory.session.execute(update(Batch).values(status="blended"))
    with (
        pytest.raises(IntegrityError, match="waits for a pharmacist"),
        laboratory.session.begin_nested(),
    ):
        laboratory.session.execute(update(Batch).values(called_at=None))

    operations.scrap(
        laboratory.session, batch.id, reason="brittle", by=laboratory.pharmacist, now=NOW
    )

    assert batch.status is BatchStatus.REJECTED


def test_the_database_releases_no_batch_with_an_open_step(laboratory: Laboratory) -> None:
    batch = laboratory.filled(laboratory.plan())

    with pytest.raises(IntegrityError, match="a step is not done"):
        laboratory.session.execute(
            update(Batch)
            .where(Batch.id == batch.id)
            .values(status="released", released_by=laboratory.second.id, released_at=NOW)
        )
