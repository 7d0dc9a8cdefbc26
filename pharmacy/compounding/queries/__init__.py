"""Reading what lies ready for compounding, and the records of batches."""

from pharmacy.compounding.queries.at_hand import bench, bench_of
from pharmacy.compounding.queries.batches import (
    BatchNotFound,
    balances,
    batches,
    capsules_coming,
    counting,
    events,
    get,
    get_balance,
    investigations,
    last_tests,
    lock,
    lock_weighing,
    most_dispensed,
    open_investigation,
    weighings,
    weights,
)

__all__ = [
    "BatchNotFound",
    "balances",
    "batches",
    "bench",
    "bench_of",
    "capsules_coming",
    "counting",
    "events",
    "get",
    "get_balance",
    "investigations",
    "last_tests",
    "lock",
    "lock_weighing",
    "most_dispensed",
    "open_investigation",
    "weighings",
    "weights",
]
