"""The kinds of work that the pharmacy owes itself. A job carries a kind and an id, nothing else."""

from enum import StrEnum


class JobKind(StrEnum):
    """What a job does; the value is also the name of its Celery task."""

    CHECK_ORDER = "orders.check"
    """Prescriber check, screening and strength plan of one order. ref: order."""
    RENDER_LABELS = "labels.render"
    """Every container label and the leaflet of one order. ref: order."""
    PRINT_COPY = "printing.print_copy"
    """Send one copy of a label to its printer. ref: label copy."""
    PRINT_TEST = "printing.print_test"
    """Send a test label to its printer. ref: test label."""
    SCHEDULE_REFILL = "refills.schedule"
    """Work out the next fill's window after one order. ref: order."""
    IMPORT_REGISTRY = "registries.import"
    """Read an uploaded file of a public registry, stretch by stretch. ref: registry upload."""
    DRAW_LETTERS = "recalls.draw_letters"
    """Draw the letters of a recall that were not drawn at once. ref: recall."""
    VERIFY_AUDIT = "audit.verify"
    """Walk the audit's chain of seals, stretch by stretch. ref: audit walk."""
