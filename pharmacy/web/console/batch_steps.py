"""Steps of a batch: ticked, timed, photographed, done; blended, filled; and calling for help."""

from collections.abc import Callable
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, post
from litestar.params import FromPath
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.compounding import operations
from pharmacy.http.bodies import MULTIPART
from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.forms import Form
from pharmacy.infra.pictures import MOST_BYTES
from pharmacy.kernel import ids
from pharmacy.staff.rules import Permission
from pharmacy.web.console.batch_acts import PATH, CodeForm, act, scanned_shells
from pharmacy.web.view import Answer, CurrentView

BENCH: Final = {"permission": Permission.COMPOUND}
Words = Annotated[str, Meta(min_length=1, max_length=1_000)]


class QuestionForm(msgspec.Struct, frozen=True):
    """What a pharmacist is asked."""

    question: Words


class AnswerForm(msgspec.Struct, frozen=True):
    """What the pharmacist found and decided."""

    answer: Words


class FillForm(msgspec.Struct, frozen=True):
    """How many capsules came of it."""

    shells: Annotated[str, Meta(pattern=r"^shl_[0-9a-z]{26}$")]
    filled: Annotated[int, Meta(ge=1, le=100_000)]
    broken: Annotated[int, Meta(ge=0, le=100_000)] = 0


class StepPages(Controller):
    """What is done with a batch at the bench, beside weighing."""

    path = PATH

    @post(
        "/steps/{step_no:int}/checks/{check_no:int}",
        opt=BENCH,
        status_code=200,
        sync_to_thread=True,
    )
    def tick(
        self,
        *,
        batch_id: FromPath[str],
        step_no: FromPath[int],
        check_no: FromPath[int],
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Tick one item of a step's checklist."""

        def do(session: Session, wanted: UUID) -> object:
            return operations.tick(session, wanted, step_no, check_no, by=actor, now=view.now)

        return act(view, db, batch_id, do)

    @post("/steps/{step_no:int}/timer", opt=BENCH, status_code=200, sync_to_thread=True)
    def start_timer(
        self,
        *,
        batch_id: FromPath[str],
        step_no: FromPath[int],
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Start a step's timer."""

        def do(session: Session, wanted: UUID) -> object:
            return operations.start_timer(session, wanted, step_no, by=actor, now=view.now)

        return act(view, db, batch_id, do, toast="The timer runs")

    @post("/steps/{step_no:int}/timer/end", opt=BENCH, status_code=200, sync_to_thread=True)
    def finish_timer(
        self,
        *,
        batch_id: FromPath[str],
        step_no: FromPath[int],
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Finish a step's timer; before its time is over it is refused."""

        def do(session: Session, wanted: UUID) -> object:
            return operations.finish_timer(session, wanted, step_no, by=actor, now=view.now)

        return act(view, db, batch_id, do)

    @post(
        "/steps/{step_no:int}/photos",
        opt={**BENCH, "content_type": MULTIPART},
        status_code=200,
        request_max_body_size=MOST_BYTES + 64 * 1024,
        sync_to_thread=True,
    )
    def keep_photo(
        self,
        *,
        batch_id: FromPath[str],
        step_no: FromPath[int],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Keep a photograph of a step; what a camera writes beside the picture is cut out."""
        data = form.file("photo").file.read()

        def do(session: Session, wanted: UUID) -> object:
            return operations.keep_photo(session, wanted, step_no, data, by=actor, now=view.now)

        return act(view, db, batch_id, do, toast="The photograph is kept")

    @post("/steps/{step_no:int}/done", opt=BENCH, status_code=200, sync_to_thread=True)
    def finish(
        self,
        *,
        batch_id: FromPath[str],
        step_no: FromPath[int],
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Write down that a step is done, by whoever did it."""

        def do(session: Session, wanted: UUID) -> object:
            return operations.finish_step(session, wanted, step_no, by=actor, now=view.now)

        return act(view, db, batch_id, do, toast=f"Step {step_no} is done")

    @post("/steps/{step_no:int}/call", opt=BENCH, status_code=200, sync_to_thread=True)
    def call(
        self,
        *,
        batch_id: FromPath[str],
        step_no: FromPath[int],
        form: Form,
        view: CurrentView,
        db: Db,
        actor: CurrentActor,
    ) -> Answer:
        """Call a pharmacist; the batch stops until one answers."""
        asked = form.read(QuestionForm).question

        def do(session: Session, wanted: UUID) -> object:
            return operations.call_pharmacist(
                session, wanted, step_no, question=asked, by=actor, now=view.now
            )

        return act(view, db, batch_id, do, toast="A pharmacist is called; the batch waits")

    @post(
        "/answer",
        opt={"permission": Permission.VERIFY_WEIGHING},
        status_code=200,
        sync_to_thread=True,
    )
    def answer(
        self, batch_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Answer as a pharmacist who did not ask; the batch goes on."""
        said = form.read(AnswerForm).answer
        do = _by(operations.answer_call, answer=said, by=actor, now=view.now)
        return act(view, db, batch_id, do, toast="Answered; the batch goes on")

    @post("/blend", opt=BENCH, status_code=200, sync_to_thread=True)
    def blend(
        self, batch_id: FromPath[str], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Write down that the powders were blended."""
        do = _by(operations.blend, by=actor, now=view.now)
        return act(view, db, batch_id, do, toast="Blended")

    @post("/shells", opt=BENCH, status_code=200, sync_to_thread=True)
    def scan_shells(self, batch_id: FromPath[str], form: Form, view: CurrentView, db: Db) -> Answer:
        """Scan the shells that are filled: of the right size, released and in date."""
        code = form.read(CodeForm).code.strip()
        wanted = ids.decode("bat", batch_id)
        with db.transaction() as session:
            lot = scanned_shells(session, code, view)
            operations.check_shells(session, wanted, lot.id, now=view.now)
            onward = f"/bench/{batch_id}?shells={ids.encode('shl', lot.id)}"
            return view.go(onward, toast=f"Shells, lot {lot.lot_number}: right")

    @post("/fill", opt=BENCH, status_code=200, sync_to_thread=True)
    def fill(
        self, batch_id: FromPath[str], form: Form, view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Write down how many capsules were filled; they become a lot in quarantine."""
        given = form.read(FillForm)
        do = _by(
            operations.fill,
            shell_lot_id=ids.decode("shl", given.shells),
            filled=given.filled,
            broken=given.broken,
            by=actor,
            now=view.now,
        )
        return act(view, db, batch_id, do, toast=f"{given.filled} capsules, in quarantine")


def _by(operation: Callable[..., object], **given: object) -> Callable[[Session, UUID], object]:
    """Return an operation on a batch with everything given but the batch."""
    return lambda session, wanted: operation(session, wanted, **given)
