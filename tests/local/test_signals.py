"""A request to stop is heard wherever the interpreter is when it comes."""

import signal
from pathlib import Path

import pytest

from pharmacy.local.stack import Stack, signals_interrupt
from pharmacy.local.state import StateFolder


class Dying:
    """Python prints what a finalizer raises and goes on: so does a hook of fork()."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGINT)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_request_to_stop_that_python_swallowed_is_heard_at_the_next_tending(
    tmp_path: Path,
) -> None:
    stack = Stack(StateFolder(tmp_path), port=0)

    with signals_interrupt():
        dying = Dying()
        del dying

        with pytest.raises(KeyboardInterrupt):
            stack.tend()


def test_a_request_to_stop_is_forgotten_with_the_run_that_it_ended(tmp_path: Path) -> None:
    stack = Stack(StateFolder(tmp_path), port=0)
    with pytest.raises(KeyboardInterrupt), signals_interrupt():
        signal.raise_signal(signal.SIGTERM)

    with signals_interrupt():
        stack.tend()
