"""The steps of a request: FHIR dosage instructions read as a regimen."""

from decimal import Decimal
from typing import Final

from pharmacy.kernel.quantities import EXACT
from pharmacy.prescriptions.rules.fhir import Dosage, Quantity, Repeat
from pharmacy.prescriptions.rules.regimen import MOST_STEPS, Regimen, Step, TimeOfDay
from pharmacy.prescriptions.rules.sig_text import read
from pharmacy.prescriptions.rules.violations import ProfileViolation

UCUM: Final = "http://unitsofmeasure.org"
SNOMED: Final = "http://snomed.info/sct"
ORAL: Final = "26643006"
DAYS_OF: Final = {"d": 1, "wk": 7}
MOST_DAYS: Final = 366
MOST_DOSE_UG: Final = 1_000_000
"""1 g: beyond any dose, so that nothing overflows; limits that mean something are policies."""
LONGEST_TEXT: Final = 1000
WHEN: Final = {"HS": TimeOfDay.BEDTIME, "MORN": TimeOfDay.MORNING}
MORNING_HOURS: Final = range(4, 12)
NIGHT_HOURS: Final = range(19, 24)


def regimen_of(dosages: list[Dosage], *, at: str) -> Regimen:
    """
    Return the regimen of dosage instructions, in the order of their numbers.

    Args:
        at: FHIRPath of the list, for refusals.

    Raises:
        ProfileViolation: A rule about dosageInstruction is broken.
    """
    if not 1 <= len(dosages) <= MOST_STEPS:
        raise ProfileViolation("steps-count", "there are not 1 to 12 steps", expression=at)
    numbers = [dosage.sequence for dosage in dosages]
    if sorted(number or 0 for number in numbers) != list(range(1, len(dosages) + 1)):
        raise ProfileViolation(
            "steps-sequence", "steps are not 1 to n", expression=f"{at}.sequence"
        )
    placed = sorted(enumerate(dosages), key=lambda pair: pair[1].sequence or 0)
    steps = tuple(_step(dosage, at=f"{at}[{index}]") for index, dosage in placed)
    for (index, _), step in zip(placed[:-1], steps[:-1], strict=True):
        if step.days is None:
            raise _bounds(f"{at}[{index}]")
    return Regimen(steps=steps, as_tolerated=any(read(step.text).as_tolerated for step in steps))


def unit_words(dosages: list[Dosage]) -> tuple[str, ...]:
    """Return how each step names its unit for people, by step."""
    ordered = sorted(dosages, key=lambda dosage: dosage.sequence or 0)
    quantities = (dosage.dose_and_rate[0].dose_quantity for dosage in ordered)
    return tuple(quantity.unit if quantity else "" for quantity in quantities)


def whole(quantity: Quantity | None, units: dict[str, int]) -> int | None:
    """Return a UCUM quantity as a whole number of the smallest unit, or None when it is none."""
    if quantity is None or quantity.value is None or quantity.comparator:
        return None
    if quantity.system != UCUM or quantity.code not in units:
        return None
    value = EXACT.multiply(quantity.value, Decimal(units[quantity.code]))
    return int(value) if value == value.to_integral_value() else None


def _step(dosage: Dosage, *, at: str) -> Step:
    if not dosage.text.strip() or len(dosage.text) > LONGEST_TEXT:
        raise ProfileViolation("step-text", "a step has no usable words", expression=f"{at}.text")
    if dosage.as_needed_boolean:
        raise ProfileViolation(
            "step-as-needed", "a step is only as needed", expression=f"{at}.asNeededBoolean"
        )
    if not dosage.route.has(SNOMED, ORAL):
        raise ProfileViolation("step-route", "a step is not oral", expression=f"{at}.route")
    repeat = dosage.timing.repeat if dosage.timing else None
    if repeat is None or not _is_daily(repeat):
        raise ProfileViolation(
            "step-frequency", "a step is not once a day", expression=f"{at}.timing.repeat"
        )
    return Step(
        no=dosage.sequence or 0,
        dose_ug=_dose(dosage, at=f"{at}.doseAndRate"),
        days=_bounded_days(repeat, at=at),
        time_of_day=_time(repeat, at=f"{at}.timing.repeat"),
        text=dosage.text,
    )


def _is_daily(repeat: Repeat) -> bool:
    return repeat.frequency == 1 and repeat.period == 1 and repeat.period_unit == "d"


def _dose(dosage: Dosage, *, at: str) -> int:
    doses = [whole(each.dose_quantity, {"mg": 1000}) for each in dosage.dose_and_rate]
    dose = doses[0] if len(doses) == 1 else None
    if dose is None or not 0 < dose <= MOST_DOSE_UG:
        raise ProfileViolation("step-dose", "a step has not one exact dose in mg", expression=at)
    return dose


def _bounded_days(repeat: Repeat, *, at: str) -> int | None:
    if repeat.bounds_duration is None:
        return None
    days = whole(repeat.bounds_duration, DAYS_OF)
    if days is None or not 0 < days <= MOST_DAYS:
        raise _bounds(at)
    return days


def _bounds(at: str) -> ProfileViolation:
    return ProfileViolation(
        "step-bounds",
        "a step does not say in days or weeks when it ends",
        expression=f"{at}.timing.repeat.boundsDuration",
    )


def _time(repeat: Repeat, *, at: str) -> TimeOfDay:
    said: list[TimeOfDay | None] = [WHEN.get(code) for code in repeat.when]
    said += [_time_at(text) for text in repeat.time_of_day]
    time = said[0] if len(said) == 1 else None
    if time is None:
        raise ProfileViolation("step-when", "a step has not one time of day", expression=at)
    return time


def _time_at(text: str) -> TimeOfDay | None:
    hour = int(text[:2]) if text[:2].isascii() and text[:2].isdigit() and text[2:3] == ":" else -1
    if hour in MORNING_HOURS:
        return TimeOfDay.MORNING
    return TimeOfDay.BEDTIME if hour in NIGHT_HOURS else None
