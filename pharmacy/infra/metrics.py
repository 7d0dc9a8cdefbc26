"""Numbers for Prometheus: by route template and kind of job, never by person, order or path."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlalchemy.orm import Session

from pharmacy.infra import record_checks
from pharmacy.infra.db import Database

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

JOBS: Final = text(
    "select kind, state, count(*) as jobs,"
    " coalesce(extract(epoch from now() - min(run_at)), 0) as oldest"
    " from jobs where state <> 'done' group by kind, state"
)
UNSEALED: Final = text(
    "select count(*) as entries, coalesce(extract(epoch from now() - min(at)), 0) as oldest"
    " from audit_entries where seal_seq is null"
)
IDLE_TRANSACTIONS: Final = text(
    "select count(*) from pg_stat_activity where state = 'idle in transaction'"
    " and datname = current_database() and state_change < now() - interval '1 minute'"
)


class Metrics:
    """What this process counts, and what it asks the database for when it is scraped."""

    def __init__(self, database: Database) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "pharmacy_requests",
            "Requests answered.",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "pharmacy_request_seconds",
            "How long answers took.",
            ("method", "route"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.registry.register(_Owed(database))

    def answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)

    def page(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


class _Owed(Collector):
    """Work that is owed and audit entries that are not sealed, as the database knows them."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterator[Metric]:
        with self.database.transaction() as session:
            yield from _jobs(session)
            yield from _audit(session)
            yield from _check(session)


def _jobs(session: Session) -> Iterator[Metric]:
    count = GaugeMetricFamily("pharmacy_jobs", "Jobs not done.", labels=("kind", "state"))
    oldest = GaugeMetricFamily(
        "pharmacy_jobs_oldest_seconds", "Age of the oldest such job.", labels=("kind", "state")
    )
    for row in session.execute(JOBS):
        count.add_metric((row.kind, row.state), row.jobs)
        oldest.add_metric((row.kind, row.state), max(0, row.oldest))
    yield count
    yield oldest


def _audit(session: Session) -> Iterator[Metric]:
    row = session.execute(UNSEALED).one()
    yield GaugeMetricFamily(
        "pharmacy_audit_unsealed", "Audit entries that no seal covers yet.", row.entries
    )
    yield GaugeMetricFamily(
        "pharmacy_audit_unsealed_oldest_seconds", "Age of the oldest.", max(0, row.oldest)
    )
    yield GaugeMetricFamily(
        "pharmacy_idle_transactions",
        "Transactions that do nothing for a minute.",
        session.scalar(IDLE_TRANSACTIONS) or 0,
    )


def _check(session: Session) -> Iterator[Metric]:
    last = record_checks.latest(session)
    if last is None:
        return
    age = datetime.now(UTC) - last.checked_at
    yield GaugeMetricFamily(
        "pharmacy_invariants_broken",
        "Invariants that the last check found broken.",
        len(last.broken),
    )
    yield GaugeMetricFamily(
        "pharmacy_invariants_checked_seconds", "Age of the last check.", max(0, age.total_seconds())
    )
