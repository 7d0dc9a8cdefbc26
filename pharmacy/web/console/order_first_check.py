"""What a pharmacist compares at the first check: signed sentences, plan, strategies, questions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy.orm import Session

from pharmacy.infra import signatures
from pharmacy.kernel.quantities import Mass
from pharmacy.kernel.refusals import Refusal
from pharmacy.orders import queries
from pharmacy.orders.models import Clarification, Order
from pharmacy.orders.rules.clarifying import QuestionKind
from pharmacy.prescribers import queries as prescribers
from pharmacy.prescribers.models import CheckOutcome, PrescriberCheck
from pharmacy.prescribers.rules.answers import CODES
from pharmacy.prescriptions import queries as prescriptions
from pharmacy.prescriptions.models import Prescription
from pharmacy.prescriptions.rules.regimen import Regimen, Step
from pharmacy.prescriptions.rules.sentences import Sentence, sentences
from pharmacy.screening import queries as screening
from pharmacy.screening.models import Finding
from pharmacy.screening.rules import Decision, Severity
from pharmacy.screening.rules.decisions import GOES_ON, asks_prescriber, choices
from pharmacy.screening.rules.rulebook import BY_ID
from pharmacy.titration.models import PlanState, StrengthPlan
from pharmacy.web.charts import Stair
from pharmacy.web.console.words import particulars, place_words, source_words
from pharmacy.web.rendering import words_of

STRATEGIES: Final = {
    "A": "One capsule a night, a strength for each dose",
    "B": "One strength, one to three capsules a night",
    "D": "One strength to titrate, the last dose in a capsule of its own",
}
DECISIONS: Final = {
    Decision.ACCEPT: "Accept: considered, the order may go on",
    Decision.OVERRIDE: "Override the block: asked at the prescriber's",
    Decision.NOT_APPLICABLE: "Does not apply to this patient",
    Decision.REFUSE: "Refuse: the order must not go on like this",
}
KINDS: Final = [(each.value, words_of(each)) for each in QuestionKind]


@dataclass(frozen=True, slots=True)
class Pair:
    """A signed step beside what this fill makes of it."""

    signed: Step
    made: Stair | None
    """None: this fill does not reach the step."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A finding as a pharmacist decides about it."""

    finding: Finding
    source: str
    particulars: list[tuple[str, str]]
    """What was seen, as pairs of words."""
    is_settled: bool
    choices: list[tuple[str, str]]
    """The decisions that may be taken, with their words."""
    asks_contact: bool
    """Going on needs a note of asking at the prescriber's."""

    @property
    def blocks(self) -> bool:
        return self.finding.severity is Severity.BLOCK

    @property
    def is_stuck(self) -> bool:
        """Only an answer of the patient's, or another prescription, takes it away."""
        return self.blocks and all(code == Decision.REFUSE for code, _ in self.choices)

    @property
    def waits_for_patient(self) -> bool:
        """Nothing but an answer is lacking: not asked, asked too long ago, or not known."""
        return self.is_stuck and not self.is_settled and is_unanswered(self.finding)


@dataclass(frozen=True, slots=True)
class Choice:
    """One strategy beside the others, and what it costs."""

    code: str
    name: str
    is_chosen: bool
    problems: list[str]
    capsules: int
    vials: int
    strengths: list[str]
    """One batch each."""
    most_a_dose: int
    wasted: int
    """Capsules left over where the patient stays at the worst step for it."""
    waits_for: list[str]
    """What its batches lack yet."""

    @property
    def is_possible(self) -> bool:
        return not self.problems


@dataclass(frozen=True, slots=True)
class Asked:
    """A source's answer about the prescriber, and whether it is fresh enough today."""

    check: PrescriberCheck
    is_good: bool
    is_old: bool

    @property
    def words(self) -> str:
        """What was answered."""
        known = CODES.get(self.check.code)
        return known.words if known else words_of(self.check.code)

    @property
    def source(self) -> str:
        return source_words(self.check.source)


@dataclass(frozen=True, slots=True)
class FirstCheck:
    """Prescription and plan side by side, with what is to be decided about them."""

    pairs: list[Pair]
    sentences: tuple[Sentence, ...]
    is_readable: bool
    """Whether the kept bytes could be read again; the steps stand there in any case."""
    findings: list[Spoken]
    choices: list[Choice]
    checks: list[Asked]
    questions: list[Clarification]
    fields: list[tuple[str, str]]
    """Places in the prescription that a question may be about, with their words."""

    @property
    def undecided(self) -> list[Spoken]:
        return [each for each in self.findings if not each.is_settled]

    @property
    def to_ask(self) -> int:
        """How many questions to the patient hold the order."""
        return sum(each.waits_for_patient for each in self.findings)

    @property
    def to_decide(self) -> list[Spoken]:
        """What is a pharmacist's to decide, and waits for no answer of the patient's."""
        return [each for each in self.undecided if not each.waits_for_patient]

    @property
    def open_questions(self) -> list[Clarification]:
        return [each for each in self.questions if each.is_open]

    @staticmethod
    def place_of(place: str) -> str:
        """Return in words where in the prescription something stands."""
        return place_words(place)

    @property
    def can_choose(self) -> bool:
        """Whether there is another strategy to choose."""
        return any(each.is_possible and not each.is_chosen for each in self.choices)


