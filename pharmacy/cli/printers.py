"""Printers from the command line."""

from datetime import UTC, datetime

import click

from pharmacy.cli.context import database, settings


@click.group()
def printers() -> None:
    """
    Printers, and where the labels of a workplace come out.

    \b
    Examples:
      pharmacy printers add 'Bench 1 labels' ipp://10.20.0.7:631/ipp/print
      pharmacy printers add 'Bench 1 labels' raw://10.20.0.8:9100 --language zpl --stock 4x2
      pharmacy printers add 'Branch labels' ipp://10.9.0.4:631/ipp/print --agent 'Branch'
      pharmacy printers workplace bench-1 --labels 'Bench 1 labels'
      pharmacy printers list
    """


@printers.command("list")
def listing() -> None:
    """List the printers that are in use, how they are, and what is not confirmed."""
    from pharmacy.printing import queries
    from pharmacy.printing.rules.troubles import in_words

    with database().transaction() as session:
        for printer in queries.printers(session):
            state = "; ".join(in_words(each) for each in printer.troubles) or "well"
            heard = f"{printer.heard_at:%Y-%m-%d %H:%M}Z" if printer.heard_at else "never heard of"
            click.echo(f"{printer.name:<24} {printer.address:<40} {heard:<18} {state}")
        for place in queries.workstations(session):
            click.echo(f"workplace {place.name}")
        click.echo(f"{queries.unconfirmed_count(session)} labels are not confirmed by a scan.")


@printers.command()
@click.argument("name")
@click.argument("address")
@click.option("--language", type=click.Choice(["pdf", "zpl"]), default="pdf", show_default=True)
@click.option("--dpi", type=click.Choice(["203", "300"]), default="203", show_default=True)
@click.option(
    "--stock",
    type=click.Choice(["4x2", "4x6", "2.25x4", "letter"]),
    default="4x2",
    show_default=True,
    help="Width and height of its labels in inches; letter: for leaflets.",
)
@click.option("--agent", help="The print agent that reaches it, where this server cannot.")
def add(name: str, address: str, *, language: str, dpi: str, stock: str, agent: str | None) -> None:
    """
    Add a printer: ipp://, ipps://, raw://HOST:9100 or folder:NAME.

    Its address must lie in a network of PHARMACY_PRINTER_NETWORKS (default: this machine), of the
    agent's own where one is named.
    """
    from pharmacy.labels.drawing import Language
    from pharmacy.printing import operations, queries
    from pharmacy.staff.rules import OPERATOR

    chosen = settings("DATABASE_URL")
    with database().transaction() as session:
        printer = operations.add_printer(
            session,
            name=name,
            address=address,
            language=Language(language),
            dpi=int(dpi),
            stock=stock,
            networks=chosen.printer_networks,
            agent_id=queries.agent_named(session, agent).id if agent else None,
            by=OPERATOR,
            now=datetime.now(UTC),
        )
        through = f", printed through {agent}" if agent else ""
        click.echo(f"{printer.name} is added: {printer.address}{through}")


@printers.command()
@click.argument("name")
def retire(name: str) -> None:
    """Take a printer out of use; its past stays."""
    from pharmacy.printing import operations, queries
    from pharmacy.staff.rules import OPERATOR

    with database().transaction() as session:
        printer = queries.printer_named(session, name)
        operations.retire_printer(session, printer.id, by=OPERATOR, now=datetime.now(UTC))
        click.echo(f"{printer.name} is retired.")


@printers.command()
@click.argument("place")
@click.option("--labels", help="The printer of its labels.")
@click.option("--pages", help="The printer of its leaflets.")
def workplace(place: str, labels: str | None, pages: str | None) -> None:
    """Say where the labels and leaflets of a workplace come out."""
    from pharmacy.printing import operations, queries
    from pharmacy.staff.rules import OPERATOR

    with database().transaction() as session:
        operations.set_workstation(
            session,
            place,
            label_printer=queries.printer_named(session, labels) if labels else None,
            page_printer=queries.printer_named(session, pages) if pages else None,
            by=OPERATOR,
            now=datetime.now(UTC),
        )
        click.echo(f"{place}: labels on {labels or 'nothing'}, leaflets on {pages or 'nothing'}.")
