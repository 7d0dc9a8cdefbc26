"""What an order may go through: its moves, its holds, whose turn it is, and when it may leave."""

from pharmacy.orders.rules.holds import Origin, Owner
from pharmacy.orders.rules.life import MOVES, OPEN, Action, Status, next_status

__all__ = ["MOVES", "OPEN", "Action", "Origin", "Owner", "Status", "next_status"]
