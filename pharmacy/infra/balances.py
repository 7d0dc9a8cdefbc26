"""
Reading a balance: on a serial port of this machine, or over TCP where a serial server carries it.

Two ways of speaking: Mettler-Toledo MT-SICS (`S`, answered with the next stable weight) and the
continuous output that most other makers have (`ST,GS,+  0.4690 g`, line after line).
"""

import re
import socket
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import BinaryIO, Final, Protocol, TypeVar

import serial

from pharmacy.kernel.quantities import EXACT, Mass
from pharmacy.kernel.refusals import Conflict, Unavailable

PATIENCE: Final = 10.0
GLANCE: Final = 1.5
"""Seconds that a look at the display may take: whoever looks, looks again."""
LONGEST_LINE: Final = 200
MOST_LINES: Final = 1_000
MILLIGRAMS_IN: Final = {"mg": Decimal(1), "g": Decimal(1000), "kg": Decimal(1_000_000)}


class BalanceSilent(Unavailable):
    """The balance does not answer."""

    code = "balance-silent"
    remedy = "Look whether it is switched on and connected; or type the weight, with a colleague."


class BalanceUnsteady(Unavailable):
    """The weight did not settle."""

    code = "balance-unsteady"
    remedy = "Close the draught shield and weigh again."


class BalanceOutOfRange(Conflict):
    """There is more on the pan than the balance can weigh, or less than nothing."""

    code = "balance-out-of-range"
    remedy = "Tare the empty vessel, and weigh what the balance can carry."


class BalanceNotUnderstood(Unavailable):
    """What the balance said is in neither form, or not a weight."""

    code = "balance-not-understood"
    remedy = "Compare the balance's settings with the protocol that is chosen for it."


