"""The print agent from the command line."""

import json
from pathlib import Path

import click

from pharmacy.settings import Settings


@click.command("print-agent")
@click.option("--server", required=True, help="The server's address: https://…")
@click.option(
    "--key-file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Holds the key that was shown at enrolment.",
)
@click.option(
    "--server-key",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Holds the server's key (a JWK) that was shown at enrolment.",
)
@click.option(
    "--server-ca",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Authorities (PEM) that may vouch for the server, instead of the public ones.",
)
def print_agent(server: str, key_file: Path, server_key: Path, server_ca: Path | None) -> None:
    """
    Print for a server that is elsewhere, on printers of this place, until Ctrl-C.

    It opens no port: it asks the server over TLS every two seconds. It prints only what the server
    signed, only on printers in PHARMACY_PRINTER_NETWORKS, and each copy at most once. What it has
    sent and could not yet tell stands in print-agent.sqlite, in PHARMACY_STATE_DIR: keep that file.

    \b
    Example:
      pharmacy print-agent --server https://pharmacy.example --key-file agent.key \\
          --server-key server.jwk
    """
    from pharmacy.infra import logs
    from pharmacy.local.print_agent import Agent, client_for
    from pharmacy.local.print_journal import Journal

    chosen = Settings.of(needs=())
    logs.configure(chosen.log_level)
    with client_for(server, key_file.read_text().strip(), ca_file=server_ca) as client:
        agent = Agent(
            client,
            json.loads(server_key.read_text()),
            chosen.printer_networks,
            chosen.print_folders,
            Journal(chosen.print_folders.with_name("print-agent.sqlite")),
            printer_ca=chosen.printer_ca,
        )
        if withheld := agent.journal.withheld():
            click.echo(f"The server refused {withheld} outcomes; they are kept and told again.")
        try:
            agent.run()
        except KeyboardInterrupt:
            click.echo("Stopped.")
