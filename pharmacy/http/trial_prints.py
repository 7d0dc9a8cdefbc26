"""A test label: printed while somebody waits, outside of the ledger, naming nobody."""

from datetime import datetime
from uuid import UUID

from pharmacy.infra.db import Database
from pharmacy.infra.printers import Address, Delivery, Document, sender
from pharmacy.kernel import ids
from pharmacy.labels.pdf import test_page
from pharmacy.practice import queries as practice
from pharmacy.practice.rules import local_date
from pharmacy.printing import operations, queries
from pharmacy.printing.operations.sending import PAPER
from pharmacy.settings import Settings


def print_test_label(
    db: Database, printer_id: UUID, *, settings: Settings, now: datetime
) -> Delivery:
    """
    Print a test label and remember how the printer is. No transaction is open while it prints.

    Raises:
        PrinterNotFound, SiteMissing, AddressForbidden.
    """
    with db.transaction() as session:
        printer = queries.printer(session, printer_id)
        address, pinned, paper = printer.address, printer.pinned_sha256, PAPER[printer.stock]
        today = local_date(now, practice.site(session).time_zone)
        document = Document(
            name=ids.encode("tst", ids.new_id()),
            content=test_page(printer.name, on=f"{today:%d %b %Y}", inches=paper),
            media_type="application/pdf",
            size=paper,
        )
    delivery = sender(
        Address.read(address),
        networks=settings.printer_networks,
        folders=settings.print_folders,
        pinned_sha256=pinned,
    ).send(document)
    with db.transaction() as session:
        operations.heard_of(
            session,
            printer_id,
            delivery.reasons,
            printed=delivery.certainty == "printed",
            now=now,
        )
    return delivery