@dataclass(frozen=True, slots=True)
class Shown:
    """A stable net weight, and the line in which it came."""

    mass: Mass
    raw: str


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What the display shows at this moment, settled or not. It is never written down."""

    mass: Mass
    """Below zero where less lies on the pan than when it was tared."""
    is_steady: bool


SICS: Final = re.compile(r"S (?P<state>[SDI+\-])(?: +(?P<value>-?[0-9.]+) +(?P<unit>mg|g|kg))?")
CONTINUOUS: Final = re.compile(
    r"(?P<state>ST|US|OL),(?:GS|NT|TR),(?P<sign>[+-]?) *(?P<value>[0-9.]+) *(?P<unit>mg|g|kg)"
)


def of_sics(line: str) -> Shown:
    """
    Return the weight in an answer to `S`.

    Raises:
        BalanceUnsteady: It did not settle in time (`S I`, `S D`).
        BalanceOutOfRange: Overload or underload (`S +`, `S -`).
        BalanceNotUnderstood: Another answer.
    """
    found = SICS.fullmatch(line.strip())
    if found is None:
        raise BalanceNotUnderstood("the balance gave no MT-SICS weight")
    if found["state"] in "DI":
        raise BalanceUnsteady("the weight did not settle")
    if found["state"] in "+-":
        raise BalanceOutOfRange("the balance shows overload or underload")
    return _shown(found["value"] or "", found["unit"] or "", line)


def of_continuous(line: str) -> Shown | None:
    """Return the weight in one line of continuous output; None while it is settling."""
    found = CONTINUOUS.fullmatch(line.strip())
    if found is None:
        raise BalanceNotUnderstood("the balance gave no continuous weight")
    if found["state"] == "OL":
        raise BalanceOutOfRange("the balance shows overload")
    if found["state"] == "US":
        return None
    return _shown(found["sign"].replace("+", "") + found["value"], found["unit"], line)


def glimpse_of_sics(line: str) -> Glimpse:
    """Return what an answer to `SI` shows. Raises as `of_sics`; a moving weight is shown."""
    found = SICS.fullmatch(line.strip())
    if found is not None and found["state"] == "D" and found["value"] is not None:
        return Glimpse(_shown(found["value"], found["unit"], line).mass, is_steady=False)
    return Glimpse(of_sics(line).mass, is_steady=True)


def glimpse_of_continuous(line: str) -> Glimpse:
    """Return what one line of continuous output shows. Raises as `of_continuous`."""
    if (steady := of_continuous(line)) is not None:
        return Glimpse(steady.mass, is_steady=True)
    moving = of_continuous(line.replace("US,", "ST,", 1))
    if moving is None:
        raise BalanceNotUnderstood("the balance gave no continuous weight")
    return Glimpse(moving.mass, is_steady=False)


def _shown(value: str, unit: str, line: str) -> Shown:
    if unit not in MILLIGRAMS_IN or value.count(".") > 1 or not value.strip("-."):
        raise BalanceNotUnderstood("the balance gave no weight")
    return Shown(Mass(EXACT.multiply(Decimal(value), MILLIGRAMS_IN[unit])), line.strip())


class Wire(Protocol):
    """What both ways of reaching a balance have in common."""

    def write(self, data: bytes, /) -> int | None: ...

    def readline(self, size: int, /) -> bytes: ...


Heard = TypeVar("Heard")


class Address(Protocol):
    """Where a balance is reached."""

    def speak(self, words: Callable[[Wire], Heard], *, patience: float) -> Heard:
        """Open the wire, speak, and close it. Raises BalanceSilent."""


_TURNS: Final[defaultdict[Address, threading.Lock]] = defaultdict(threading.Lock)
"""A wire carries one conversation: whoever captures a weight waits for whoever only looks."""


@dataclass(frozen=True, slots=True)
class _OverNetwork:
    connection: socket.socket
    lines: BinaryIO

    def write(self, data: bytes, /) -> None:
        self.connection.sendall(data)

    def readline(self, size: int, /) -> bytes:
        return self.lines.readline(size)


@dataclass(frozen=True, slots=True)
class Network:
    """A serial server's host and port."""

    host: str
    port: int

    def speak(self, words: Callable[[Wire], Heard], *, patience: float) -> Heard:
        try:
            with (
                _TURNS[self],
                socket.create_connection((self.host, self.port), timeout=patience) as connection,
                connection.makefile("rb") as lines,
            ):
                return words(_OverNetwork(connection, lines))
        except OSError as error:
            raise BalanceSilent("the balance does not answer") from error


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A port of this machine, `/dev/ttyUSB0`; eight bits, no parity, one stop bit."""

    device: str
    baud: int

    def speak(self, words: Callable[[Wire], Heard], *, patience: float) -> Heard:
        try:
            with (
                _TURNS[self],
                serial.Serial(self.device, self.baud, timeout=patience, exclusive=True) as wire,
            ):
                wire.reset_input_buffer()
                return words(wire)
        except (OSError, serial.SerialException) as error:
            raise BalanceSilent("the balance does not answer") from error


def read_sics(address: Address, *, patience: float = PATIENCE) -> Shown:
    """Ask an MT-SICS balance for the next stable weight. Raises as `of_sics`, BalanceSilent."""

    def ask(wire: Wire) -> Shown:
        wire.write(b"S\r\n")
        return of_sics(_line(wire.readline(LONGEST_LINE)))

    return address.speak(ask, patience=patience)


def read_continuous(address: Address, *, patience: float = PATIENCE) -> Shown:
    """Listen to a balance until its weight is stable. Raises as `of_continuous`, BalanceSilent."""

    def listen(wire: Wire) -> Shown:
        deadline = time.monotonic() + patience
        wire.readline(LONGEST_LINE)  # it may have begun in the middle
        for _ in range(MOST_LINES):
            if (shown := of_continuous(_line(wire.readline(LONGEST_LINE)))) is not None:
                return shown
            if time.monotonic() > deadline:
                break
        raise BalanceUnsteady("the weight did not settle")

    return address.speak(listen, patience=patience)


def glimpse_sics(address: Address) -> Glimpse:
    """Ask an MT-SICS balance what it shows now. Raises as `glimpse_of_sics`, BalanceSilent."""

    def ask(wire: Wire) -> Glimpse:
        wire.write(b"SI\r\n")
        return glimpse_of_sics(_line(wire.readline(LONGEST_LINE)))

    return address.speak(ask, patience=GLANCE)


def glimpse_continuous(address: Address) -> Glimpse:
    """Read what a balance shows now. Raises as `glimpse_of_continuous`, BalanceSilent."""

    def listen(wire: Wire) -> Glimpse:
        wire.readline(LONGEST_LINE)  # it may have begun in the middle
        return glimpse_of_continuous(_line(wire.readline(LONGEST_LINE)))

    return address.speak(listen, patience=GLANCE)


def _line(received: bytes) -> str:
    if not received.endswith(b"\n"):
        raise BalanceSilent("the balance broke off")
    return received.decode("ascii", "replace")
