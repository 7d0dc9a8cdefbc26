"""Whether the process lives and whether it can do its work."""

import hmac
from typing import Annotated, Any

import msgspec
from litestar import Controller, MediaType, Request, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from pharmacy.http.dependencies import CurrentSettings, Db
from pharmacy.http.peers import is_known_way, peer_of
from pharmacy.infra import jobs, schema
from pharmacy.infra.metrics import Metrics
from pharmacy.kernel.refusals import NotPermitted, Unavailable
from pharmacy.settings import Settings


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


class MetricsForbidden(NotPermitted):
    """Figures of the pharmacy are for its own monitoring."""

    code = "metrics-forbidden"
    remedy = (
        "Read them from a network of PHARMACY_METRICS_NETWORKS, or send the bearer token of "
        "PHARMACY_METRICS_TOKEN where one is set."
    )


class MetricsController(Controller):
    """Prometheus asks here: from a network of the pharmacy's own, or with a token."""

    path = "/metrics"
    tags = ["Health"]
    opt = {"public": True}

    @get("/", media_type=MediaType.TEXT, sync_to_thread=True)
    def metrics(
        self,
        request: Request[Any, Any, Any],
        metrics: NamedDependency[SkipValidation[Metrics]],
        settings: CurrentSettings,
    ) -> str:
        """Return counters by route template and kind of job, without anything of a person."""
        if not _may_read(request, settings):
            raise MetricsForbidden("the figures are not for whoever asks from there")
        return metrics.page().decode()


def _may_read(request: Request[Any, Any, Any], settings: Settings) -> bool:
    """Ask for the token where one is set; else believe an address, but no proxy we do not know."""
    if settings.metrics_token:
        shown = request.headers.get("authorization", "")
        return hmac.compare_digest(shown.encode(), f"Bearer {settings.metrics_token}".encode())
    return is_known_way(request, settings) and settings.metrics_networks.holds(
        peer_of(request, settings)
    )
