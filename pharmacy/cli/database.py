"""`pharmacy migrate`."""

import click

from pharmacy.cli.context import settings
from pharmacy.local.migrations import migrate as bring_up_to_date


@click.command()
def migrate() -> None:
    """
    Bring the database to the newest schema.

    Run it before the new version's processes start; two who run it at once take turns. It never
    empties anything, and refuses a database that holds the tables of something else.

    \b
      DATABASE_URL=postgresql://pharmacy@db/pharmacy pharmacy migrate
    """
    bring_up_to_date(settings().database_url)
    click.echo("The database has the newest schema.")
