"""Owed work: what waits, what failed for good, and another chance for it."""

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Controller, get, post
from litestar.params import FromPath, QueryParameter

from pharmacy.http.dependencies import CurrentActor, Db, Now
from pharmacy.http.pages import USUAL, Cursor, Limit, Page, after, page_of
from pharmacy.infra import jobs
from pharmacy.kernel import ids
from pharmacy.kernel.jobs import JobKind
from pharmacy.staff.rules import Permission


class JobView(msgspec.Struct, frozen=True, kw_only=True):
    """A job as operators see it: never what it is about in words, only its identifier."""

    id: int
    kind: JobKind
    state: jobs.JobState
    about: str
    attempts: int
    max_attempts: int
    run_at: datetime
    created_at: datetime
    done_at: datetime | None = None
    worker: str | None = None
    last_error: str | None = None

    @classmethod
    def of(cls, job: jobs.Job) -> "JobView":
        return cls(
            id=job.id,
            kind=job.kind,
            state=job.state,
            about=ids.encode("ord", job.ref_id),
            attempts=job.attempts,
            max_attempts=job.max_attempts,
            run_at=job.run_at,
            created_at=job.created_at,
            done_at=job.done_at,
            worker=job.worker,
            last_error=job.last_error,
        )


OfState = Annotated[
    jobs.JobState | None, QueryParameter(name="state", required=False, description="Only these.")
]
OfKind = Annotated[
    JobKind | None, QueryParameter(name="kind", required=False, description="Only these.")
]


class JobController(Controller):
    """Owed work."""

    path = "/api/v1/jobs"
    tags = ["Jobs"]

    @get("/", opt={"permission": Permission.READ_JOBS}, sync_to_thread=True)
    def listing(
        self,
        db: Db,
        in_state: OfState = None,
        kind: OfKind = None,
        cursor: Cursor = None,
        limit: Limit = USUAL,
    ) -> Page[JobView]:
        """Return jobs, the newest first."""
        last = after(cursor, int)
        with db.transaction() as session:
            rows = jobs.listing(
                session,
                state=in_state,
                kind=kind,
                before_id=last[0] if last else None,
                limit=limit + 1,
            )
            return page_of(rows, limit=limit, view=JobView.of, key=lambda job: (job.id,))

    @get("/{job_id:int}", opt={"permission": Permission.READ_JOBS}, sync_to_thread=True)
    def show(self, job_id: FromPath[int], db: Db) -> JobView:
        """Return one job."""
        with db.transaction() as session:
            return JobView.of(jobs.get(session, job_id))

    @post(
        "/{job_id:int}/retry",
        status_code=200,
        opt={"permission": Permission.RETRY_JOB},
        sync_to_thread=True,
    )
    def retry(self, job_id: FromPath[int], db: Db, actor: CurrentActor, now: Now) -> JobView:
        """Give a dead job all its attempts again, at once."""
        with db.transaction() as session:
            return JobView.of(jobs.retry(session, job_id, by=actor, now=now))
