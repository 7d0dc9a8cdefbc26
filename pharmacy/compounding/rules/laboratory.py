"""
When capsules go to an outside laboratory, and what its figures mean.

Each new formulation version, each new operator, and then every quarter: a composite assay and the
uniformity of contents. Weights prove little at 2 % drug (domain.md rule 4). Source: domain.md 2.10.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from pharmacy.compounding.rules import uniformity
from pharmacy.compounding.rules.weights import Verdict
from pharmacy.kernel.refusals import Invalid

QUARTER: Final = 3
"""Months between samples of one strength. (policy)"""


class SampleKind(StrEnum):
    """What the laboratory is asked for."""

    ASSAY = "composite-assay"
    UNIFORMITY = "content-uniformity"


class SampleCause(StrEnum):
    """Why capsules are sent."""

    NEW_FORMULATION = "new-formulation"
    NEW_OPERATOR = "new-operator"
    QUARTERLY = "quarterly"
    INVESTIGATION = "investigation"


LEAST: Final = {SampleKind.ASSAY: 10, SampleKind.UNIFORMITY: 30}
"""Capsules to send: an assay grinds ten together; <905> takes ten, and twenty more if it must."""


class SampleTooFew(Invalid):
    """The laboratory needs more capsules for this."""

    code = "laboratory-sample-too-small"
    remedy = "Send at least as many capsules as the facts name."


class ContentsWrong(Invalid):
    """A composite assay is one figure; uniformity is judged on 10 or on 30."""

    code = "laboratory-contents-wrong"
    remedy = "Copy the laboratory's figures: one assay, or the contents of 10 or of 30 capsules."


def require_enough(kind: SampleKind, capsules: int) -> None:
    """Raise SampleTooFew when a laboratory cannot do with so few capsules."""
    if capsules < LEAST[kind]:
        raise SampleTooFew(f"{kind} takes {LEAST[kind]} capsules", least=LEAST[kind])


def judged(kind: SampleKind, contents: Sequence[Decimal]) -> tuple[Verdict, dict[str, Any]]:
    """
    Return the verdict on a laboratory's figures, with everything it rests on.

    Args:
        contents: In per cent of the label.

    Raises:
        ContentsWrong: Not as many figures as the test has.
        ContentImpossible: A content below zero.

    Source: domain.md 2.10 (90.0 to 110.0 %; acceptance value), V24.
    """
    if kind is SampleKind.ASSAY:
        if len(contents) != 1:
            raise ContentsWrong("a composite assay is one figure", count=len(contents))
        if contents[0] < 0:
            raise uniformity.ContentImpossible("a content is not below zero")
        return uniformity.potency(contents[0]), {"assay": contents[0]}
    if len(contents) not in uniformity.FACTORS:
        raise ContentsWrong("uniformity takes 10 or 30 figures", count=len(contents))
    accepted = uniformity.acceptance(contents)
    return accepted.verdict, asdict(accepted)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A filled batch, as far as sampling is concerned."""

    strength_ug: int
    formulation_version: int
    operator: str
    """Whoever filled it."""
    number: str
    filled_on: date
    sampled_on: date | None
    """When a sample of it was sent; None: none was, or the laboratory has not passed it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A sample that the policy asks for, of which batch."""

    cause: SampleCause
    strength_ug: int
    batch_number: str
    why: str


def due(made: Iterable[Made], *, on: date) -> list[Due]:
    """
    Return the samples that are owed: of the newest batch of what was never, or not lately, tested.

    Args:
        made: Filled batches that were not rejected, in any order.
    """
    batches = sorted(made, key=lambda batch: (batch.filled_on, batch.number))
    tested = [batch for batch in batches if batch.sampled_on is not None]
    versions = {(batch.strength_ug, batch.formulation_version) for batch in tested}
    operators = {batch.operator for batch in tested}
    latest: dict[int, date] = {}
    for batch in tested:
        assert batch.sampled_on is not None
        before = latest.get(batch.strength_ug, batch.sampled_on)
        latest[batch.strength_ug] = max(before, batch.sampled_on)
    found: dict[tuple[SampleCause, object], Due] = {}
    for batch in batches:  # a later batch of the same kind takes the place of an earlier one
        for cause, key, why in _owed(batch, versions, operators, latest, on):
            found[cause, key] = Due(
                cause=cause, strength_ug=batch.strength_ug, batch_number=batch.number, why=why
            )
    return list(found.values())


def _owed(
    batch: Made,
    versions: set[tuple[int, int]],
    operators: set[str],
    latest: dict[int, date],
    on: date,
) -> Iterable[tuple[SampleCause, object, str]]:
    version = (batch.strength_ug, batch.formulation_version)
    if version not in versions:
        words = f"version {batch.formulation_version} was never tested"
        yield SampleCause.NEW_FORMULATION, version, words
    if batch.operator not in operators:
        yield SampleCause.NEW_OPERATOR, batch.operator, "whoever filled it was never tested"
    last = latest.get(batch.strength_ug)
    if version in versions and last is not None and months_after(last, QUARTER) <= on:
        yield SampleCause.QUARTERLY, batch.strength_ug, f"the last sample is of {last.isoformat()}"


def months_after(day: date, months: int) -> date:
    """Return the same day so many months later; the first of the next where there is none."""
    years, month = divmod(day.month - 1 + months, 12)
    try:
        return day.replace(year=day.year + years, month=month + 1)
    except ValueError:
        return date(day.year + years, month + 2, 1)
