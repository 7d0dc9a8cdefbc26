"""What a printer's answers mean: only what was refused before there was a job may be sent again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pharmacy.infra.printers import (
    Address,
    AddressForbidden,
    Certainty,
    Delivery,
    Document,
    Networks,
    Sender,
    ipp,
    sender,
)
from pharmacy.infra.printers import ipp_message as m
from pharmacy.local.printer import Fault, IppPrinterSimulator
from tests.factories.printing import LOOPBACK

pytestmark = pytest.mark.usefixtures("impatient")
LABEL = Document("cpy_of_a_test", b"%PDF-1.4", "application/pdf", (4, 2))


class Odd(IppPrinterSimulator):
    """Prints, and then says something else."""

    def __init__(self, *, status: int = 0, state: int = ipp.COMPLETED, sheets: int = 1) -> None:
        super().__init__()
        self.status, self.state, self.sheets = status, state, sheets

    def _print(self, request: m.Message, fault: Fault) -> bytes:
        answer = super()._print(request, fault)
        self.jobs[-1].state, self.jobs[-1].sheets = self.state, self.sheets
        return self._told(self.status, request) if self.status else answer

    _answers = IppPrinterSimulator._answers | {ipp.PRINT_JOB: _print}


def at(printer: IppPrinterSimulator) -> Sender:
    return sender(Address.read(printer.address), networks=LOOPBACK, folders=None)  # type: ignore[arg-type]


@pytest.mark.parametrize("state", [ipp.ABORTED, ipp.CANCELED])
def test_a_job_that_was_given_up_without_a_count_may_be_on_paper(state: int) -> None:
    with Odd(state=state, sheets=0) as printer:
        assert at(printer).send(LABEL).certainty is Certainty.UNKNOWN


@pytest.mark.parametrize("status", [0x0500, 0x0508])
def test_an_error_after_the_job_was_made_does_not_undo_it(status: int) -> None:
    with Odd(status=status) as printer:
        assert at(printer).send(LABEL).certainty is Certainty.PRINTED


@pytest.mark.parametrize("fault", [Fault.BUSY, Fault.WRONG_FORMAT])
def test_what_is_refused_before_there_is_a_job_was_not_sent(fault: Fault) -> None:
    with IppPrinterSimulator(fault) as printer:
        assert at(printer).send(LABEL).certainty is Certainty.NOT_SENT


@dataclass(frozen=True)
class Moving(Networks):
    """Networks out of which a printer's name leads after so many questions."""

    questions: Iterator[int]

    def resolve(self, address: Address) -> str:
        if next(self.questions, None) is None:
            raise AddressForbidden("the printer is outside of the allowed networks")
        return Networks.resolve(self, address)


@pytest.mark.parametrize(
    ("fault", "certainty", "reasons"),
    [
        (Fault.DROPS_BEFORE_ANSWERING, Certainty.UNKNOWN, ("printer-address-forbidden",)),
        (Fault.NONE, Certainty.SENT, ("offline",)),
    ],
)
def test_what_may_have_left_is_not_unsent_because_its_printer_may_not_be_asked(
    fault: Fault, certainty: Certainty, reasons: tuple[str, ...]
) -> None:
    """To print takes two connections: one for the label, and one to ask for the paper's name."""
    with IppPrinterSimulator(fault) as printer:
        found = sender(
            Address.read(printer.address),
            networks=Moving(LOOPBACK.allowed, iter(range(2))),
            folders=Path("none"),
        )
        assert found.send(LABEL) == Delivery(certainty, reasons)
        assert printer.paper.times(LABEL.name) == 1
        assert found.health() == ("printer-address-forbidden",)


class Forgetful(IppPrinterSimulator):
    """Hangs up on a label, and has no word for ended jobs: it answers as if others were meant."""

    def _all(self, request: m.Message, _fault: Fault) -> bytes:
        return self._told(0x0001, request, [])

    _answers = IppPrinterSimulator._answers | {ipp.GET_JOBS: _all}


def test_a_printer_that_tells_of_no_ended_jobs_does_not_prove_that_there_was_none() -> None:
    with Forgetful(Fault.REFUSES) as printer:
        assert at(printer).send(LABEL) == Delivery(Certainty.UNKNOWN, ("no-memory",))
