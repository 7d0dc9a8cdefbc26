"""Whether the process lives and whether it can do its work."""

from typing import Annotated

import msgspec
from litestar import Controller, MediaType, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from pharmacy.http.dependencies import Db
from pharmacy.infra import jobs, schema
from pharmacy.infra.metrics import Metrics
from pharmacy.kernel.refusals import Unavailable


class SchemaNotNewest(Unavailable):
    """The database has another schema than this code was written for."""

    code = "schema-not-newest"
    remedy = "Run `pharmacy migrate`, or wait until it is through."


class LiveView(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Annotated[str, msgspec.Meta(examples=["live"])]


class ReadyView(msgspec.Struct, frozen=True):
    """The process can do its work."""

    status: Annotated[str, msgspec.Meta(examples=["ready"])]
    oldest_job_seconds: int
    """How long the job that waits longest could have run already; grows when workers are late."""


class HealthController(Controller):
    """Asked by supervisors and load balancers; public, without detail."""

    path = "/health"
    tags = ["Health"]
    opt = {"public": True}

    @get("/live", sync_to_thread=False)
    def live(self) -> LiveView:
        """Say that the process answers."""
        return LiveView("live")

    @get("/ready", sync_to_thread=True)
    def ready(self, db: Db) -> ReadyView:
        """Say that the database answers and has the schema that this code wants; 503 if not."""
        with db.transaction() as session:
            if schema.present(session) != schema.newest():
                raise SchemaNotNewest("the database's schema is not this program's")
            waiting = jobs.backlog(session).oldest_due
        return ReadyView("ready", int(waiting.total_seconds()))


class MetricsController(Controller):
    """Prometheus asks here. Keep it inside: a proxy need not pass it on."""

    path = "/metrics"
    tags = ["Health"]
    opt = {"public": True}

    @get("/", media_type=MediaType.TEXT, sync_to_thread=True)
    def metrics(self, metrics: NamedDependency[SkipValidation[Metrics]]) -> str:
        """Return counters by route template and kind of job, without anything of a person."""
        return metrics.page().decode()
