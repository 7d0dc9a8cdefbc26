"""The only place that wires HTTP together."""

from typing import Final

from litestar import Controller, Litestar

from pharmacy.api.health import HealthController
from pharmacy.api.staff import MeController
from pharmacy.http import dependencies, problems
from pharmacy.http.dependencies import Clock, system_clock
from pharmacy.http.guards import guard
from pharmacy.infra.db import Database
from pharmacy.settings import Settings

CONTROLLERS: Final[list[type[Controller]]] = [
    HealthController,
    MeController,
]


def create_app(
    settings: Settings, *, database: Database | None = None, clock: Clock | None = None
) -> Litestar:
    """Build the application. Tests give a database and a clock of their own."""
    db = database or Database(settings.database_url)
    now = clock or system_clock
    return Litestar(
        route_handlers=CONTROLLERS,
        dependencies=dependencies.provide(db, now),
        guards=[guard(db, now, pepper=settings.secret)],
        exception_handlers=problems.HANDLERS,
        on_shutdown=[] if database else [db.close],
    )
