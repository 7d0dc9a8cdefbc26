"""Whether the next fill is due and allowed, and turning it into an order."""
