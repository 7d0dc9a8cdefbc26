"""Release, quarantine and what comes of it: a pharmacist's decisions about a batch."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.compounding import queries
from pharmacy.compounding.models import Batch, Investigation, Outcome
from pharmacy.compounding.operations.steps import person, remember, remember_each
from pharmacy.compounding.operations.weighing import ReasonNeeded, at_the_balance
from pharmacy.compounding.queries import Standing, Unsound
from pharmacy.compounding.rules.life import (
    BatchAction,
    BatchStatus,
    ComponentUnsound,
    Gate,
    require_green,
)
from pharmacy.compounding.rules.weights import Verdict
from pharmacy.inventory import operations as inventory
from pharmacy.inventory import queries as lots
from pharmacy.inventory.models import CapsuleLot, LotStatus
from pharmacy.inventory.operations import Take
from pharmacy.kernel.ids import new_id
from pharmacy.kernel.refusals import Conflict
from pharmacy.practice import queries as practice
from pharmacy.staff.rules import Actor, Permission, require_second_person

GOOD: Final = frozenset({BatchStatus.FILLED, BatchStatus.RELEASED})
FAILED_TEST: Final = "out-of-specification"


class NoOpenInvestigation(Conflict):
    """Nothing is being looked into."""

    code = "no-open-investigation"


def gates(session: Session, batch: Batch, *, now: datetime) -> list[Gate]:
    """
    Return everything that must be so before a batch is released.

    Source: domain.md 7.6, `release_batch`.
    """
    today = practice.site(session).today(now)
    return gates_of(queries.standings(session, [batch], today=today)[batch.id], today=today)


def gates_of(standing: Standing, *, today: date) -> list[Gate]:
    """Return the gates of a batch that stands so."""
    batch, counting, tests = standing.batch, standing.counting.values(), standing.tests
    passed = tests.get("release")
    others = [each.test for each in tests.values() if each.verdict != Verdict.PASSED]
    unsound = standing.unsound
    late = "is not set yet" if batch.beyond_use_on is None else "has passed"
    in_date = batch.beyond_use_on is not None and batch.beyond_use_on >= today
    return [
        Gate("filled", "it is not filled, or was stopped", batch.status in GOOD),
        Gate(
            "weighings-verified",
            "not every weighing is verified",
            bool(counting) and all(each.verified_by is not None for each in counting),
        ),
        Gate(
            "steps",
            "a step is not done, or waits for a pharmacist",
            batch.called_at is None and all(step.is_done for step in standing.steps),
        ),
        Gate(
            "release-test",
            "the release test is not passed",
            passed is not None and passed.verdict == Verdict.PASSED,
        ),
        Gate("other-tests", f"not passed: {', '.join(others) or 'none'}", not others),
        Gate(
            "investigation",
            "an investigation is open",
            not standing.is_investigated,
        ),
        Gate("components", _why_unsound(unsound), standing.has_powder and not unsound),
        Gate("beyond-use", f"its beyond-use date {late}", in_date),
    ]


def _why_unsound(unsound: Sequence[Unsound]) -> str:
    named = ", ".join(f"lot {each.lot_number} is {each.why}" for each in unsound)
    return f"not every component is sound: {named or 'none is scanned'}"


def require_sound(session: Session, batch: Batch, *, now: datetime) -> None:
    """Raise ComponentUnsound for a batch with a lot that may not be used (any more)."""
    today = practice.site(session).today(now)
    if unsound := queries.unsound_components(session, batch.id, today=today):
        raise ComponentUnsound(
            _why_unsound(unsound), lots={each.lot_number: each.why for each in unsound}
        )


def release(session: Session, batch_id: UUID, *, by: Actor, now: datetime) -> Batch:
    """
    Allow a batch's capsules to be dispensed: a pharmacist who had no hand in making it.

    Raises:
        SecondPersonNeeded: They weighed, blended or filled.
        BatchNotReleasable: A gate is not green; the facts name each.
        LotNotQuarantined: The capsule lot was withdrawn meanwhile.
    """
    by.require(Permission.RELEASE_LOT)
    batch = queries.lock(session, batch_id)
    batch.require(BatchAction.RELEASE)
    makers = {batch.blended_by, batch.filled_by}
    makers |= {each.weighed_by for each in queries.counting(session, batch.id).values()}
    for maker in makers:
        require_second_person(maker=maker, checker=by.id)
    require_green(gates(session, batch, now=now))
    if batch.capsule_lot_id is not None:
        inventory.release_capsule_lot(session, batch.capsule_lot_id, by=by, now=now)
    batch.apply(BatchAction.RELEASE, to=BatchStatus.RELEASED)
    batch.released_by, batch.released_at = person(by), now
    facts = {"capsules": batch.filled}
    remember(session, batch, BatchAction.RELEASE, by=by, now=now, facts=facts)
    return batch


def investigate(
    session: Session, batch: Batch, *, code: str, reason: str, by: Actor, now: datetime
) -> Investigation:
    """
    Put a locked batch in quarantine and open an investigation of why.

    Capsules that were released are dispensed no more, whoever or whatever found the reason.
    """
    [opened] = investigate_each(session, [batch], code=code, reason=reason, by=by, now=now)
    return opened


def investigate_each(
    session: Session, batches: Sequence[Batch], *, code: str, reason: str, by: Actor, now: datetime
) -> list[Investigation]:
    """Put locked batches in quarantine, each with an investigation of its own."""
    _withdraw_capsules(
        session,
        [each for each in batches if each.status is BatchStatus.RELEASED],
        LotStatus.QUARANTINED,
        reason=reason,
        by=by,
        now=now,
    )
    opened = []
    for batch in batches:
        batch.apply(BatchAction.QUARANTINE, to=BatchStatus.QUARANTINED)
        opened.append(
            Investigation(
                id=new_id(),
                batch_id=batch.id,
                code=code,
                reason=reason,
                opened_by=person(by),
                opened_at=now,
            )
        )
    session.add_all(opened)
    facts = {"code": code}
    remember_each(
        session, batches, BatchAction.QUARANTINE, by=by, now=now, reason=reason, facts=facts
    )
    return opened


def quarantine(
    session: Session, batch_id: UUID, *, reason: str, by: Actor, now: datetime
) -> Investigation:
    """
    Stop a batch and look into it.

    Raises:
        ReasonNeeded: None was given.
    """
    by.require(Permission.RELEASE_LOT)
    batch = queries.lock(session, batch_id)
    batch.require(BatchAction.QUARANTINE)
    if not reason.strip():
        raise ReasonNeeded("a batch is quarantined for a reason")
    return investigate(session, batch, code="reported", reason=reason.strip(), by=by, now=now)


def conclude(
    session: Session,
    batch_id: UUID,
    *,
    outcome: Outcome,
    findings: str,
    by: Actor,
    now: datetime,
) -> Batch:
    """
    End an investigation: cleared, reworked or scrapped, with what was found.

    Cleared, a batch goes on from where its record stands. Reworked, its capsules were sorted.
    Scrapped, they are destroyed. Capsules that were sorted or that failed a test are weighed and
    tested from the beginning: nothing that failed is averaged away.

    Raises:
        NoOpenInvestigation: Nothing is being looked into.
        ReasonNeeded: No findings were given.
        ComponentUnsound: A lot in the blend is recalled or rejected; nothing undoes that.
    """
    by.require(Permission.RELEASE_LOT)
    batch = queries.lock(session, batch_id)
    investigation = queries.open_investigation(session, batch.id)
    if investigation is None:
        raise NoOpenInvestigation("nothing is being looked into")
    if not findings.strip():
        raise ReasonNeeded("an investigation ends with findings")
    investigation.outcome, investigation.findings = outcome, findings.strip()
    investigation.closed_by, investigation.closed_at = person(by), now
    if outcome is Outcome.SCRAPPED:
        return _scrap(session, batch, reason=findings, by=by, now=now)
    if batch.blended_at is not None:
        _require_unrecalled(session, batch, now=now)
    action = BatchAction.CLEAR if outcome is Outcome.CLEARED else BatchAction.REWORK
    batch.apply(action, to=_resumed(session, batch))
    if outcome is Outcome.REWORKED or investigation.code == FAILED_TEST:
        batch.round_no += 1
    remember(session, batch, action, by=by, now=now, reason=findings.strip())
    return batch


def _require_unrecalled(session: Session, batch: Batch, *, now: datetime) -> None:
    today = practice.site(session).today(now)
    unsound = queries.unsound_components(session, batch.id, today=today)
    if gone := [each for each in unsound if each.why in {LotStatus.RECALLED, LotStatus.REJECTED}]:
        raise ComponentUnsound(
            _why_unsound(gone), lots={each.lot_number: each.why for each in gone}
        )


def _resumed(session: Session, batch: Batch) -> BatchStatus:
    """Where a batch's record stands, whatever stopped it."""
    if batch.filled is not None:
        return BatchStatus.FILLED
    if batch.blended_at is not None:
        return BatchStatus.BLENDED
    return at_the_balance(session, batch)


