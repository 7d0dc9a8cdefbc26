"""What every controller may ask for by name: `db`, `actor`, `now` and `settings`."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from pharmacy.infra.db import Database
from pharmacy.settings import Settings
from pharmacy.staff.rules import Actor

Clock = Callable[[], datetime]

Db = NamedDependency[SkipValidation[Database]]
"""Parameter `db`: gives out the one transaction of a call."""
CurrentActor = NamedDependency[SkipValidation[Actor]]
"""Parameter `actor`: who is asking. Only on routes that are not public."""
Now = NamedDependency[SkipValidation[datetime]]
"""Parameter `now`: the instant of this call, aware, UTC."""
Peer = NamedDependency[str]
"""Parameter `peer`: the IP address that the request comes from, behind proxies that we trust."""
CurrentSettings = NamedDependency[SkipValidation[Settings]]
"""Parameter `settings`: the environment of this process."""


def system_clock() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def current_actor(request: Request[Any, Any, Any]) -> Actor:
    """Return who is asking, as the guard found out."""
    return cast("Actor", request.user)
