"""Work that is owed: what waits, what failed for good, and another chance for it."""

from datetime import UTC, datetime

import click

from pharmacy.cli.context import database
from pharmacy.infra import jobs as owed
from pharmacy.kernel import ids
from pharmacy.kernel.jobs import JobKind
from pharmacy.staff.rules import OPERATOR

STATES = click.Choice([state.value for state in owed.JobState])
KINDS = click.Choice([kind.value for kind in JobKind])


@click.group()
def jobs() -> None:
    """
    List, show and retry work that the pharmacy owes itself.

    A job is ready, running, done or dead. Ready ones are done by the workers, whatever happens to
    Redis; dead ones failed at every attempt and wait for you.

    \b
    Examples:
      pharmacy jobs list --state dead    what needs somebody
      pharmacy jobs show 42              why it failed, and where
      pharmacy jobs retry 42             try again, once the cause is gone
    """


@jobs.command("list")
@click.option("--state", type=STATES, help="Only jobs in this state.")
@click.option("--kind", type=KINDS, help="Only jobs of this kind.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
def list_jobs(state: str | None, kind: str | None, limit: int) -> None:
    """List jobs, the newest first, under a line that sums up what is not done."""
    with database().transaction() as session:
        standing = owed.backlog(session)
        rows = owed.listing(
            session,
            state=owed.JobState(state) if state else None,
            kind=JobKind(kind) if kind else None,
            limit=limit,
        )
    waiting = round(standing.oldest_due.total_seconds())
    click.echo(
        f"{standing.ready} ready (longest wait {waiting} s), "
        f"{standing.running} running, {standing.dead} dead"
    )
    for job in rows:
        about = ids.encode("ord", job.ref_id)
        tries = f"{job.attempts}/{job.max_attempts}"
        click.echo(
            f"{job.id:>8}  {job.state:<8} {job.kind:<18} {about}  {tries:>5}  "
            f"{job.last_error or ''}".rstrip()
        )


@jobs.command()
@click.argument("job_id", type=click.IntRange(min=1))
def show(job_id: int) -> None:
    """Show everything that is known of one job."""
    with database().transaction() as session:
        tell(owed.get(session, job_id))


@jobs.command()
@click.argument("job_id", type=click.IntRange(min=1))
def retry(job_id: int) -> None:
    """Give a dead job all its attempts again, at once. The audit trail says that you did."""
    with database().transaction() as session:
        tell(owed.retry(session, job_id, by=OPERATOR, now=datetime.now(UTC)))


def tell(job: owed.Job) -> None:
    """Print one job, a line for each thing that is known."""
    known = {
        "job": job.id,
        "kind": job.kind,
        "about": ids.encode("ord", job.ref_id),
        "state": job.state,
        "attempts": f"{job.attempts} of {job.max_attempts}",
        "owed since": job.created_at,
        "not before": job.run_at if job.state is owed.JobState.READY else None,
        "leased until": job.lease_until,
        "worker": job.worker,
        "done at": job.done_at,
        "last error": job.last_error,
    }
    for name, value in known.items():
        if value is not None:
            click.echo(f"{name + ':':<14}{value}")
