"""What every command needs: settings, a database, and refusals in words instead of tracebacks."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import click

from pharmacy.embedded.processes import ServerTrouble
from pharmacy.kernel.refusals import Invalid, Refusal, Unavailable
from pharmacy.local.state import Servers, StateFolder, running_stack
from pharmacy.settings import SettingMissing, Settings

if TYPE_CHECKING:  # at run time it is imported by whoever asks for one: it takes 0.3 s
    from pharmacy.infra.db import Database

REFUSED = 1
NOT_SET_UP = 2
USUAL_PORT = 8000
SCHEMES = {
    "DATABASE_URL": ("postgresql", "postgres"),
    "REDIS_URL": ("redis", "rediss", "unix"),
}


class SettingWrong(Invalid):
    """An environment variable does not say what it should."""

    code = "setting-wrong"
    remedy = (
        "Write postgresql://user:password@host:5432/database and redis://:password@host:6379/0, "
        "with % and two digits for a sign that has a meaning in URLs."
    )


class DatabaseAway(Unavailable):
    """The database that DATABASE_URL names lets nobody in."""

    code = "database-away"
    remedy = "Check DATABASE_URL, and that the server runs and has this database and this user."


class NotMigrated(Unavailable):
    """The database answers, and lacks tables."""

    code = "not-migrated"
    remedy = "Run `pharmacy migrate` first."


def settings(*needs: str) -> Settings:
    """
    Return the environment, completed by what `./run up` is running in this folder, if it is.

    Args:
        needs: Variables without which the command cannot work. Default: DATABASE_URL alone.
    """
    environ = dict(os.environ)
    if not environ.get("DATABASE_URL") and not environ.get("REDIS_URL"):
        environ |= running_stack(local_state().path)
    for name, schemes in SCHEMES.items():
        _require_url(name, environ.get(name, ""), schemes)
    return Settings.of(environ, needs=needs or ("DATABASE_URL",))


def database() -> "Database":
    """Return the database, with a small pool, closed when the command ends."""
    from pharmacy.infra.db import Database

    opened = Database(settings().database_url, pool_size=2)
    click.get_current_context().call_on_close(opened.close)
    return opened


def drawing_database() -> "Database":
    """Return the database for a command that draws: with the fonts that stand in for our own."""
    from pharmacy.labels.pdf import fonts

    fonts.fall_back_on(settings().fallback_fonts)
    return database()


def local_state() -> StateFolder:
    """Return the folder of the stack that is run in this checkout."""
    return StateFolder(Path(os.environ.get("PHARMACY_STATE_DIR") or ".var").absolute())


def local_url() -> str:
    """Return where the API of the stack is that runs in this checkout, or would be."""
    return f"http://127.0.0.1:{running_stack(local_state().path).get('PHARMACY_PORT', USUAL_PORT)}"


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
        _tell(refusal)
    except Exception as error:
        refusal_of_database = _of_database(error)
        if refusal_of_database is None:
            raise
        _tell(refusal_of_database)


def _tell(refusal: Refusal) -> NoReturn:
    click.echo(f"{refusal.code}: {refusal}", err=True)
    for name, fact in refusal.facts.items():
        click.echo(f"  {name}: {fact}", err=True)
    if refusal.remedy:
        click.echo(refusal.remedy, err=True)
    sys.exit(NOT_SET_UP if isinstance(refusal, SettingMissing | SettingWrong) else REFUSED)


def _require_url(name: str, url: str, schemes: tuple[str, ...]) -> None:
    """Raise SettingWrong, without repeating the URL, which may hold a password."""
    try:
        parts = urlsplit(url)
        is_right = not url or (parts.scheme in schemes and parts.port != 0)
    except ValueError:
        is_right = False
    if not is_right:
        raise SettingWrong(f"{name} is not a URL that begins with {schemes[0]}://")


def _of_database(error: Exception) -> Refusal | None:
    """Return what an error says of the whole database, if it does, and not of one row."""
    from psycopg.errors import UndefinedColumn, UndefinedTable
    from sqlalchemy.exc import DBAPIError, OperationalError

    if not isinstance(error, DBAPIError):
        return None
    if isinstance(error.orig, UndefinedTable | UndefinedColumn):
        return NotMigrated("the database lacks tables that this version needs")
    is_connection = isinstance(error, OperationalError) and error.statement is None
    return DatabaseAway(str(error.orig).strip()) if is_connection else None
