"""Batches from the command line: what is needed, what is made. People make them at the API."""

from datetime import UTC, datetime
from pathlib import Path

import click

from pharmacy.cli.context import database
from pharmacy.compounding import queries
from pharmacy.compounding.rules.life import BatchStatus
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import Mass
from pharmacy.orders import operations

MOST = 1_000


@click.group()
def batches() -> None:
    """
    Batches of capsules.

    \b
      pharmacy batches needed             what open orders wait for, and what making it saves
      pharmacy batches list --status filled
      pharmacy batches worksheet bat_…    the record with its working, as a PDF
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

    with database().transaction() as session:
        found = queries.get(session, ids.decode("bat", batch))
        content = drawn(BatchView.of(session, found, now=datetime.now(UTC)))
    target = output or Path(f"{found.number}.pdf")
    target.write_bytes(content)
    click.echo(f"{target}: {len(content):,} bytes")


@batches.command()
@click.argument("batch")
def gates(batch: str) -> None:
    """Say what a batch still lacks before it is released."""
    from pharmacy.compounding.operations import gates as gates_of

    with database().transaction() as session:
        found = queries.get(session, ids.decode("bat", batch))
        for gate in gates_of(session, found, now=datetime.now(UTC)):
            click.echo(f"{'yes' if gate.is_green else 'NO '}  {gate.code}")
