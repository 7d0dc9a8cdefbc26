"""`pharmacy up`: the whole pharmacy on this machine."""

import click

from pharmacy.cli.context import USUAL_PORT, chosen_servers, local_state
from pharmacy.local.stack import Stack, free_port, signals_interrupt

PATIENCE = 5.0
WELCOME = """
Nobody has an account here yet. In another terminal, in this folder:
  ./run policy site --help       describe the pharmacy, as labels name it
  ./run staff first-admin        make the first administrator
docs/operate.md goes on from there to the first prescription, in lines to paste."""


@click.command()
@click.option("--port", type=click.IntRange(1, 65535), help="Default: 8000 or the next free one.")
def up(port: int | None) -> None:
    """
    Serve the API and its pages on this machine until Ctrl-C.

    It starts a PostgreSQL and a Valkey of its own and keeps their data between runs, in .var/ or
    in PHARMACY_STATE_DIR. Where DATABASE_URL and REDIS_URL are set it uses those servers.

    \b
      ./run up
      ./run up --port 9000
      DATABASE_URL=postgresql://… REDIS_URL=redis://… ./run up
    """
    state, servers = local_state(), chosen_servers()
    with signals_interrupt():
        patience = PATIENCE if state.was_interrupted() else 0
        stack = Stack(
            state,
            port or free_port(first=USUAL_PORT, patience=patience),
            servers,
            tell=click.echo,
        )
        try:
            stack.start()
            where = "the servers that you named" if servers else state.servers
            click.echo(f"\nThe pharmacy is open: {stack.url}   API and its pages: {stack.url}/docs")
            click.echo(f"Data: {where}\nLogs: {state.path / 'logs'}\nStop it with Ctrl-C.")
            if stack.has_no_accounts():
                click.echo(WELCOME)
            stack.watch()
        except KeyboardInterrupt:
            click.echo("\nStopping; a job that is being done is finished first.")
        finally:
            stack.stop()
        click.echo("Stopped. Nothing is left running.")
