"""Batches from the command line: what is needed, what is made, and the steps of a batch."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from pharmacy.cli.context import database, drawing_database
from pharmacy.cli.people import AS, signed_in
from pharmacy.compounding import operations as making
from pharmacy.compounding import queries
from pharmacy.compounding.models import BatchStep
from pharmacy.compounding.rules.life import BatchStatus
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import Mass
from pharmacy.orders import operations

MOST = 1_000


@click.group()
def batches() -> None:
    """
    Batches of capsules.

    Whoever takes a step signs in: a password is asked for, since the record names who did it.

    \b
    Examples:
      pharmacy batches needed             what open orders wait for, and what making it saves
      pharmacy batches list --status filled
      pharmacy batches worksheet bat_…    the record with its working, as a PDF
      pharmacy batches steps bat_…                      how far it has come, and what is next
      pharmacy batches tick bat_… 2 1 --as kim.lee      item 1 of step 2
      pharmacy batches start-timer bat_… 2 --as kim.lee
      pharmacy batches finish-timer bat_… 2 --as kim.lee
      pharmacy batches photo bat_… 2 blend.jpg --as kim.lee
      pharmacy batches finish bat_… 2 --as kim.lee
    """


@batches.command()
def needed() -> None:
    """Say which batches open orders need."""
    with database().transaction() as session:
        plan = operations.propose_batches(session, now=datetime.now(UTC))
    for each in plan.proposals:
        click.echo(
            f"{Mass.of_micrograms(each.strength_ug)}: {each.capsules} capsules in"
            f" {len(each.loads)} loads for {len(each.order_ids)} orders, due"
            f" {each.first_due_at:%Y-%m-%d %H:%M}; saves {each.saves.set_ups} set-ups,"
            f" {each.saves.loads} loads"
        )
    for line in (*plan.too_late, *plan.too_large):
        click.echo(f"{ids.encode('ord', line.order_id)}: no batch made today serves it")


@batches.command("list")
@click.option("--status", type=click.Choice([status.value for status in BatchStatus]))
def listing(status: str | None) -> None:
    """List batches, the newest first."""
    with database().transaction() as session:
        only = BatchStatus(status) if status else None
        for batch in queries.batches(session, status=only, limit=MOST)[:MOST]:
            click.echo(
                f"{ids.encode('bat', batch.id)}  {batch.number}  {batch.status:<12}"
                f" {Mass.of_micrograms(batch.strength_ug)!s:>7}"
                f" {batch.filled or batch.capsules:>5} capsules"
            )


@batches.command()
@click.argument("batch")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write it. Default: beside you, under the batch's number.",
)
def worksheet(batch: str, output: Path | None) -> None:
    """Write a batch's worksheet as a PDF."""
    from pharmacy.api.batch_views import BatchView
    from pharmacy.api.worksheets import drawn

    with drawing_database().transaction() as session:
        found = queries.get(session, ids.decode("bat", batch))
        content = drawn(BatchView.of(session, found, now=datetime.now(UTC)))
    target = output or Path(f"{found.number}.pdf")
    target.write_bytes(content)
    click.echo(f"{target}: {len(content):,} bytes")


@batches.command()
@click.argument("batch")
def gates(batch: str) -> None:
    """Say what a batch still lacks before it is released."""
    with database().transaction() as session:
        found = queries.get(session, ids.decode("bat", batch))
        for gate in making.gates(session, found, now=datetime.now(UTC)):
            click.echo(f"{'yes' if gate.is_green else 'NO '}  {gate.code}")


@batches.command()
@click.argument("batch")
def steps(batch: str) -> None:
    """Show a batch's steps in their order: what is done, ticked, timed and photographed."""
    with database().transaction() as session:
        found = queries.get(session, ids.decode("bat", batch))
        checks = queries.checks(session, found.id)
        shown = {photo.step_no for photo in queries.photos(session, found.id)}
        for step in queries.steps(session, found.id):
            click.echo(f"{step.no:>2} {_box(step.done_at)} {step.title}")
            for check in (each for each in checks if each.step_no == step.no):
                click.echo(f"      {check.no} {_box(check.ticked_at)} {check.words}")
            if step.wait_seconds:
                click.echo(f"      timer of {step.wait_seconds} s, {_timer(step)}")
            if step.needs_photo:
                click.echo(f"      photograph {'kept' if step.no in shown else 'wanted'}")
        if found.called_at is not None:
            click.echo("The batch waits for a pharmacist's answer.")


@batches.command()
@click.argument("batch")
@click.argument("step", type=int)
@click.argument("item", type=int)
@AS
def tick(batch: str, step: int, item: int, username: str) -> None:
    """Tick one ITEM of a STEP's checklist."""
    _take(making.tick, username, batch, step, item)
    click.echo(f"{batch}: item {item} of step {step} is ticked.")


@batches.command("start-timer")
@click.argument("batch")
@click.argument("step", type=int)
@AS
def start_timer(batch: str, step: int, username: str) -> None:
    """Start the timer of a STEP."""
    _take(making.start_timer, username, batch, step)
    click.echo(f"{batch}: the timer of step {step} runs.")


@batches.command("finish-timer")
@click.argument("batch")
@click.argument("step", type=int)
@AS
def finish_timer(batch: str, step: int, username: str) -> None:
    """Finish the timer of a STEP; refused before its time is over."""
    _take(making.finish_timer, username, batch, step)
    click.echo(f"{batch}: the timer of step {step} is finished.")


@batches.command()
@click.argument("batch")
@click.argument("step", type=int)
@click.argument("picture", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@AS
def photo(batch: str, step: int, picture: Path, username: str) -> None:
    """Keep a JPEG, PNG or WebP of a STEP, without what a camera writes beside it."""
    _take(making.keep_photo, username, batch, step, picture.read_bytes())
    click.echo(f"{batch}: the photograph of step {step} is kept.")


@batches.command()
@click.argument("batch")
@click.argument("step", type=int)
@AS
def finish(batch: str, step: int, username: str) -> None:
    """Write down that a STEP is done: checklist, timer and photograph are complete."""
    _take(making.finish_step, username, batch, step)
    click.echo(f"{batch}: step {step} is done.")


def _take(
    operation: Callable[..., object], username: str, batch: str, step: int, *further: Any
) -> None:
    """Take part of a step as somebody who signs in."""
    batch_id = ids.decode("bat", batch)
    opened = database()
    with signed_in(opened, username) as actor, opened.transaction() as session:
        operation(session, batch_id, step, *further, by=actor, now=datetime.now(UTC))


def _box(at: datetime | None) -> str:
    return "[x]" if at else "[ ]"


def _timer(step: BatchStep) -> str:
    if step.timer_finished_at:
        return "finished"
    if step.timer_started_at:
        return f"started {step.timer_started_at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"
    return "not started"
