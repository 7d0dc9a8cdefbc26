"""The steps of a batch: ticked, timed, photographed and done; and calling a pharmacist."""

from collections.abc import Callable
from typing import Annotated, Final
from uuid import UUID

import msgspec
from litestar import Controller, Response, get, post
from litestar.params import FromPath, JSONBody, RawBody
from msgspec import Meta
from sqlalchemy.orm import Session

from pharmacy.api.preparation_views import PhotoView, PreparationView
from pharmacy.compounding import operations, queries
from pharmacy.http.batch_reads import photograph
from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.infra.db import Database
from pharmacy.infra.pictures import MOST_BYTES
from pharmacy.kernel import ids
from pharmacy.staff.rules import Permission

BYTES: Final = "application/octet-stream"
Words = Annotated[str, Meta(min_length=1, max_length=1_000)]


class QuestionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a pharmacist is asked. Nothing about a patient."""

    question: Annotated[Words, Meta(examples=["The blend looks grey at the rim. Go on?"])]


class AnswerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the pharmacist found and decided."""

    answer: Annotated[Words, Meta(examples=["Mixed for five minutes more; the colour is even."])]


class PreparationController(Controller):
    """How a batch is prepared, step by step."""

    path = "/api/v1/batches/{batch_id:str}"
    tags = ["Batches"]

    @get("/steps", opt={"permission": Permission.READ_BATCH}, sync_to_thread=True)
    def show(self, batch_id: FromPath[str], db: Db) -> PreparationView:
        """Return the steps of a batch, and what pharmacists were asked."""
        return _after(db, batch_id, queries.get)

    @post(
        "/steps/{step_no:int}/checks/{check_no:int}",
        opt={"permission": Permission.COMPOUND},
        status_code=200,
        sync_to_thread=True,
    )
    def tick(
        self,
        *,
        batch_id: FromPath[str],
        step_no: FromPath[int],
        check_no: FromPath[int],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> PreparationView:
        """Tick one item of a step's checklist, under your own name."""
        return _after(
            db,
            batch_id,
            lambda session, wanted: operations.tick(
                session, wanted, step_no, check_no, by=actor, now=now
            ),
        )

    @post(
        "/steps/{step_no:int}/timer/start",
        opt={"permission": Permission.COMPOUND},
        status_code=200,
        sync_to_thread=True,
    )
    def start_timer(
        self,
        *,
        batch_id: FromPath[str],
        step_no: FromPath[int],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> PreparationView:
        """Start a step's timer."""
        return _after(
            db,
            batch_id,
            lambda session, wanted: operations.start_timer(
                session, wanted, step_no, by=actor, now=now
            ),
        )

    @post(
        "/steps/{step_no:int}/timer/finish",
        opt={"permission": Permission.COMPOUND},
        status_code=200,
        sync_to_thread=True,
    )
    def finish_timer(
        self,
        *,
        batch_id: FromPath[str],
        step_no: FromPath[int],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> PreparationView:
        """Finish a step's timer; refused before its time is over."""
        return _after(
            db,
            batch_id,
            lambda session, wanted: operations.finish_timer(
                session, wanted, step_no, by=actor, now=now
            ),
        )

    @post(
        "/steps/{step_no:int}/photos",
        opt={"permission": Permission.COMPOUND, "content_type": BYTES},
        request_max_body_size=MOST_BYTES,
        sync_to_thread=True,
    )
    def keep_photo(
        self,
        *,
        batch_id: FromPath[str],
        step_no: FromPath[int],
        body: RawBody,
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> PhotoView:
        """Keep a JPEG, PNG or WebP of a step; what a camera writes beside it is cut out."""
        wanted = ids.decode("bat", batch_id)
        with db.transaction() as session:
            photo = operations.keep_photo(session, wanted, step_no, bytes(body), by=actor, now=now)
            return PhotoView.of(photo)

    @post(
        "/steps/{step_no:int}/done",
        opt={"permission": Permission.COMPOUND},
        status_code=200,
        sync_to_thread=True,
    )
    def finish(
        self,
        *,
        batch_id: FromPath[str],
        step_no: FromPath[int],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> PreparationView:
        """Write down that you did a step: checklist, timer and photograph are complete."""
        return _after(
            db,
            batch_id,
            lambda session, wanted: operations.finish_step(
                session, wanted, step_no, by=actor, now=now
            ),
        )

    @post(
        "/steps/{step_no:int}/call",
        opt={"permission": Permission.COMPOUND},
        status_code=200,
        sync_to_thread=True,
    )
    def call(
        self,
        *,
        batch_id: FromPath[str],
        step_no: FromPath[int],
        data: JSONBody[QuestionBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> PreparationView:
        """Call a pharmacist; the batch stops until one answers."""
        return _after(
            db,
            batch_id,
            lambda session, wanted: operations.call_pharmacist(
                session, wanted, step_no, question=data.question, by=actor, now=now
            ),
        )

    @post(
        "/answer",
        opt={"permission": Permission.VERIFY_WEIGHING},
        status_code=200,
        sync_to_thread=True,
    )
    def answer(
        self,
        *,
        batch_id: FromPath[str],
        data: JSONBody[AnswerBody],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> PreparationView:
        """Answer as a pharmacist; the batch goes on."""
        return _after(
            db,
            batch_id,
            lambda session, wanted: operations.answer_call(
                session, wanted, answer=data.answer, by=actor, now=now
            ),
        )

    @get(
        "/photos/{photo_id:str}",
        opt={"permission": Permission.READ_BATCH},
        media_type=BYTES,
        sync_to_thread=True,
    )
    def photo(
        self,
        *,
        batch_id: FromPath[str],
        photo_id: FromPath[str],
        db: Db,
        actor: CurrentActor,
        now: Now,
    ) -> Response[bytes]:
        """Return a photograph. Looking at it is written down."""
        return photograph(db, batch_id, photo_id, by=actor, now=now)


def _after(db: Database, name: str, act: Callable[[Session, UUID], object]) -> PreparationView:
    """Do something to a batch, and return its steps as they stand then."""
    wanted = ids.decode("bat", name)
    with db.transaction() as session:
        act(session, wanted)
        session.flush()
        return PreparationView.of(session, queries.get(session, wanted))
