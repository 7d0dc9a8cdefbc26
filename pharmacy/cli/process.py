"""The four kinds of process that a pharmacy runs. `./run up` starts one of each."""

import gc

import click

from pharmacy.cli.context import settings

BOTH = ("DATABASE_URL", "REDIS_URL")
GRACE = 3
"""Seconds that a request may outlive a signal to stop."""


@click.command()
def api() -> None:
    """
    Run the HTTP server on PHARMACY_HOST and PHARMACY_PORT until SIGTERM.

    It needs the database alone: prescriptions are accepted while Redis or Valkey is away.
    """
    import uvicorn

    from pharmacy.app import create_app
    from pharmacy.http.stopping import Server
    from pharmacy.infra import logs

    chosen = settings("DATABASE_URL", "PHARMACY_SECRET")
    logs.configure(chosen.log_level)
    app = create_app(chosen)
    config = uvicorn.Config(
        app,
        host=chosen.listen_host,
        port=chosen.listen_port,
        fd=chosen.listen_fd,
        timeout_graceful_shutdown=GRACE,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # evidence names the peer that we saw, not one that a header claims
        log_config=None,
    )
    _spare_the_collector()
    Server(config, app.state.news).run()


def _spare_the_collector() -> None:
    """
    Keep what was imported out of the garbage collector's reach: it stays until the end.

    Looking through all of it again and again held up every thirtieth page for half a second.
    """
    gc.collect()
    gc.freeze()


@click.command()
@click.option(
    "--concurrency",
    type=click.IntRange(1, 64),
    default=2,
    show_default=True,
    envvar="PHARMACY_CONCURRENCY",
    help="Jobs that it does at the same time.",
)
def worker(concurrency: int) -> None:
    """
    Run a worker until SIGTERM; a job that it is doing is finished first.

    Start as many as you like, on as many machines: each job is done by one. When Redis or Valkey
    is away it looks for owed jobs in the database.
    """
    from pharmacy.workers.app import start_worker

    settings(*BOTH)
    start_worker(concurrency=concurrency)


@click.command()
def relay() -> None:
    """Run the relay, which tells workers of jobs as they become owed. One is enough."""
    from pharmacy.workers.relay import start_relay

    settings(*BOTH)
    start_relay()


@click.command()
def beat() -> None:
    """Run the clock that starts periodic work. One is enough; two do no harm."""
    from pharmacy.workers.schedule import start_beat

    settings(*BOTH)
    start_beat()
