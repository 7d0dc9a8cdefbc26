"""Plots of figures as shapes for SVG: lengths and places here, looks in classes, words beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

WIDE: Final = 640
NAMES: Final = 150
"""Room for the names at the left."""
ENDS: Final = 116
"""Room for the numbers at the right."""
ROW: Final = 34
BAR: Final = 16
ROOM: Final = WIDE - NAMES - ENDS


def spoken(span: timedelta | None) -> str:
    """Return a span as a plot says it: `40 min`, `3.5 h`, `2.1 days`."""
    if span is None:
        return "none"
    minutes = round(span / timedelta(minutes=1))
    if minutes < 120:  # noqa: PLR2004 -- two hours: minutes are read easily until there
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes / 60:.1f} h"
    return f"{minutes / 1440:.1f} days"


STRIP: Final = 190
"""Height of a strip of capsules; its numbers stand at the left."""
SIDE: Final = 52
LEAST_ROOM: Final = Decimal(14)
"""Per cent that a strip shows to either side of 100, at least: the limits and a little more."""


@dataclass(frozen=True, slots=True)
class Capsule:
    """One capsule's fill, in per cent of what it should be."""

    no: int
    percent: Decimal
    x: int
    y: int
    is_outside: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A limit, or the middle."""

    percent: Decimal
    y: int


@dataclass(frozen=True, slots=True)
class Strip:
    """Capsules in the order of weighing, between their limits."""

    capsules: list[Capsule]
    limits: list[Line]
    mean_limits: list[Line]
    middle: Line
    mean: Line
    wide: int
    high: int
    words: str


def capsules(percents: Sequence[Decimal], *, each: Decimal, mean: Decimal) -> Strip | None:
    """
    Return capsules as dots on a scale that shows them all; None without any.

    Args:
        percents: Of what each should hold, in the order of weighing.
        each: How far from 100 per cent one may be, either way.
        mean: How far the mean may be.
    """
    if not percents:
        return None
    hundred = Decimal(100)
    room = max(LEAST_ROOM, *(abs(percent - hundred) + 2 for percent in percents))

    def line(percent: Decimal) -> Line:
        return Line(percent, round((hundred + room - percent) * STRIP / (2 * room)))

    pitch = min(44, (WIDE - SIDE - ENDS) // len(percents))
    dots = [
        Capsule(
            no, percent, SIDE + pitch * no - pitch // 2, line(percent).y, abs(percent - 100) > each
        )
        for no, percent in enumerate(percents, start=1)
    ]
    average = sum(percents, Decimal(0)) / len(percents)
    outside = sum(dot.is_outside for dot in dots)
    words = (
        f"{len(dots)} capsules from {min(percents):.1f} to {max(percents):.1f} per cent,"
        f" mean {average:.1f}; {outside or 'none'} outside the limits of"
        f" {hundred - each:f} to {hundred + each:f}"
    )
    return Strip(
        capsules=dots,
        limits=[line(hundred + each), line(hundred - each)],
        mean_limits=[line(hundred + mean), line(hundred - mean)],
        middle=line(hundred),
        mean=line(average),
        wide=WIDE,
        high=STRIP,
        words=words,
    )


@dataclass(frozen=True, slots=True)
class Span:
    """A median and a 90th percentile of one thing."""

    name: str
    median: timedelta
    p90: timedelta
    y: int = 0
    median_x: int = 0
    p90_x: int = 0

    @property
    def words(self) -> str:
        return f"{spoken(self.median)} · {spoken(self.p90)}"


@dataclass(frozen=True, slots=True)
class Spans:
    """Spans as lines from zero: a filled dot at the median, a ring at the 90th percentile."""

    rows: list[Span]
    high: int
    words: str


def spans(rows: Sequence[tuple[str, timedelta | None, timedelta | None]]) -> Spans | None:
    """Return spans on one scale; None when nothing was measured."""
    known = [(name, median, p90) for name, median, p90 in rows if median is not None and p90]
    most = max((p90 for _, _, p90 in known), default=timedelta(0))
    if not most:
        return None
    placed = [
        Span(name, median, p90, at * ROW + BAR, _x(median / most), _x(p90 / most))
        for at, (name, median, p90) in enumerate(known)
    ]
    words = "; ".join(
        f"{each.name}: half within {spoken(each.median)}, nine of ten within {spoken(each.p90)}"
        for each in placed
    )
    return Spans(placed, len(placed) * ROW, words)


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a bar."""

    at: int
    """Its place among the kinds of pieces, from 0: its looks follow from it."""
    count: int
    kind: str
    x: int
    wide: int

    @property
    def label(self) -> str:
        """What stands in it: its number and kind, so that colour is not needed; what fits."""
        words = (f"{self.count} · {self.kind}", str(self.count), "")
        return next(each for each in words if self.wide >= 6.5 * len(each) + 6 or not each)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of pieces, and its sum."""

    name: str
    y: int
    parts: list[Part]
    total: int


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars on one scale."""

    kinds: list[str]
    rows: list[Bar]
    high: int
    words: str


def bars(kinds: Sequence[str], rows: Sequence[tuple[str, Sequence[int]]]) -> Bars | None:
    """Return bars of pieces, each kind in its place; None when all are empty."""
    most = max((sum(counts) for _, counts in rows), default=0)
    if not most:
        return None
    placed = []
    for no, (name, counts) in enumerate(rows):
        parts, past = [], 0
        for at, count in enumerate(counts):
            x = _x(past / most)
            past += count
            if count:
                parts.append(Part(at, count, kinds[at], x, max(4, _x(past / most) - x - 1)))
        placed.append(Bar(name, no * ROW, parts, sum(counts)))
    words = "; ".join(
        f"{name}: " + ", ".join(f"{kind} {n}" for kind, n in zip(kinds, counts, strict=True) if n)
        for name, counts in rows
        if sum(counts)
    )
    return Bars(list(kinds), placed, len(placed) * ROW, words)


@dataclass(frozen=True, slots=True)
class Column:
    """One week."""

    week: date
    count: int
    x: int
    y: int
    wide: int
    high: int


@dataclass(frozen=True, slots=True)
class Columns:
    """Counts by week, the oldest at the left."""

    rows: list[Column]
    high: int
    words: str


HEAD: Final = 20
FOOT: Final = 24
TALL: Final = 90


def weeks(counts: dict[date, int], *, first: date, last: date) -> Columns | None:
    """Return a column for every week from one Monday to another, empty ones too."""
    if not counts:
        return None
    mondays = [first + timedelta(weeks=no) for no in range((last - first).days // 7 + 1)]
    most, pitch = max(counts.values()), min(80, WIDE // len(mondays))
    rows = []
    for no, monday in enumerate(mondays):
        count = counts.get(monday, 0)
        high = max(3, round(TALL * count / most)) if count else 0
        rows.append(Column(monday, count, no * pitch, HEAD + TALL - high, max(3, pitch - 8), high))
    words = "; ".join(f"week of {row.week:%d %b}: {row.count}" for row in rows if row.count)
    return Columns(rows, HEAD + TALL + FOOT, words)


def _x(share: float) -> int:
    return NAMES + round(ROOM * share)