def scrap(session: Session, batch_id: UUID, *, reason: str, by: Actor, now: datetime) -> Batch:
    """
    Destroy a batch at any point before its release; its powder and capsules are waste.

    Raises:
        ReasonNeeded: None was given.
    """
    by.require(Permission.RELEASE_LOT)
    batch = queries.lock(session, batch_id)
    batch.require(BatchAction.SCRAP)
    if not reason.strip():
        raise ReasonNeeded("a batch is scrapped for a reason")
    if (investigation := queries.open_investigation(session, batch.id)) is not None:
        investigation.outcome, investigation.findings = Outcome.SCRAPPED, reason.strip()
        investigation.closed_by, investigation.closed_at = person(by), now
    return _scrap(session, batch, reason=reason, by=by, now=now)


def _scrap(session: Session, batch: Batch, *, reason: str, by: Actor, now: datetime) -> Batch:
    batch.apply(BatchAction.SCRAP, to=BatchStatus.REJECTED)
    wasted = 0
    if batch.capsule_lot_id is not None:
        [lot] = _withdraw_capsules(
            session, [batch], LotStatus.REJECTED, reason=reason, by=by, now=now
        )
        wasted = lot.on_hand - lot.reserved
        if wasted:
            take = [Take(lot.id, wasted, batch.id)]
            inventory.reserve(session, take, by=by, now=now)
            inventory.waste(session, take, by=by, now=now)
    facts = {"capsules_wasted": wasted}
    remember(session, batch, BatchAction.SCRAP, by=by, now=now, reason=reason.strip(), facts=facts)
    return batch


def _withdraw_capsules(
    session: Session,
    batches: Sequence[Batch],
    status: LotStatus,
    *,
    reason: str,
    by: Actor,
    now: datetime,
) -> list[CapsuleLot]:
    """Return the batches' lots, withdrawn. What is recalled or rejected stays so."""
    lot_ids = [each.capsule_lot_id for each in batches if each.capsule_lot_id is not None]
    locked = lots.lock_capsule_lots(session, lot_ids) if lot_ids else {}
    for lot in locked.values():
        if lot.status not in {LotStatus.RECALLED, LotStatus.REJECTED}:
            inventory.withdraw_capsule_lot(
                session, lot.id, status=status, reason=reason, by=by, now=now
            )
    return list(locked.values())
