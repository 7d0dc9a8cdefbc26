"""Whether the process lives and whether it can do its work."""

from typing import Any

from litestar import Controller, get
from sqlalchemy import text

from pharmacy.http.dependencies import Db


class HealthController(Controller):
    """Asked by supervisors and load balancers; public, without detail."""

    path = "/health"
    tags = ["Health"]
    opt = {"public": True}

    @get("/live", sync_to_thread=False)
    def live(self) -> dict[str, Any]:
        return {"status": "live"}

    @get("/ready", sync_to_thread=True)
    def ready(self, db: Db) -> dict[str, Any]:
        with db.transaction() as session:
            session.execute(text("select 1"))
        return {"status": "ready"}
