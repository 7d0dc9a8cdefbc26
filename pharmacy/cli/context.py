"""What every command needs: settings, a database, and refusals in words instead of tracebacks."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pharmacy.embedded.processes import ServerTrouble
from pharmacy.kernel.refusals import Refusal
from pharmacy.local.state import Servers, StateFolder, running_stack
from pharmacy.settings import SettingMissing, Settings

if TYPE_CHECKING:  # at run time it is imported by whoever asks for one: it takes 0.3 s
    from pharmacy.infra.db import Database

REFUSED = 1
NOT_SET_UP = 2


def settings(*needs: str) -> Settings:
    """
    Return the environment, completed by what `./run up` is running in this folder, if it is.

    Args:
        needs: Variables without which the command cannot work. Default: DATABASE_URL alone.
    """
    environ = dict(os.environ)
    if not environ.get("DATABASE_URL") and not environ.get("REDIS_URL"):
        environ |= running_stack(local_state().path)
    return Settings.of(environ, needs=needs or ("DATABASE_URL",))


def database() -> "Database":
    """Return the database, with a small pool, closed when the command ends."""
    from pharmacy.infra.db import Database

    opened = Database(settings().database_url, pool_size=2)
    click.get_current_context().call_on_close(opened.close)
    return opened


def local_state() -> StateFolder:
    """Return the folder of the stack that is run in this checkout."""
    return StateFolder(Path(os.environ.get("PHARMACY_STATE_DIR") or ".var").absolute())


def chosen_servers() -> Servers | None:
    """
    Return the servers that the environment names, or None when it names none.

    Raises:
        SettingMissing: It names one of the two; ours beside somebody else's would surprise.
    """
    named = [os.environ.get(name, "") for name in ("DATABASE_URL", "REDIS_URL")]
    if not any(named):
        return None
    chosen = settings("DATABASE_URL", "REDIS_URL")
    return Servers(chosen.database_url, chosen.redis_url)


@contextmanager
def refusing_in_words() -> Iterator[None]:
    """Turn a refusal into its code, words and remedy on stderr, and an exit status."""
    try:
        yield
    except ServerTrouble as trouble:
        click.echo(str(trouble), err=True)
        sys.exit(REFUSED)
    except Refusal as refusal:
        click.echo(f"{refusal.code}: {refusal}", err=True)
        for name, fact in refusal.facts.items():
            click.echo(f"  {name}: {fact}", err=True)
        if refusal.remedy:
            click.echo(refusal.remedy, err=True)
        sys.exit(NOT_SET_UP if isinstance(refusal, SettingMissing) else REFUSED)
