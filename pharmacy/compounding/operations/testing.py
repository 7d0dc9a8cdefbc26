"""Weighing capsules one by one, and judging them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from pharmacy.compounding import queries
from pharmacy.compounding.models import Batch, BatchTest, CapsuleWeight, WeightKind
from pharmacy.compounding.operations.deciding import FAILED_TEST, investigate
from pharmacy.compounding.operations.preparing import require_steps
from pharmacy.compounding.operations.steps import person, remember
from pharmacy.compounding.operations.weighing import Reading, require_reader, require_verified
from pharmacy.compounding.rules import uniformity, weights
from pharmacy.compounding.rules.life import BatchAction
from pharmacy.compounding.rules.preparation import Act
from pharmacy.compounding.rules.tolerance import require_shown
from pharmacy.compounding.rules.weights import Verdict
from pharmacy.kernel.quantities import Mass
from pharmacy.kernel.refusals import Invalid
from pharmacy.staff.rules import Actor, Permission


class Trial(StrEnum):
    """Which test of domain.md 2.10."""

    RELEASE = "release"
    """The pharmacy's own; no batch is released without it."""
    USP_795 = "usp-795"
    HOSPITAL = "hospital"
    MAKER = "maker"
    USP_2091 = "usp-2091"
    IP_BP = "ip-bp"
    USP_905 = "usp-905"
    POTENCY = "potency"


OF_CONTENT: Final = frozenset({Trial.USP_905, Trial.POTENCY})
"""These judge assayed contents, in per cent of the label; the others judge weights."""


class ContentsNeeded(Invalid):
    """A test of content needs contents, and a test of weight takes none."""

    code = "contents-needed"
    remedy = "Send the laboratory's figures for a test of content, and none for one of weight."


def weigh_capsules(
    session: Session,
    batch_id: UUID,
    *,
    kind: WeightKind,
    readings: Sequence[Reading],
    by: Actor,
    now: datetime,
) -> Batch:
    """
    Write down the weights of empty shells or filled capsules, each weighed by itself.

    Raises:
        WeightNotShown, BalanceOverdue, SecondReaderNeeded: As when powder is weighed.
    """
    by.require(Permission.COMPOUND)
    batch = queries.lock(session, batch_id)
    batch.require(BatchAction.WEIGH_CAPSULES)
    before = len(queries.weights(session, batch, kind))
    for reading in readings:
        balance = queries.get_balance(session, reading.balance_id)
        require_verified(session, balance, now)
        require_shown(reading.shown, balance=balance.figures)
        require_reader(session, reading, by)
    rows = [
        {
            "batch_id": batch.id,
            "round_no": batch.round_no,
            "kind": kind,
            "no": number,
            "shown_ug": reading.shown.micrograms,
            "captured": reading.captured,
            "balance_id": reading.balance_id,
            "by_id": person(by),
            "at": now,
        }
        for number, reading in enumerate(readings, start=before + 1)
    ]
    if rows:
        session.execute(insert(CapsuleWeight), rows)
    batch.apply(BatchAction.WEIGH_CAPSULES)
    facts = {"kind": kind, "count": len(rows)}
    remember(session, batch, BatchAction.WEIGH_CAPSULES, by=by, now=now, facts=facts)
    return batch


def judge(
    session: Session,
    batch_id: UUID,
    *,
    kind: Trial,
    contents: Sequence[Decimal] = (),
    by: Actor,
    now: datetime,
) -> BatchTest:
    """
    Judge a batch by one test. A failure puts it in quarantine and opens an investigation.

    Args:
        contents: For tests of content, in per cent of the label.

    Raises:
        SampleTooSmall, WeightImpossible, ContentImpossible: See the rules of each test.
        ContentsNeeded: None for a test of content, or some for a test of weight.
    """
    by.require(Permission.COMPOUND)
    batch = queries.lock(session, batch_id)
    batch.require(BatchAction.TEST)
    require_steps(session, batch, Act.TEST)
    if (kind in OF_CONTENT) != bool(contents):
        raise ContentsNeeded(f"{kind} judges {'contents' if kind in OF_CONTENT else 'weights'}")
    verdict, result = _result(session, batch, kind, contents)
    found = BatchTest(
        batch_id=batch.id,
        round_no=batch.round_no,
        test=kind,
        verdict=verdict,
        result=as_data(result),
        by_id=person(by),
        at=now,
    )
    session.add(found)
    batch.apply(BatchAction.TEST)
    facts = {"test": kind, "verdict": verdict}
    remember(session, batch, BatchAction.TEST, by=by, now=now, facts=facts)
    if verdict is Verdict.FAILED:
        reason = f"the test {kind} was not passed"
        investigate(session, batch, code=FAILED_TEST, reason=reason, by=by, now=now)
    return found


def _result(
    session: Session, batch: Batch, kind: Trial, contents: Sequence[Decimal]
) -> tuple[Verdict, Mapping[str, Any]]:
    if kind is Trial.USP_905:
        accepted = uniformity.acceptance(contents)
        return accepted.verdict, asdict(accepted) | {"contents": list(contents)}
    if kind is Trial.POTENCY:
        worst = max(contents, key=lambda content: abs(content - 100))
        return uniformity.potency(worst), {"contents": list(contents), "judged": worst}
    gross = [mass.mg for mass in queries.weights(session, batch, WeightKind.CAPSULE)]
    shells = [mass.mg for mass in queries.weights(session, batch, WeightKind.SHELL)]
    nets = weights.net_weights(gross, shells) if gross else ()
    theoretical = batch.theoretical_net_mg or Decimal(0)
    if kind is Trial.RELEASE:
        released = weights.default_release(
            nets, theoretical=theoretical, batch_size=batch.filled or batch.capsules
        )
        return released.verdict, asdict(released) | {"theoretical_mg": theoretical}
    if kind is Trial.USP_2091:
        stages = weights.usp_2091(gross, nets)
        return stages.verdict, asdict(stages)
    verdict = WHOLE[kind](nets, theoretical, batch.filled or batch.capsules)
    return verdict, {"theoretical_mg": theoretical, "count": len(nets)}


def _hospital(nets: Sequence[Decimal], theoretical: Decimal, batch_size: int) -> Verdict:
    least = weights.hospital_sample_size(batch_size)
    if len(nets) < least:
        raise weights.SampleTooSmall(f"{len(nets)} are fewer than {least}", least=least)
    return weights.each_within_ten_percent(nets, theoretical=theoretical)


Judge = Callable[[Sequence[Decimal], Decimal, int], Verdict]
WHOLE: Final[dict[Trial, Judge]] = {
    Trial.USP_795: lambda nets, theoretical, _: weights.each_within_ten_percent(
        nets, theoretical=theoretical
    ),
    Trial.HOSPITAL: _hospital,
    Trial.MAKER: lambda nets, theoretical, _: weights.maker_specification(nets, target=theoretical),
    Trial.IP_BP: lambda nets, _, __: weights.ip_bp(nets),
}


def as_data(result: Any) -> Any:
    """Return a result as JSON holds it: decimals as text, rounded to what a person compares."""
    if isinstance(result, Decimal):
        return f"{Mass(result).rounded_to(Mass(Decimal('0.001'))).mg:f}"
    if isinstance(result, Mapping):
        return {key: as_data(value) for key, value in result.items()}
    if isinstance(result, list | tuple):
        return [as_data(value) for value in result]
    return result
