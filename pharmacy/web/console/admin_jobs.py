"""Owed work: what waits, what was given up and why, and another chance for it."""

from typing import Annotated, Final

from litestar import Controller, get, post
from litestar.params import FromPath, QueryParameter

from pharmacy.http.dependencies import CurrentActor, Db
from pharmacy.http.pages import USUAL, Cursor, after, page_of
from pharmacy.infra import jobs
from pharmacy.infra.jobs import Job, JobState
from pharmacy.kernel import ids
from pharmacy.kernel.jobs import JobKind
from pharmacy.staff.rules import Permission
from pharmacy.web.console.admin_tabs import tabs_of
from pharmacy.web.view import Action, Answer, CurrentView, View

PATH: Final = "/admin/jobs"
READ: Final = {"permission": Permission.READ_JOBS}
WORK: Final = {
    JobKind.CHECK_ORDER: "Check an order",
    JobKind.RENDER_LABELS: "Draw labels",
    JobKind.PRINT_COPY: "Print a label",
    JobKind.PRINT_TEST: "Print a test label",
    JobKind.SCHEDULE_REFILL: "Plan a refill",
    JobKind.DRAW_LETTERS: "Draw letters of a recall",
    JobKind.VERIFY_AUDIT: "Verify the audit",
    JobKind.IMPORT_REGISTRY: "Import a registry file",
}
STATES: Final = [
    (JobState.DEAD, "Given up", "d"),
    (JobState.READY, "Waiting", "w"),
    (JobState.RUNNING, "Running", "u"),
    (JobState.DONE, "Done", "o"),
]
LOOKS: Final = {
    JobState.DEAD: ("bad", "✕", "Given up"),
    JobState.READY: ("wait", "…", "Waiting"),
    JobState.RUNNING: ("turn", "▲", "Running"),
    JobState.DONE: ("good", "✓", "Done"),
}


class JobPages(Controller):
    """What the pharmacy owes itself."""

    path = PATH

    @get("/", opt=READ, sync_to_thread=True)
    def show(
        self,
        view: CurrentView,
        db: Db,
        in_state: Annotated[JobState, QueryParameter(name="state", required=False)] = JobState.DEAD,
        cursor: Cursor = None,
    ) -> Answer:
        """List jobs of one state, the newest first; without a choice, those that were given up."""
        start = after(cursor, int)
        with db.transaction() as session:
            rows = jobs.listing(
                session, state=in_state, before_id=start[0] if start else None, limit=USUAL + 1
            )
            page = page_of(rows, limit=USUAL, view=lambda job: job, key=lambda job: (job.id,))
            return view.page(
                "admin/jobs.html",
                tabs=tabs_of(view),
                states=STATES,
                chosen=in_state,
                looks=LOOKS,
                backlog=jobs.backlog(session),
                jobs=page.items,
                work=WORK,
                onward=page.next,
            )

    @get("/{job_id:int}", opt=READ, sync_to_thread=True)
    def job(self, job_id: FromPath[int], view: CurrentView, db: Db) -> Answer:
        """Show one job: why it failed, and another chance for it."""
        with db.transaction() as session:
            found = jobs.get(session, job_id)
            actions = []
            if view.may(Permission.RETRY_JOB):
                why_not = "" if found.state is JobState.DEAD else "Only a job given up is retried."
                retry = f"{PATH}/{job_id}/retry"
                actions = [Action("t", "Try again", post=retry, kind="primary", why_not=why_not)]
            return view.page(
                "admin/job.html",
                actions=actions,
                tabs=tabs_of(view),
                job=found,
                work=WORK[found.kind],
                look=LOOKS[found.state],
                about=_page_of(found, view),
            )

    @post(
        "/{job_id:int}/retry",
        opt={"permission": Permission.RETRY_JOB},
        status_code=200,
        sync_to_thread=True,
    )
    def retry(
        self, job_id: FromPath[int], view: CurrentView, db: Db, actor: CurrentActor
    ) -> Answer:
        """Give a dead job all its attempts again, at once."""
        with db.transaction() as session:
            jobs.retry(session, job_id, by=actor, now=view.now)
        return view.go(f"{PATH}/{job_id}", toast="It is tried again now")


def _page_of(job: Job, view: View) -> str:
    """Return the page of what a job is about, for who may see that."""
    if job.kind is JobKind.PRINT_COPY:
        known = view.may(Permission.PRINT_LABEL)
        return f"/labels/{ids.encode('cpy', job.ref_id)}" if known else ""
    if job.kind is JobKind.PRINT_TEST:
        return "/admin/printers" if view.may(Permission.READ_PRINTER) else ""
    if job.kind is JobKind.DRAW_LETTERS:
        known = view.may(Permission.READ_RECALL)
        return f"/bench/recalls/{ids.encode('rcl', job.ref_id)}" if known else ""
    if job.kind is JobKind.IMPORT_REGISTRY:
        return "/admin/registries"
    if job.kind is JobKind.VERIFY_AUDIT:
        return "/audit/chain" if view.may(Permission.READ_AUDIT) else ""
    known = view.may(Permission.READ_QUEUE)
    return f"/orders/{ids.encode('ord', job.ref_id)}" if known else ""
