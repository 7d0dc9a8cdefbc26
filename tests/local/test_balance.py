"""What a balance says, and what is understood of it."""

import os
import select
import socket
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from pharmacy.infra import balances
from pharmacy.infra.balances import (
    BalanceNotUnderstood,
    BalanceOutOfRange,
    BalanceSilent,
    BalanceUnsteady,
    Network,
    SerialPort,
)
from pharmacy.kernel.quantities import Mass, mg
from pharmacy.local.balance import BalanceSimulator


@pytest.mark.parametrize("weight", ["469", "0.1", "22589", "271.1"])
def test_both_protocols_bring_the_weight_that_is_shown(weight: str) -> None:
    for continuous, read in ((False, balances.read_sics), (True, balances.read_continuous)):
        with BalanceSimulator(continuous=continuous) as balance:
            balance.put(mg(weight))

            assert read(Network("127.0.0.1", balance.port)).mass == mg(weight)


@contextmanager
def cable(balance: BalanceSimulator) -> Iterator[str]:
    """A serial cable between a port of this machine and a balance: a pair of terminals."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    pulled = threading.Event()
    with socket.create_connection(("127.0.0.1", balance.port)) as plug:

        def carry() -> None:
            while not pulled.is_set():
                ready, _, _ = select.select([ours, plug], [], [], 0.05)
                if ours in ready:
                    plug.sendall(os.read(ours, 256))
                if plug in ready:
                    os.write(ours, plug.recv(256))

        carrier = threading.Thread(target=carry)
        carrier.start()
        try:
            yield os.ttyname(theirs)
        finally:
            pulled.set()
            carrier.join()
            os.close(ours)
            os.close(theirs)


@pytest.mark.parametrize("weight", ["469", "0.1", "22589"])
def test_a_balance_on_a_serial_port_brings_the_same_weight(weight: str) -> None:
    for continuous, read in ((False, balances.read_sics), (True, balances.read_continuous)):
        with BalanceSimulator(continuous=continuous) as balance, cable(balance) as device:
            balance.put(mg(weight))

            assert read(SerialPort(device, 9_600)).mass == mg(weight)


def test_a_port_without_a_balance_is_silent() -> None:
    ours, theirs = os.openpty()
    try:
        with pytest.raises(BalanceSilent):
            balances.read_sics(SerialPort(os.ttyname(theirs), 9_600), patience=0.3)
        with pytest.raises(BalanceSilent):
            balances.read_sics(SerialPort("/dev/no-such-port", 9_600))
    finally:
        os.close(ours)
        os.close(theirs)


def test_an_overloaded_balance_gives_no_weight() -> None:
    for continuous, read in ((False, balances.read_sics), (True, balances.read_continuous)):
        with BalanceSimulator(continuous=continuous) as balance:
            balance.put(None)

            with pytest.raises(BalanceOutOfRange):
                read(Network("127.0.0.1", balance.port))


def test_a_balance_that_is_switched_off_is_silent() -> None:
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        port = nobody_listens.getsockname()[1]

        with pytest.raises(BalanceSilent):
            balances.read_sics(Network("127.0.0.1", port), patience=0.5)


@pytest.mark.parametrize(
    ("line", "mass"),
    [
        ("S S     0.4690 g", mg(469)),
        ("S S   469.0 mg", mg(469)),
        ("S S  -0.0010 g", Mass(mg(0).mg - 1)),
        ("S S   1 kg", mg(1_000_000)),
    ],
)
def test_answers_of_mt_sics_are_exact(line: str, mass: Mass) -> None:
    """MT-SICS level 0: `S` `S` blank value blank unit."""
    assert balances.of_sics(f"{line}\r\n").mass == mass


@pytest.mark.parametrize(
    ("line", "refusal"),
    [
        ("S I", BalanceUnsteady),
        ("S D     0.4690 g", BalanceUnsteady),
        ("S +", BalanceOutOfRange),
        ("S -", BalanceOutOfRange),
        ("ES", BalanceNotUnderstood),
        ("", BalanceNotUnderstood),
        ("S S", BalanceNotUnderstood),
        ("S S  1.2.3 g", BalanceNotUnderstood),
        ("S S  7 lb", BalanceNotUnderstood),
    ],
)
def test_what_is_no_stable_weight_is_refused(line: str, refusal: type) -> None:
    with pytest.raises(refusal):
        balances.of_sics(line)


def test_continuous_output_counts_when_it_is_stable() -> None:
    assert balances.of_continuous("US,NT,+   0.4700 g") is None
    shown = balances.of_continuous("ST,GS,-   0.4700 g\r\n")
    assert shown is not None
    assert shown.mass.mg == -470
    with pytest.raises(BalanceNotUnderstood):
        balances.of_continuous("Gross 1 g")
