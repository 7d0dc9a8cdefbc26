"""A version of a formula while it is a draft: its steps, as whoever wrote it changes them."""

from collections.abc import Callable
from typing import Annotated, Final

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath
from msgspec import Meta

from pharmacy.formulary import operations, queries
from pharmacy.formulary.rules.editing_steps import seal_of, with_step, without_step
from pharmacy.formulary.rules.ingredients import INGREDIENTS
from pharmacy.formulary.rules.master_record import (
    ACTS,
    LONGEST_WAIT_MINUTES,
    MasterRecord,
    RecordedStep,
)
from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form, Ticked
from pharmacy.kernel import ids
from pharmacy.staff import queries as staff
from pharmacy.staff.rules import Actor, Permission
from pharmacy.web.console.batch_acts import Needed
from pharmacy.web.view import Action, Answer, CurrentView, View

PATH: Final = "/bench/formulas/proposals"
READ: Final = {"permission": Permission.READ_FORMULATION}
CHANGE: Final = {"permission": Permission.APPROVE_FORMULATION}
ACT_WORDS: Final = {
    "weigh": "The powders are weighed",
    "blend": "The powder is blended",
    "fill": "The capsules are filled",
    "test": "Their weights are tested",
}
Seal = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Change = Callable[[MasterRecord], MasterRecord]


class StepForm(msgspec.Struct, frozen=True, kw_only=True):
    """One step as somebody wrote it."""

    seen: Seal
    title: Needed
    instruction: Annotated[str, Meta(min_length=1, max_length=2000)]
    place: Annotated[int, Meta(ge=1, le=99)]
    checklist: Annotated[str, Meta(max_length=2000)] = ""
    """A line for each thing that is ticked."""
    minutes: Annotated[int, Meta(ge=0, le=LONGEST_WAIT_MINUTES)] | None = None
    seconds: Annotated[int, Meta(ge=0, le=59)] | None = None
    photo: Ticked | None = None
    act: Annotated[str, Meta(pattern=f"^({'|'.join(ACTS)})?$")] = ""

    def step(self) -> RecordedStep:
        lines = (line.strip() for line in self.checklist.splitlines())
        return RecordedStep(
            title=self.title.strip(),
            instruction=self.instruction.strip(),
            checklist=tuple(line for line in lines if line),
            wait_minutes=self.minutes or None,
            wait_seconds=self.seconds or 0,
            photo=self.photo is not None,
            act=self.act,
        )


class SeenForm(msgspec.Struct, frozen=True):
    """Which draft somebody had before them."""

    seen: Seal


class FormulaDrafts(Controller):
    """One version that waits for its second pharmacist."""

    path = f"{PATH}/{{proposal_id:str}}"

    @get("/", opt=READ, sync_to_thread=True)
    def show(self, proposal_id: FromPath[str], view: CurrentView, db: Db) -> Answer:
        """Show the steps of a draft; whoever wrote it changes them, until it is decided."""
        with db.transaction() as session:
            found = queries.proposal(session, ids.decode("fmp", proposal_id))
            record = MasterRecord.of_data(found.record)
            may_change = found.decided_at is None and found.proposed_by == view.actor.id
            return view.page(
                "bench/draft.html",
                actions=[Action("n", "Add a step", opens="step-new")] if may_change else [],
                found=found,
                record=record,
                may_change=may_change,
                seen=seal_of(record),
                at=f"{PATH}/{proposal_id}",
                writer=staff.names(session, {found.proposed_by}).get(found.proposed_by, ""),
                acts=list(ACT_WORDS.items()),
                ingredients={key: each.name for key, each in INGREDIENTS.items()},
            )

    @post("/steps", opt=CHANGE, status_code=200, sync_to_thread=True)
    def add(
        self, proposal_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Put one more step into a draft."""
        given = form.read(StepForm)
        step = given.step()
        return _change(
            view, db, proposal_id, lambda record: with_step(record, step, place=given.place),
            seen=given.seen, by=actor, toast="The step is in the draft",
        )  # fmt: skip

    @post("/steps/{step_no:int}", opt=CHANGE, status_code=200, sync_to_thread=True)
    def rewrite(
        self,
        *,
        proposal_id: FromPath[str],
        step_no: FromPath[int],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Change a step of a draft, or its place."""
        given = form.read(StepForm)
        step = given.step()
        return _change(
            view, db, proposal_id,
            lambda record: with_step(record, step, place=given.place, instead_of=step_no),
            seen=given.seen, by=actor, toast="The step is changed",
        )  # fmt: skip

    @post("/steps/{step_no:int}/removal", opt=CHANGE, status_code=200, sync_to_thread=True)
    def leave_out(
        self,
        *,
        proposal_id: FromPath[str],
        step_no: FromPath[int],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Leave a step out of a draft."""
        seen = form.read(SeenForm).seen
        return _change(
            view, db, proposal_id, lambda record: without_step(record, step_no),
            seen=seen, by=actor, toast="The step is left out",
        )  # fmt: skip


def _change(
    view: View, db: Db, proposal_id: str, change: Change, *, seen: str, by: Actor, toast: str
) -> Answer:
    wanted = ids.decode("fmp", proposal_id)
    with db.transaction() as session:
        operations.change_proposal(session, wanted, change, seen=seen, by=by, now=view.now)
    return view.go(f"{PATH}/{proposal_id}", toast=toast)
