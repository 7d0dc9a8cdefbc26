"""What rules may look at: one fill of one patient on one day."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from pharmacy.patients.rules import Details, Medicine, Reply, Topic

NOTHING_MORE: Final = Details()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A patient's newest answer to a topic."""

    reply: Reply
    asked_on: date
    details: Details = NOTHING_MORE


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseStep:
    """One step of what the fill delivers."""

    no: int
    dose_ug: int
    days: int
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The pharmacy's policies that rules compare with. `practice.rules.Policy` explains them."""

    dose_min_ug: int = 100
    dose_review_ug: int = 4_500
    dose_block_ug: int = 6_000
    start_dose_review_ug: int = 1_500
    step_review_ug: int = 1_500
    step_days_review: int = 7
    answers_valid_days: int = 180
    opioid_answer_days: int = 30
    opioid_free_days: int = 10
    long_opioid_free_days: int = 14
    pause_before_surgery_days: int = 3


DEFAULT_LIMITS: Final = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known of one fill when it is screened."""

    today: date
    birth_date: date
    gender: str
    had_ldn_before: bool
    """An earlier fill of this pharmacy; then a first step may start higher."""
    steps: tuple[DoseStep, ...]
    answers: Mapping[Topic, Said]
    fillers: tuple[str, ...] = ()
    """Keys of the fillers in the capsules that this fill may be made of."""
    reason: str = ""
    """Why it was prescribed, in the prescriber's words."""
    other_supplies: tuple[str, ...] = ()
    """Other prescriptions for LDN whose supply still lasts."""
    other_profiles: int = 0
    """Other patients of the same name and birth date."""
    limits: Limits = DEFAULT_LIMITS

    def says_yes(self, topic: Topic) -> bool:
        said = self.answers.get(topic)
        return said is not None and said.reply is Reply.YES

    def kinds(self, topic: Topic) -> tuple[str, ...]:
        """Return what a yes was, sorted; nothing for another answer."""
        said = self.answers.get(topic)
        return tuple(sorted(said.details.kinds)) if said and said.reply is Reply.YES else ()

    def medicines(self) -> Iterator[Medicine]:
        """Yield every medicine that the patient named, under whichever question."""
        for topic in Topic:
            if said := self.answers.get(topic):
                yield from said.details.medicines

    @property
    def age(self) -> int:
        """Full years on the day of screening."""
        birthday_is_ahead = (self.today.month, self.today.day) < (
            self.birth_date.month,
            self.birth_date.day,
        )
        return self.today.year - self.birth_date.year - birthday_is_ahead
