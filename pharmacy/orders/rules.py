"""The life of an order in one table: which move is legal, from where, and who may make it."""

from enum import StrEnum


class Status(StrEnum):
    """Where an order stands. Each status has one owner and one next action."""

    RECEIVED = "received"
    REVIEW = "review"
    PLANNED = "planned"
    COMPOUNDING = "compounding"
    LABELING = "labeling"
    FINAL_CHECK = "final-check"
    READY = "ready"
    HANDED_OVER = "handed-over"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    RETURNED = "returned"
    RECALLED = "recalled"
