"""`pharmacy demo`: the whole path, on servers of its own."""

from pathlib import Path

import click

from pharmacy.cli.context import chosen_servers
from pharmacy.local.stack import signals_interrupt

INTERRUPTED = 130


@click.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("demo-output"),
    show_default=True,
    help="Where labels and leaflet are written.",
)
@click.option(
    "--use-named-servers",
    is_flag=True,
    help="Load the fiction into the EMPTY database that DATABASE_URL names, and leave it there.",
)
def demo(output: Path, use_named_servers: bool) -> None:
    """
    Walk one fictional prescription from a clinic's signature to labels, leaflet and refill.

    It starts a PostgreSQL and a Valkey of its own, and API, worker, relay and clock; plays clinic,
    pharmacists and technician at the public API; writes PDFs; and stops all that it started. It
    never touches a database that it did not make, unless you name an empty one and say so.

    \b
      ./run demo
      ./run demo --output /tmp/labels
      DATABASE_URL=… REDIS_URL=… ./run demo --use-named-servers
    """
    from pharmacy.local.demo.running import run
    from pharmacy.local.demo.telling import Teller

    servers = chosen_servers() if use_named_servers else None
    if use_named_servers and servers is None:
        raise click.UsageError("--use-named-servers needs DATABASE_URL and REDIS_URL")
    teller = Teller()
    with signals_interrupt():
        try:
            run(output, servers, teller)
        except KeyboardInterrupt:
            click.echo("\nInterrupted. Nothing is left running.")
            raise SystemExit(INTERRUPTED) from None
    _tell_of(output, teller.seconds)


def _tell_of(output: Path, seconds: float) -> None:
    """Say what there is to look at, and what to try next."""
    click.echo(f"\nDone in {seconds:.1f} s. To look at, in {output.resolve()}:")
    for path in sorted(output.iterdir()):
        click.echo(f"  {path.name:<24} {path.stat().st_size / 1024:6.1f} KiB")
    click.echo(
        "\nTry next:\n"
        "  ./run up                        serve API and pages on this machine, data kept\n"
        "  ./run staff first-admin         in another terminal: the first account\n"
        "  ./run sign --help               sign and submit a prescription as a clinic would\n"
        "  ./run help                      everything that an operator does"
    )
