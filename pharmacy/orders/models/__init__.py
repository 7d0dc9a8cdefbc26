"""Tables of orders, holds, events, containers and batch requests."""

from pharmacy.orders.models.filling import BatchRequest, Container, OrderPicture
from pharmacy.orders.models.leaving import HandOver
from pharmacy.orders.models.order import RX_NUMBERS, Order, OrderEvent
from pharmacy.orders.models.own_views import QueueView
from pharmacy.orders.models.reasons import ReasonCode
from pharmacy.orders.models.waiting import Clarification, Hold

__all__ = [
    "RX_NUMBERS",
    "BatchRequest",
    "Clarification",
    "Container",
    "HandOver",
    "Hold",
    "Order",
    "OrderEvent",
    "OrderPicture",
    "QueueView",
    "ReasonCode",
]
