"""Whether a batch is good: its tests, its release, and what comes of one that is not."""

from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.compounding import operations
from pharmacy.compounding.models import Outcome
from pharmacy.compounding.operations import Trial
from pharmacy.compounding.rules.weights import Verdict
from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.kernel import ids
from pharmacy.orders import operations as orders
from pharmacy.staff.rules import Permission
from pharmacy.web.console.batch_acts import PATH, Needed, act
from pharmacy.web.console.batch_reasons import told
from pharmacy.web.rendering import words_of
from pharmacy.web.view import Answer, CurrentView

DECIDES: Final = {"permission": Permission.RELEASE_LOT}
Code = Annotated[str, Meta(pattern=r"^[a-z-]{3,40}$")]


class JudgeForm(msgspec.Struct, frozen=True):
    """By which test."""

    test: Trial


class ReasonForm(msgspec.Struct, frozen=True):
    """A coded reason, and words."""

    reason: Code
    words: Needed


class ConclusionForm(msgspec.Struct, frozen=True):
    """How an investigation ended, what the cause was, and what was found."""

    outcome: Outcome
    cause: Code
    findings: Annotated[str, Meta(min_length=1, max_length=3_900)]


class QualityPages(Controller):
    """Tests of a batch, and a pharmacist's decisions about it."""

    path = PATH

    @post("/tests", opt={"permission": Permission.COMPOUND}, status_code=200, sync_to_thread=True)
    def judge(
        self, batch_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Judge the batch by one test of its weights; a failure puts it in quarantine."""
        given = form.read(JudgeForm)
        with db.transaction() as session:
            wanted = ids.decode("bat", batch_id)
            found = operations.judge(session, wanted, kind=given.test, by=actor, now=view.now)
            verdict = Verdict(found.verdict)
        said = {Verdict.PASSED: "passed", Verdict.MORE: "weigh the larger sample"}
        words = said.get(verdict, "not passed; the batch is in quarantine")
        return view.go(f"/bench/{batch_id}", toast=f"{words_of(given.test)}: {words}")

    @post("/release", opt=DECIDES, status_code=200, sync_to_thread=True)
    def release(
        self, batch_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Release the batch, with every gate green; waiting orders get their capsules."""
        with db.transaction() as session:
            met = orders.release_batch(session, ids.decode("bat", batch_id), by=actor, now=view.now)
            served = len(met.order_ids)
        words = f"Released; {served} order{'' if served == 1 else 's'} got their capsules"
        return view.go(f"/bench/{batch_id}", toast=words)

    @post("/quarantine", opt=DECIDES, status_code=200, sync_to_thread=True)
    def quarantine(
        self, batch_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Stop a batch, released or not, and open an investigation."""
        given = form.read(ReasonForm)

        def do(session: Session, wanted: UUID) -> object:
            why = told(given.reason, given.words)
            return operations.quarantine(session, wanted, reason=why, by=actor, now=view.now)

        return act(view, db, batch_id, do, toast="In quarantine; an investigation is open")

    @post("/conclusion", opt=DECIDES, status_code=200, sync_to_thread=True)
    def conclude(
        self, batch_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """End the investigation: cleared, reworked or scrapped."""
        given = form.read(ConclusionForm)

        def do(session: Session, wanted: UUID) -> object:
            return operations.conclude(
                session,
                wanted,
                outcome=given.outcome,
                findings=told(given.cause, given.findings),
                by=actor,
                now=view.now,
            )

        return act(view, db, batch_id, do, toast=f"The investigation ended: {given.outcome}")

    @post("/scrapping", opt=DECIDES, status_code=200, sync_to_thread=True)
    def scrap(
        self, batch_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Destroy a batch before its release, for a reason."""
        given = form.read(ReasonForm)

        def do(session: Session, wanted: UUID) -> object:
            why = told(given.reason, given.words)
            return operations.scrap(session, wanted, reason=why, by=actor, now=view.now)

        return act(view, db, batch_id, do, toast="Scrapped")
