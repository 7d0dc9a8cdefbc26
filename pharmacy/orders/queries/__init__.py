"""Reading orders: one by one, locked for a change, and as the queue."""

from pharmacy.orders.queries.capsules import (
    batch_requests,
    capsules_awaited,
    lock_waiting_for,
    open_lines,
)
from pharmacy.orders.queries.one import (
    OrderNotFound,
    containers,
    events,
    get,
    get_container,
    get_hold,
    get_picture,
    holds,
    last_event,
    lock,
    lock_open_of_patient,
    of_fill,
    open_holds,
    pictures,
)
from pharmacy.orders.queries.queue import (
    QueueFilter,
    QueueRow,
    lock_next,
    queue,
    rows_of,
    with_lots_out,
)

__all__ = [
    "OrderNotFound",
    "QueueFilter",
    "QueueRow",
    "batch_requests",
    "capsules_awaited",
    "containers",
    "events",
    "get",
    "get_container",
    "get_hold",
    "get_picture",
    "holds",
    "last_event",
    "lock",
    "lock_next",
    "lock_open_of_patient",
    "lock_waiting_for",
    "of_fill",
    "open_holds",
    "open_lines",
    "pictures",
    "queue",
    "rows_of",
    "with_lots_out",
]
