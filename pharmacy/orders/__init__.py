"""The life of an order, from received to handed over; holds, claims, containers."""
