"""
What goes wrong with printers, and what must be known of a label afterwards. The same table holds
for whoever sends, a worker or an agent.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import text

from pharmacy.invariants import copies as copies_invariants
from pharmacy.local.printer import Fault
from pharmacy.orders.models import Order
from pharmacy.printing import operations, queries
from pharmacy.printing.models import LabelCopy, Printer
from pharmacy.printing.rules import CopyState, ReprintReason, Resolution
from tests.factories.orders import Bench
from tests.factories.printing import furnish, printed

S = CopyState
ROUNDS: Final = 17
"""Of an order with three labels: 51 labels for each fault."""


class Known(NamedTuple):
    """What is known of a label after one try, and what came out of the printer."""

    state: CopyState
    sheets: int
    reasons: list[str]

    @property
    def in_the_end(self) -> int:
        """
        Return how often it comes out, once what was not sent is sent again and there is paper.
        Of what nobody knows, nothing more does: a person looks.
        """
        return self.sheets if self.state is S.UNKNOWN else max(1, self.sheets)


AT_AN_IPP_PRINTER: Final = {
    Fault.NONE: Known(S.PRINTED, 1, []),
    Fault.REFUSES: Known(S.QUEUED, 0, ["connection-lost"]),
    Fault.HALF_READS: Known(S.UNKNOWN, 0, ["job-not-found"]),
    Fault.DROPS_BEFORE_ANSWERING: Known(S.PRINTED, 1, []),
    Fault.PAPER_OUT: Known(S.SENT, 0, ["media-empty"]),
    Fault.PRINTS_TWICE: Known(S.PRINTED, 2, []),
    Fault.BUSY: Known(S.QUEUED, 0, ["busy"]),
    Fault.WRONG_FORMAT: Known(S.QUEUED, 0, ["document-format-not-supported"]),
}
AT_A_LABEL_PRINTER: Final = {
    Fault.NONE: Known(S.SENT, 1, []),
    Fault.REFUSES: Known(S.QUEUED, 0, ["silent"]),
    Fault.HALF_READS: Known(S.UNKNOWN, 0, ["silent"]),
    Fault.DROPS_BEFORE_ANSWERING: Known(S.UNKNOWN, 1, ["silent"]),
    Fault.PAPER_OUT: Known(S.QUEUED, 0, ["media-empty"]),
    Fault.PRINTS_TWICE: Known(S.SENT, 2, []),
}


def batches(bench: Bench, order: Order, printer: Printer) -> Iterator[list[LabelCopy]]:
    """Yield an order's three labels, then other copies of them, once those before are settled."""
    furnish(bench.session, printer)
    copies = printed(bench, order)
    for number in range(ROUNDS):
        if number:
            copies = [
                operations.reprint(
                    bench.session,
                    copy.label_id,
                    reason=ReprintReason.DAMAGED,
                    printer=printer,
                    by=bench.technician,
                    now=bench.now,
                )
                for copy in copies
            ]
        yield copies


def ask_a_person(bench: Bench, copies: list[LabelCopy], known: Known) -> None:
    """See that whoever is at the printers is asked of each label, and answer."""
    asked = {each.copy.id for each in queries.unconfirmed(bench.session, limit=10)}
    assert {copy.id for copy in copies} <= asked
    found = Resolution.IN_HAND if known.sheets else Resolution.NOT_THERE
    for copy in copies:
        operations.resolve(bench.session, copy.id, found, by=bench.technician, now=bench.now)


def require_sound(bench: Bench) -> None:
    """See that what must always hold of copies held."""
    for invariant in copies_invariants.INVARIANTS:
        assert bench.session.execute(text(invariant.sql)).all() == [], invariant.name