def first_check(
    session: Session,
    order: Order,
    prescription: Prescription,
    plan: StrengthPlan | None,
    *,
    steps: Sequence[Stair],
    now: datetime,
) -> FirstCheck:
    """Gather what the first check compares."""
    said, is_readable = _sentences(session, prescription)
    made = {each.step.no: each for each in steps}
    regimen = Regimen.of_data(prescription.regimen)
    return FirstCheck(
        pairs=[Pair(step, made.get(step.no)) for step in regimen.steps],
        sentences=said,
        is_readable=is_readable,
        findings=_findings(session, order),
        choices=_choices(plan),
        checks=[_asked(each, now) for each in prescribers.newest_checks(session, order.npi)],
        questions=queries.clarifications(session, order.id),
        fields=[
            (f"dosageInstruction[{at}]", f"Step {step.no}: {step.text}"[:120])
            for at, step in enumerate(regimen.steps)
        ],
    )


def is_unanswered(finding: Finding) -> bool:
    """Say whether a finding speaks of a question that has no answer which counts today."""
    return finding.inputs.keys() >= {"topic", "state"}


def plan_is_open(plan: StrengthPlan | None) -> bool:
    """Say whether another strategy may still be chosen."""
    return plan is not None and plan.state is PlanState.PROPOSED


def of_names(first: FirstCheck) -> set[UUID]:
    """Return the people whose names the first check shows."""
    decided = {each.finding.decided_by for each in first.findings}
    asked = {each.asked_by for each in first.questions}
    ended = {each.answered_by or each.withdrawn_by for each in first.questions}
    return {each for each in decided | asked | ended if each}


def _sentences(session: Session, prescription: Prescription) -> tuple[tuple[Sentence, ...], bool]:
    kept = prescriptions.evidence(session, prescription.evidence_id)
    try:
        payload = signatures.payload_of(kept.jws)
        found = sentences(
            payload, system=prescription.request_system, value=prescription.request_value
        )
    except Refusal:
        return (), False
    return found, bool(found)


def _findings(session: Session, order: Order) -> list[Spoken]:
    found = screening.open_findings(session, order.prescription_id, order.fill_no)
    return [_spoken(finding) for finding in found]


def _spoken(finding: Finding) -> Spoken:
    rule = BY_ID.get(finding.rule_id)
    allowed = choices(finding.severity, is_overridable=rule is None or rule.is_overridable)
    asks = asks_prescriber(
        finding.severity, needs_prescriber=rule is not None and rule.needs_prescriber
    )
    return Spoken(
        finding=finding,
        source=_outside(rule.source) if rule else "",
        particulars=particulars(finding.inputs),
        is_settled=screening.is_settled(finding),
        choices=[(code.value, words) for code, words in DECISIONS.items() if code in allowed],
        asks_contact=asks and bool(allowed & GOES_ON),
    )


def _outside(source: str) -> str:
    """Return a rule's sources but our own pages, which a pharmacist does not have at hand."""
    return "; ".join(each for each in source.split("; ") if not each.startswith("domain"))


def _choices(plan: StrengthPlan | None) -> list[Choice]:
    return [_choice(each, plan.strategy) for each in plan.options] if plan else []


def _choice(option: dict[str, Any], chosen: str) -> Choice:
    steps, batches = option["steps"], option["batches"]
    return Choice(
        code=option["strategy"],
        name=STRATEGIES.get(option["strategy"], option["strategy"]),
        is_chosen=option["strategy"] == chosen,
        problems=[each["words"] for each in option["problems"]],
        capsules=option["capsules"],
        vials=option["containers"],
        strengths=[str(Mass.of_micrograms(each["strength_ug"])) for each in batches],
        most_a_dose=max((each["capsules_per_dose"] for each in steps), default=0),
        wasted=max((each["wasted_capsules"] for each in option["holds"]), default=0),
        waits_for=sorted({lack["words"] for each in batches for lack in each["pending"]}),
    )


def _asked(check: PrescriberCheck, now: datetime) -> Asked:
    return Asked(check, check.outcome is CheckOutcome.VERIFIED, check.valid_until < now)
