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
def print_agent(server: str, key_file: Path, server_key: Path) -> None:
    """
    Print for a server that is elsewhere, on printers of this place, until Ctrl-C.

    It opens no port: it asks the server over TLS every two seconds. It prints only what the server
    signed, only on printers in PHARMACY_PRINTER_NETWORKS, and each copy at most once.

    \b
    Example:
      pharmacy print-agent --server https://pharmacy.example --key-file agent.key \\
          --server-key server.jwk
    """
    from pharmacy.infra import logs
    from pharmacy.local.print_agent import Agent, client_for

    chosen = Settings.of(needs=())
    logs.configure(chosen.log_level)
    with client_for(server, key_file.read_text().strip()) as client:
        agent = Agent(
            client,
            json.loads(server_key.read_text()),
            chosen.printer_networks,
            chosen.print_folders,
        )
        try:
            agent.run()
        except KeyboardInterrupt:
            click.echo("Stopped.")
