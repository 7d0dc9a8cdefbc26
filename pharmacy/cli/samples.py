"""Capsules at an outside laboratory, from the command line: due, sent, answered."""

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path

import click

from pharmacy.cli.context import database
from pharmacy.cli.people import AS, signed_in
from pharmacy.compounding import operations, queries
from pharmacy.compounding.models import SampleCause, SampleKind
from pharmacy.kernel import ids
from pharmacy.kernel.quantities import Mass
from pharmacy.practice import queries as practice


@click.group()
def samples() -> None:
    """
    Samples at laboratories. Whoever sends one, or writes a result down, signs in as a pharmacist.

    \b
    Examples:
      pharmacy samples due
      pharmacy samples send bat_… --kind composite-assay --cause quarterly --capsules 30 \\
          --laboratory 'Example Analytics' --as kim.lee
      pharmacy samples list bat_…
      pharmacy samples result smp_… 99.4 --certificate report.pdf --as kim.lee
    """


@samples.command("due")
def due() -> None:
    """List what the policy asks for: new formulations, new operators, every quarter."""
    with database().transaction() as session:
        today = practice.site(session).today(datetime.now(UTC))
        for each in queries.samples_due(session, on=today):
            strength = Mass.of_micrograms(each.strength_ug)
            click.echo(
                f"{each.cause:<16} {strength!s:>7}  of batch {each.batch_number}: {each.why}"
            )


@samples.command("list")
@click.argument("batch")
def listing(batch: str) -> None:
    """List the samples of a BATCH, and what the laboratories found."""
    with database().transaction() as session:
        found = queries.get(session, ids.decode("bat", batch))
        for each in queries.samples(session, found.id):
            contents = f" ({', '.join(each.contents)} % of the label)" if each.contents else ""
            click.echo(
                f"{ids.encode('smp', each.id)}  {each.kind}  {each.capsules} capsules at"
                f" {each.laboratory}: {each.verdict or 'no result yet'}{contents}"
            )


@samples.command()
@click.argument("batch")
@click.option("--kind", type=click.Choice([one.value for one in SampleKind]), required=True)
@click.option("--cause", type=click.Choice([one.value for one in SampleCause]), required=True)
@click.option("--capsules", type=click.IntRange(1, 1_000), required=True)
@click.option("--laboratory", required=True)
@AS
def send(
    batch: str, *, kind: str, cause: str, capsules: int, laboratory: str, username: str
) -> None:
    """Send capsules of a BATCH to a laboratory; they leave the stock."""
    batch_id = ids.decode("bat", batch)
    opened = database()
    with signed_in(opened, username) as actor, opened.transaction() as session:
        sample = operations.send_sample(
            session,
            batch_id,
            kind=SampleKind(kind),
            cause=SampleCause(cause),
            capsules=capsules,
            laboratory=laboratory,
            by=actor,
            now=datetime.now(UTC),
        )
        click.echo(f"{ids.encode('smp', sample.id)}  {capsules} capsules to {sample.laboratory}")


@samples.command()
@click.argument("sample")
@click.argument("contents", nargs=-1, required=True)
@click.option(
    "--certificate",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="What the laboratory sent, a PDF; it is kept with its digest.",
)
@AS
def result(sample: str, contents: tuple[str, ...], certificate: Path, username: str) -> None:
    """
    Write down what a laboratory found in a SAMPLE; what fails is quarantined at once.

    CONTENTS are per cent of the label: one assay, or the contents of 10 or 30 capsules.
    """
    sample_id = ids.decode("smp", sample)
    figures = [_figure(each) for each in contents]
    opened = database()
    with signed_in(opened, username) as actor, opened.transaction() as session:
        answered = operations.record_result(
            session,
            sample_id,
            contents=figures,
            document=certificate.read_bytes(),
            by=actor,
            now=datetime.now(UTC),
        )
        click.echo(f"{sample}: {answered.verdict}")


def _figure(text: str) -> Decimal:
    try:
        figure = Decimal(text)
    except InvalidOperation as error:
        raise click.BadParameter(f"{text} is not a number") from error
    if not figure.is_finite():
        raise click.BadParameter(f"{text} is not a number")
    return figure
