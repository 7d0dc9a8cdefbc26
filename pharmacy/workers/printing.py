"""Jobs at printers."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra.printers import Address, Delivery, Sender, deliver, sender
from pharmacy.kernel.jobs import JobKind
from pharmacy.printing import operations
from pharmacy.printing.operations import Errand
from pharmacy.settings import Settings
from pharmacy.workers.run import owed


class PrintCopy:
    """Sends one copy of a label to its printer, or asks for it where somebody died doing so."""

    def __init__(self, sender_for: Callable[[Errand], Sender] | None = None) -> None:
        self._sender_for = sender_for or _sender_for

    def begin(self, session: Session, ref_id: UUID, *, now: datetime) -> Errand | None:
        return operations.begin(session, ref_id, now=now)

    def act(self, errand: Errand) -> Delivery:
        return deliver(lambda: self._sender_for(errand), errand.document, only_ask=errand.only_ask)

    def end(
        self, session: Session, errand: Errand, outcome: Delivery, *, last: bool, now: datetime
    ) -> bool:
        return operations.end(session, errand.ref_id, errand.tries, outcome, last=last, now=now)


class PrintTest(PrintCopy):
    """Sends a test label to its printer, once."""

    def begin(self, session: Session, ref_id: UUID, *, now: datetime) -> Errand | None:
        return operations.begin_test(session, ref_id, now=now)

    def end(
        self, session: Session, errand: Errand, outcome: Delivery, *, last: bool, now: datetime
    ) -> bool:
        del last  # somebody waits for the answer: it is not tried again
        operations.end_test(session, errand.ref_id, outcome, now=now)
        return False


def _sender_for(errand: Errand) -> Sender:
    settings = Settings.of()
    return sender(
        Address.read(errand.address),
        networks=settings.printer_networks,
        folders=settings.print_folders,
        pinned_sha256=errand.pinned_sha256,
        ca_file=settings.printer_ca,
    )


owed(JobKind.PRINT_COPY)(PrintCopy())
owed(JobKind.PRINT_TEST)(PrintTest())
