"""Walking the chain from its first seal to its head, in constant memory."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import Result, Row, func, select
from sqlalchemy.orm import Session

from pharmacy.infra.audit import chain
from pharmacy.infra.audit.trail import AuditEntry, AuditSeal

AT_A_TIME: Final = 1_000
NO_SUCH_SEAL: Final = "entries name a seal that is not there"


@dataclass(frozen=True, slots=True)
class Head:
    """The newest seal. Written down elsewhere, it shows later that nothing was cut off."""

    seq: int
    sha256: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.sha256.hex()}"


@dataclass(frozen=True, slots=True)
class Broken:
    """The first seal that does not fit what it covers."""

    seq: int
    why: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What a walk along the chain found."""

    seals: int
    entries: int
    unsealed: int
    """Entries that no seal covers yet: some seconds' worth, or the sealing job stands still."""
    head: Head | None
    broken: Broken | None

    @property
    def is_whole(self) -> bool:
        return self.broken is None


def verify(session: Session, *, known: Head | None = None) -> Verification:
    """
    Check every sealed entry against its seal, and every seal against the one before.

    Args:
        known: A head from an earlier report; the chain must still hold that very seal.
    """
    head = session.scalar(select(func.max(AuditSeal.seq))) or 0
    walk = _Walk(known)
    with _seals(session, head) as seals, _sealed(session, head) as entries:
        broken = walk.along(seals, entries)
    if broken is None:
        broken = _stray(session, head) or walk.missing(known)
    unsealed = select(func.count()).where(AuditEntry.seal_seq.is_(None))
    return Verification(
        seals=walk.seals,
        entries=walk.entries,
        unsealed=session.scalar(unsealed) or 0,
        head=walk.head,
        broken=broken,
    )


@dataclass(frozen=True, slots=True)
class Stretch:
    """What a part of a walk found."""

    seals: int
    entries: int
    head: Head | None
    """The last seal that fits: from there the walk goes on."""
    broken: Broken | None
    is_last: bool


def verify_stretch(
    session: Session, *, after: Head | None, until: int, known: Head | None, most: int
) -> Stretch:
    """
    Check the next seals of a walk that ends with seal `until`.

    Args:
        after: Where the stretch before ended.
        known: A head from an earlier walk; the chain must still hold that very seal.
        most: How many entries to read: a seal more or less, since none is read in part.
    """
    walk, begin = _Walk(known, after), after.seq if after else 0
    end = _end_of_stretch(session, begin, until, most)
    is_last = end in {None, until}
    end = until if end is None else end
    with _seals(session, end, begin) as seals, _sealed(session, end, begin) as entries:
        broken = walk.along(seals, entries)
    if broken is None and is_last:
        missing = walk.missing(known) or walk.missing(Head(until, chain.NOTHING))
        broken = _stray(session, until) or missing
    return Stretch(walk.seals, walk.entries, walk.head, broken, is_last)


def _end_of_stretch(session: Session, begin: int, until: int, most: int) -> int | None:
    """Return the last seal that begins within the next `most` entries; None where none is left."""
    before = func.sum(AuditSeal.entries).over(order_by=AuditSeal.seq) - AuditSeal.entries
    coming = (
        select(AuditSeal.seq, before.label("before"))
        .where(AuditSeal.seq > begin, AuditSeal.seq <= until)
        .order_by(AuditSeal.seq)
        .limit(most)
        .subquery()
    )
    end: int | None = session.scalar(select(func.max(coming.c.seq)).where(coming.c.before < most))
    return end


class _Walk:
    """Where a walk along the chain stands."""

    def __init__(self, known: Head | None, head: Head | None = None) -> None:
        self.known = known
        self.seals = 0
        self.entries = 0
        self.head = head

    def along(self, seals: Iterable[Any], entries: Iterable[Any]) -> Broken | None:
        groups = groupby(entries, key=attrgetter("seal_seq"))
        group = next(groups, None)
        for seal in seals:
            if group and group[0] < seal.seq:
                return Broken(group[0], NO_SUCH_SEAL)
            found = group[1] if group and group[0] == seal.seq else iter(())
            if why := self._flaw(seal, *chain.of_entries(found)):
                return Broken(seal.seq, why)
            if group and group[0] == seal.seq:
                group = next(groups, None)
        return Broken(group[0], NO_SUCH_SEAL) if group else None

    def _flaw(self, seal: Row[Any], entries: int, entries_sha256: bytes) -> str | None:
        """Say what is wrong with a seal; step over it when nothing is."""
        before = self.head or Head(0, chain.NOTHING)
        link = chain.Link(
            seal.seq, seal.entries, seal.entries_sha256, seal.previous_sha256, seal.sealed_at
        )
        known = self.known if self.known and self.known.seq == seal.seq else None
        flaws = (
            (seal.seq != before.seq + 1, f"seal {before.seq + 1} is missing before it"),
            (seal.previous_sha256 != before.sha256, "it does not follow the seal before it"),
            (entries != seal.entries, f"it covers {seal.entries} entries, but {entries} are there"),
            (entries_sha256 != seal.entries_sha256, "an entry is not as it was sealed"),
            (link.sha256 != seal.sha256, "the seal itself was changed"),
            (known and known.sha256 != seal.sha256, "it is not the seal that was written down"),
        )
        for is_so, words in flaws:
            if is_so:
                return words
        self.head = Head(seal.seq, seal.sha256)
        self.seals += 1
        self.entries += entries
        return None

    def missing(self, known: Head | None) -> Broken | None:
        if known and known.seq > (self.head.seq if self.head else 0):
            return Broken(known.seq, "the chain ends before the seal that was written down")
        return None


def _seals(session: Session, head: int, after: int = 0) -> Result[Any]:
    link = select(
        AuditSeal.seq,
        AuditSeal.entries,
        AuditSeal.entries_sha256,
        AuditSeal.previous_sha256,
        AuditSeal.sha256,
        AuditSeal.sealed_at,
    )
    return session.execute(
        link.where(AuditSeal.seq > after, AuditSeal.seq <= head).order_by(AuditSeal.seq),
        execution_options={"yield_per": AT_A_TIME},
    )


def _sealed(session: Session, head: int, after: int = 0) -> Result[Any]:
    """Return sealed entries; at a walk's beginning also those that name a seal before the first."""
    entries = chain.columns()
    if after:
        entries = entries.where(AuditEntry.seal_seq > after)
    return session.execute(
        entries.where(AuditEntry.seal_seq <= head).order_by(AuditEntry.seal_seq, AuditEntry.id),
        execution_options={"yield_per": AT_A_TIME},
    )


def _stray(session: Session, head: int) -> Broken | None:
    """Find entries that name a seal after the head: it was cut off, or they were slipped in."""
    there = select(AuditSeal.seq).where(AuditSeal.seq == AuditEntry.seal_seq).exists()
    found = session.scalar(
        select(func.min(AuditEntry.seal_seq)).where(AuditEntry.seal_seq > head, ~there)
    )
    return None if found is None else Broken(found, NO_SUCH_SEAL)
