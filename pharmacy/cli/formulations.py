"""Formulations from the command line: what is in force, and a version's whole record."""

import json

import click

from pharmacy.cli.context import database


@click.group()
def formulations() -> None:
    """
    Master formulation records. Versions are proposed and approved by pharmacists, over HTTP.

    \b
    Examples:
      pharmacy formulations list
      pharmacy formulations show 1.5
    """


@formulations.command("list")
def listing() -> None:
    """List what is in force, and what waits for a second pharmacist."""
    from pharmacy.formulary import queries
    from pharmacy.kernel.quantities import Mass

    with database().transaction() as session:
        for each in queries.in_force(session):
            strength = str(Mass.of_micrograms(each.strength_ug))
            click.echo(
                f"{strength:<9} version {each.version}  size {each.capsule_size}  {each.filler}"
                f"  {each.beyond_use_days} days"
            )
        for waiting in queries.open_proposals(session):
            strength = str(Mass.of_micrograms(waiting.strength_ug))
            click.echo(f"{strength:<9} waits for a second pharmacist: {waiting.reason}")


@formulations.command()
@click.argument("strength_mg")
def show(strength_mg: str) -> None:
    """Print the record that is in force for a strength in milligrams, as JSON."""
    from pharmacy.formulary import queries
    from pharmacy.kernel.quantities import mg

    with database().transaction() as session:
        found = queries.get(session, mg(strength_mg).micrograms)
        click.echo(json.dumps(found.record, indent=2, ensure_ascii=False))
