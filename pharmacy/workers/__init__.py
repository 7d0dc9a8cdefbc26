"""Celery tasks (thin), the relay that wakes them, the sweep and the schedule."""
