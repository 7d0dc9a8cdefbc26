"""What a batch is owed next, and by whom: one action for every status."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from pharmacy.compounding.rules.life import BatchStatus
from pharmacy.compounding.rules.preparation import Act, StepState
from pharmacy.compounding.rules.weights import RELEASE_SAMPLE, SHELLS_TO_TARE

TECHNICIAN: Final = "technician"
PHARMACIST: Final = "pharmacist"
NOBODY: Final = "nobody"


ITEMS: Final = {
    "active": "naltrexone",
    "filler": "filler",
    "trituration-active": "naltrexone for the trituration",
    "trituration-diluent": "filler for the trituration",
    "trituration-part": "part of the trituration",
}
"""What is weighed, in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a batch has come."""

    status: BatchStatus
    is_called: bool = False
    """Somebody waits for a pharmacist's answer."""
    is_scanned: bool = False
    to_weigh: tuple[str, ...] = ()
    """Items of the sheet that no weighing counts for, in the order of weighing."""
    to_verify: int = 0
    steps: Sequence[StepState] = ()
    shells: int = 0
    capsules: int = 0
    """Weighed one by one, in this round."""
    filled: int | None = None
    is_tested: bool = False
    """The release test was passed in this round."""
    red: tuple[str, ...] = ()
    """What gates of the release say that are not green."""

    @property
    def sample(self) -> int:
        """How many capsules are weighed: ten, or all of a smaller batch."""
        return min(RELEASE_SAMPLE, self.filled or RELEASE_SAMPLE)


@dataclass(frozen=True, slots=True)
class Owed:
    """The one next action."""

    code: str
    words: str
    owner: str


def owed(at: Progress) -> Owed:
    """Return what is owed next."""
    if at.is_called:
        return Owed("answer", "Answer the question that stopped the batch", PHARMACIST)
    return WAYS[at.status](at)


def open_step(steps: Sequence[StepState], act: Act | None = None) -> StepState | None:
    """Return the first step that is not done; of those before an act's own, where one is named."""
    own = next((step.no for step in steps if step.act == act), None) if act else None
    if act is not None and own is None:
        return None
    return next(
        (step for step in steps if not step.is_done and (own is None or step.no < own)), None
    )


def _do(step: StepState) -> Owed:
    return Owed("step", f"Step {step.no}: {step.title}", TECHNICIAN)


def _at_the_balance(at: Progress) -> Owed:
    if step := open_step(at.steps, Act.WEIGH):
        return _do(step)
    if not at.is_scanned:
        return Owed("scan", "Scan the lots of the powders", TECHNICIAN)
    if at.to_weigh:
        return Owed("weigh", f"Weigh the {ITEMS[at.to_weigh[0]]}", TECHNICIAN)
    weighings = "weighing" if at.to_verify == 1 else "weighings"
    return Owed("verify", f"Verify {at.to_verify} {weighings}", PHARMACIST)


def _weighed(at: Progress) -> Owed:
    step = open_step(at.steps, Act.BLEND)
    return _do(step) if step else Owed("blend", "Blend the powders", TECHNICIAN)


def _blended(at: Progress) -> Owed:
    step = open_step(at.steps, Act.FILL)
    return _do(step) if step else Owed("fill", "Fill the capsules", TECHNICIAN)


def _filled(at: Progress) -> Owed:
    if step := open_step(at.steps, Act.TEST):
        return _do(step)
    if at.shells < SHELLS_TO_TARE:
        words = f"Weigh empty shells: {at.shells} of {SHELLS_TO_TARE}"
        return Owed("weigh-shells", words, TECHNICIAN)
    if at.capsules < at.sample:
        words = f"Weigh capsules: {at.capsules} of {at.sample}"
        return Owed("weigh-capsules", words, TECHNICIAN)
    return _weighed_one_by_one(at)


def _weighed_one_by_one(at: Progress) -> Owed:
    if not at.is_tested:
        return Owed("test", "Judge the batch by its weights", TECHNICIAN)
    if step := open_step(at.steps):
        return _do(step)
    if at.red:
        return Owed("settle", f"Before the release: {'; '.join(at.red)}", PHARMACIST)
    return Owed("release", "Release the batch", PHARMACIST)


def _quarantined(_: Progress) -> Owed:
    return Owed("conclude", "Look into it, and end the investigation", PHARMACIST)


def _over(at: Progress) -> Owed:
    words = (
        "Its capsules may be dispensed" if at.status is BatchStatus.RELEASED else "It was scrapped"
    )
    return Owed("nothing", words, NOBODY)


S = BatchStatus
WAYS: Final = {
    S.PLANNED: _at_the_balance,
    S.WEIGHING: _at_the_balance,
    S.WEIGHED: _weighed,
    S.BLENDED: _blended,
    S.FILLED: _filled,
    S.QUARANTINED: _quarantined,
    S.RELEASED: _over,
    S.REJECTED: _over,
}
