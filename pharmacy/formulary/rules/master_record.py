"""The master formulation record: everything that a batch of a strength is made by, as data."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Self

from pharmacy.formulary.rules.fillers import require_filler
from pharmacy.formulary.rules.formulation import Formula
from pharmacy.formulary.rules.ingredients import INGREDIENTS, NALTREXONE, SaltForm
from pharmacy.kernel.refusals import Invalid

LONGEST_WAIT_MINUTES: Final = 24 * 60
SECONDS_IN_MINUTE: Final = 60
STATE_LETTERS: Final = 2
ACTS: Final = ("weigh", "blend", "fill", "test")
STEP_FIELD: Final = "steps"
"""A State's part of this field is one more step of every batch."""


class RecordIncomplete(Invalid):
    """A mandatory field of the master formulation record is empty or makes no sense."""

    code = "formulation-record-incomplete"
    remedy = "Fill in the fields that the message names."


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedIngredient:
    """One ingredient of one capsule, with what about it matters."""

    ingredient: str
    """A key of `INGREDIENTS`."""
    amount_ug: int | None
    """For one capsule, as the labelled substance. None: as much as fills the shell."""
    grade: str
    """Purity: `USP`, `NF`, …"""
    salt_forms: tuple[str, ...] = ()
    """The forms in which a lot may come; empty for what has none."""
    particle_size: str = ""
    solubility: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedStep:
    """One step of the preparation, in the order of the list."""

    title: str
    instruction: str
    checklist: tuple[str, ...] = ()
    """What is ticked before the step counts as done."""
    wait_minutes: int | None = None
    """How long the step lasts at least; a timer runs."""
    wait_seconds: int = 0
    """Besides the minutes."""
    photo: bool = False
    """A photograph belongs to the step."""
    act: str = ""
    """Which act of the batch it describes, one of `ACTS`; the act waits for the steps before."""

    @property
    def least_seconds(self) -> int | None:
        """How long it lasts at least; None: as long as it takes."""
        return (self.wait_minutes or 0) * SECONDS_IN_MINUTE + self.wait_seconds or None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePart:
    """What one State asks for beside the rest: data, never code."""

    state: str
    field: str
    """Which part of the record it adds to: `labelling`, `storage`, …"""
    text: str
    source: str


MANDATORY_TEXTS: Final = (
    "name",
    "dosage_form",
    "container_closure",
    "storage",
    "beyond_use_reference",
    "calculations",
    "labelling",
    "precautions",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MasterRecord:
    """
    What a master formulation record holds beside its `Formula`: strength, size, limit and looks.

    Raises:
        RecordIncomplete: A mandatory field is empty; the facts name every such field.
        UnknownFiller, BlockedFiller: An ingredient is not to be used.

    Source: domain.md 3.4 (USP <795>).
    """

    name: str
    dosage_form: str
    ingredients: tuple[RecordedIngredient, ...]
    container_closure: str
    """Of what kind and size."""
    equipment: tuple[str, ...]
    supplies: tuple[str, ...]
    steps: tuple[RecordedStep, ...]
    precautions: str
    storage: str
    beyond_use_reference: str
    """What supports the beyond-use limit."""
    calculations: str
    """How quantities and strength are determined and verified."""
    labelling: str
    quality_checks: tuple[str, ...]
    state_parts: tuple[StatePart, ...] = ()
    other: str = ""
    """Whatever else makes it repeatable."""

    def __post_init__(self) -> None:
        empty = [name for name in MANDATORY_TEXTS if not getattr(self, name).strip()]
        empty += [
            name
            for name in ("ingredients", "equipment", "supplies", "steps", "quality_checks")
            if not getattr(self, name)
        ]
        empty += self._unsound()
        if empty:
            raise RecordIncomplete(f"these are missing or wrong: {', '.join(empty)}", fields=empty)
        for each in self.ingredients:
            if not INGREDIENTS[each.ingredient].is_active:
                require_filler(each.ingredient)

    def _unsound(self) -> list[str]:
        wrong = []
        if any(not _sound_ingredient(each) for each in self.ingredients):
            wrong.append("ingredients")
        if any(not _sound_step(each) for each in self.steps):
            wrong.append("steps")
        if any(not _sound_part(each) for each in self.state_parts):
            wrong.append("state_parts")
        return wrong

    def active(self) -> RecordedIngredient:
        """Return the active ingredient. Raises RecordIncomplete unless there is exactly one."""
        found = [each for each in self.ingredients if each.ingredient == NALTREXONE]
        if len(found) != 1:
            raise RecordIncomplete("a record has one active ingredient", fields=["ingredients"])
        return found[0]

    def require_fits(self, formula: Formula) -> None:
        """Raise RecordIncomplete unless record and formula name one strength and one filler."""
        keys = {each.ingredient for each in self.ingredients}
        if self.active().amount_ug != formula.strength_ug or formula.filler not in keys:
            raise RecordIncomplete(
                "the ingredients are not those of the formula: strength or filler differ",
                fields=["ingredients"],
                strength_ug=formula.strength_ug,
            )

    def for_state(self, state: str) -> tuple[StatePart, ...]:
        """Return what a State asks for beside the rest."""
        return tuple(part for part in self.state_parts if part.state == state)

    def steps_in(self, state: str) -> tuple[tuple[RecordedStep, StatePart | None], ...]:
        """Return the steps of a batch made in a State: the record's, then the State's own."""
        own = [
            (RecordedStep(title=f"Required in {state}", instruction=part.text), part)
            for part in self.for_state(state)
            if part.field == STEP_FIELD
        ]
        return (*((step, None) for step in self.steps), *own)

    def to_data(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def of_data(cls, data: Mapping[str, Any]) -> Self:
        """Return the record that JSON holds. Raises RecordIncomplete, also for unknown members."""
        try:
            return cls(
                **{
                    **{name: _tuple(value) for name, value in data.items()},
                    "ingredients": tuple(_ingredient(each) for each in data["ingredients"]),
                    "steps": tuple(_step(each) for each in data["steps"]),
                    "state_parts": tuple(StatePart(**each) for each in data["state_parts"]),
                }
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise RecordIncomplete("the record is not of this form", fields=[]) from error


def _sound_ingredient(each: RecordedIngredient) -> bool:
    known = INGREDIENTS.get(each.ingredient)
    if known is None or not each.grade.strip():
        return False
    if known.is_active:
        forms = set(each.salt_forms)
        return bool(forms) and forms <= set(SaltForm) and (each.amount_ug or 0) > 0
    return each.amount_ug is None or each.amount_ug > 0


def _sound_step(step: RecordedStep) -> bool:
    waits = step.wait_minutes is None or 0 < step.wait_minutes <= LONGEST_WAIT_MINUTES
    waits = waits and 0 <= step.wait_seconds < SECONDS_IN_MINUTE
    return (
        waits
        and step.act in {"", *ACTS}
        and bool(step.title.strip() and step.instruction.strip())
        and all(each.strip() for each in step.checklist)
    )


def _sound_part(part: StatePart) -> bool:
    named = len(part.state) == STATE_LETTERS and part.state.isupper()
    return named and all(each.strip() for each in (part.field, part.text, part.source))


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _ingredient(data: Mapping[str, Any]) -> RecordedIngredient:
    return RecordedIngredient(**{name: _tuple(value) for name, value in data.items()})


def _step(data: Mapping[str, Any]) -> RecordedStep:
    return RecordedStep(**{name: _tuple(value) for name, value in data.items()})
