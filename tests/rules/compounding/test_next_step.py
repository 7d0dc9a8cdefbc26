"""What a batch is owed next: one action for every point of its life."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from pharmacy.compounding.rules.life import BatchStatus
from pharmacy.compounding.rules.next_step import Progress, owed
from pharmacy.compounding.rules.planning import OpenLine
from pharmacy.compounding.rules.preparation import StepState
from pharmacy.compounding.rules.urgency import Coming, due_by_batch

S = BatchStatus
ACTS = ("", "weigh", "blend", "fill", "test")


def steps(done: int) -> list[StepState]:
    """Five steps, so many of which are done."""
    return [
        StepState(no=no, title=act or "prepare", act=act, is_done=no <= done)
        for no, act in enumerate(ACTS, start=1)
    ]


def said(status: BatchStatus, done: int, **facts: Any) -> tuple[str, str]:
    found = owed(Progress(status=status, steps=steps(done), **facts))
    return found.code, found.owner


@pytest.mark.parametrize(
    ("status", "done", "facts", "code", "owner"),
    [
        (S.PLANNED, 0, {}, "step", "technician"),
        (S.PLANNED, 1, {}, "scan", "technician"),
        (S.PLANNED, 1, {"is_scanned": True, "to_weigh": ("active",)}, "weigh", "technician"),
        (S.WEIGHING, 1, {"is_scanned": True, "to_verify": 2}, "verify", "pharmacist"),
        (S.WEIGHED, 1, {}, "step", "technician"),
        (S.WEIGHED, 2, {}, "blend", "technician"),
        (S.BLENDED, 2, {}, "step", "technician"),
        (S.BLENDED, 3, {}, "fill", "technician"),
        (S.FILLED, 3, {}, "step", "technician"),
        (S.FILLED, 4, {"shells": 9}, "weigh-shells", "technician"),
        (S.FILLED, 4, {"shells": 10, "capsules": 9}, "weigh-capsules", "technician"),
        (S.FILLED, 4, {"shells": 10, "capsules": 10}, "test", "technician"),
        (S.FILLED, 4, {"shells": 10, "capsules": 10, "is_tested": True}, "step", "technician"),
        (S.FILLED, 5, {"shells": 10, "capsules": 10, "is_tested": True}, "release", "pharmacist"),
        (S.QUARANTINED, 5, {}, "conclude", "pharmacist"),
        (S.RELEASED, 5, {}, "nothing", "nobody"),
        (S.REJECTED, 2, {}, "nothing", "nobody"),
    ],
)
def test_every_point_of_a_batchs_life_has_one_next_action(
    status: BatchStatus, done: int, facts: dict[str, Any], code: str, owner: str
) -> None:
    assert said(status, done, **facts) == (code, owner)


@pytest.mark.parametrize("status", [S.PLANNED, S.WEIGHED, S.FILLED])
def test_a_called_pharmacist_comes_before_everything(status: BatchStatus) -> None:
    assert said(status, 0, is_called=True) == ("answer", "pharmacist")


def test_a_batch_of_six_capsules_is_weighed_whole() -> None:
    assert said(S.FILLED, 4, shells=10, capsules=5, filled=6) == ("weigh-capsules", "technician")
    assert said(S.FILLED, 4, shells=10, capsules=6, filled=6) == ("test", "technician")


def test_a_red_gate_is_named_before_the_release() -> None:
    at = Progress(
        status=S.FILLED,
        steps=steps(5),
        shells=10,
        capsules=10,
        is_tested=True,
        red=("a component's lot is not released",),
    )
    assert owed(at).words == "Before the release: a component's lot is not released"


def test_the_batch_planned_first_serves_the_order_due_first() -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    first, second, idle = uuid4(), uuid4(), uuid4()

    def line(capsules: int, hours: int) -> OpenLine:
        return OpenLine(uuid4(), 4_500, capsules, noon + timedelta(hours=hours), noon.date())

    lines = [line(60, 5), line(30, 1), line(60, 9)]
    batches = [Coming(first, 4_500, 100), Coming(second, 4_500, 60), Coming(idle, 3_000, 90)]
    assert due_by_batch(lines, batches) == {
        first: (noon + timedelta(hours=1), 2),
        second: (noon + timedelta(hours=9), 1),
    }
