"""What a printer's answers mean: only what was refused before there was a job may be sent again."""

import pytest

from pharmacy.infra.printers import Address, Certainty, Document, Sender, ipp, sender
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
