"""What may become of a copy, for every state and every step."""

import pytest

from pharmacy.printing.rules import (
    CodeUnreadable,
    CopyState,
    CopyStep,
    MoveNotAllowed,
    Resolution,
    ScannedCode,
    next_state,
    state_after,
)
from pharmacy.printing.rules.copies import MAY_BE_ON_PAPER, MOVES

CONTAINER = "ctr_06b7k2m3n4p5q6r7s8t9v0w1x2"


def test_software_never_queues_a_copy_again_once_it_may_be_on_paper() -> None:
    """Only who sent it, and knows that nothing left, gives it back (P3 of the print protocol)."""
    back_to_queue = {
        (step, state)
        for step, moves in MOVES.items()
        for state, end in moves.items()
        if end is CopyState.QUEUED
    }

    assert back_to_queue == {
        (CopyStep.NOT_SENT, CopyState.SENDING),
        (CopyStep.TRY_AGAIN, CopyState.FAILED),
    }


def test_only_a_scan_confirms() -> None:
    confirming = {step for step, moves in MOVES.items() if CopyState.CONFIRMED in moves.values()}

    assert confirming == {CopyStep.CONFIRM}


def test_a_void_copy_stays_void() -> None:
    assert not [step for step, moves in MOVES.items() if CopyState.VOID in moves]


def test_a_copy_that_is_being_sent_is_neither_void_nor_confirmed() -> None:
    for step in (CopyStep.VOID, CopyStep.CONFIRM):
        with pytest.raises(MoveNotAllowed):
            next_state(CopyState.SENDING, step)


@pytest.mark.parametrize("found", Resolution)
def test_a_person_can_settle_what_is_unknown(found: Resolution) -> None:
    end = next_state(CopyState.UNKNOWN, state_after(found))

    assert (end in MAY_BE_ON_PAPER) is (found is Resolution.IN_HAND)


def test_the_first_copy_has_the_containers_own_code() -> None:
    assert ScannedCode.read(CONTAINER) == ScannedCode(CONTAINER, 1)
    assert ScannedCode.read(f" {CONTAINER}.03\n") == ScannedCode(CONTAINER, 3)
    assert str(ScannedCode(CONTAINER, 1)) == CONTAINER
    assert str(ScannedCode(CONTAINER, 2)) == f"{CONTAINER}.02"


@pytest.mark.parametrize(
    "text", ["", "lot_1", f"{CONTAINER}.", f"{CONTAINER}.2", f"{CONTAINER}.01", f"{CONTAINER}.100"]
)
def test_other_codes_are_refused(text: str) -> None:
    with pytest.raises(CodeUnreadable):
        ScannedCode.read(text)
