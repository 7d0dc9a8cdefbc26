"""One MedicationRequest, read by the rules of the profile."""

from datetime import date, datetime
from typing import Final

from pharmacy.prescriptions.rules import fhir
from pharmacy.prescriptions.rules.contents import BusinessId, Request
from pharmacy.prescriptions.rules.dosage import regimen_of, unit_words, whole
from pharmacy.prescriptions.rules.kinds import PrescriptionKind
from pharmacy.prescriptions.rules.violations import ProfileViolation

RXNORM: Final = "http://www.nlm.nih.gov/research/umls/rxnorm"
NALTREXONE: Final = "7243"
DRUG_FORMS: Final = "http://terminology.hl7.org/CodeSystem/v3-orderableDrugForm"
CAPSULE: Final = "CAP"
REASON_SYSTEMS: Final = ("http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct")
MOST_REPEATS: Final = 11
MOST_DAYS: Final = 366
MOST_CAPSULES: Final = 10_000


def request_of(
    request: fhir.MedicationRequest,
    *,
    at: str,
    identifier: BusinessId,
    authored_at: datetime,
    medication: tuple[str, fhir.Medication],
    continues: int | None,
    unread: tuple[str, ...],
) -> Request:
    """
    Return what a request orders.

    Args:
        at: FHIRPath of the request, for refusals.
        medication: FHIRPath and content of the Medication that it names.

    Raises:
        ProfileViolation: A rule is broken.
    """
    _require_order(request, at=at)
    _require_naltrexone(medication[1], at=medication[0])
    regimen = regimen_of(request.dosage_instruction, at=f"{at}.dosageInstruction")
    kind = PrescriptionKind.TITRATION if len(regimen.steps) > 1 else PrescriptionKind.MAINTENANCE
    dispense = request.dispense_request
    if dispense is None:
        raise ProfileViolation("request-dispense", "nothing is dispensed", expression=at)
    at = f"{at}.dispenseRequest"
    valid_from, valid_until = _validity(dispense, at=at)
    return Request(
        identifier=identifier,
        kind=kind,
        continues=continues,
        regimen=regimen,
        authored_at=authored_at,
        valid_from=valid_from,
        valid_until=valid_until,
        repeats=_repeats(dispense, at=at),
        days_per_fill=_supply_days(dispense, at=at),
        interval_days=whole(dispense.dispense_interval, {"d": 1, "wk": 7}),
        quantity=_quantity(dispense, at=at, needed=kind is PrescriptionKind.MAINTENANCE),
        medication_text=medication[1].code.text,
        reason=_reason(request),
        unit_words=unit_words(request.dosage_instruction),
        unread=(*unread, *_to_read(request)),
    )


def _require_order(request: fhir.MedicationRequest, *, at: str) -> None:
    reported = request.reported_boolean or request.reported_reference is not None
    ordered = (request.status, request.intent) == ("active", "order")
    if not ordered or reported or request.do_not_perform:
        raise ProfileViolation("request-status", "this is no active order", expression=at)
    if request.substitution is None or request.substitution.allowed_boolean is not False:
        raise ProfileViolation(
            "request-substitution", "substitution is not ruled out", expression=f"{at}.substitution"
        )
    for index, reason in enumerate(request.reason_code):
        if not reason.text.strip() and not any(reason.codes(each) for each in REASON_SYSTEMS):
            raise ProfileViolation(
                "request-reason", "a reason says nothing", expression=f"{at}.reasonCode[{index}]"
            )


def _require_naltrexone(medication: fhir.Medication, *, at: str) -> None:
    code = medication.code
    if not code.has(RXNORM, NALTREXONE) or not code.text.strip() or medication.status != "active":
        raise ProfileViolation(
            "medication-drug", "this is not naltrexone, in code and words", expression=f"{at}.code"
        )
    if not medication.form.has(DRUG_FORMS, CAPSULE):
        raise ProfileViolation("medication-form", "this is not a capsule", expression=f"{at}.form")
    strengths = [each.strength for each in medication.ingredient if each.strength is not None]
    if strengths or medication.amount is not None:
        raise ProfileViolation("medication-strength", "there is a strength", expression=at)


def _validity(dispense: fhir.DispenseRequest, *, at: str) -> tuple[date, date]:
    period = dispense.validity_period or fhir.Period()
    start, end = fhir.whole_date(period.start or ""), fhir.whole_date(period.end or "")
    if start is None or end is None or not start <= end <= _year_after(start):
        raise ProfileViolation(
            "request-validity",
            "there is no window of at most 12 months",
            expression=f"{at}.validityPeriod",
        )
    return start, end


def _year_after(day: date) -> date:
    """Return the same day a year later; from 29 February, the 28th (domain.md E4)."""
    if day.year == date.max.year:
        return date.max
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return day.replace(year=day.year + 1, day=28)


def _repeats(dispense: fhir.DispenseRequest, *, at: str) -> int:
    if not 0 <= dispense.number_of_repeats_allowed <= MOST_REPEATS:
        raise ProfileViolation(
            "request-repeats",
            "there are not 0 to 11 repeats",
            expression=f"{at}.numberOfRepeatsAllowed",
        )
    return dispense.number_of_repeats_allowed


def _supply_days(dispense: fhir.DispenseRequest, *, at: str) -> int:
    days = whole(dispense.expected_supply_duration, {"d": 1})
    if days is None or not 0 < days <= MOST_DAYS:
        raise ProfileViolation(
            "request-supply",
            "the supply is not given in days",
            expression=f"{at}.expectedSupplyDuration",
        )
    return days


def _quantity(dispense: fhir.DispenseRequest, *, at: str, needed: bool) -> int | None:
    if dispense.quantity is None and not needed:
        return None
    quantity = dispense.quantity
    value = quantity.value if quantity is not None and quantity.code == CAPSULE else None
    if (
        quantity is None
        or value is None
        or quantity.comparator
        or quantity.system != DRUG_FORMS
        or not 0 < value <= MOST_CAPSULES
        or value != value.to_integral_value()
    ):
        raise ProfileViolation(
            "request-quantity", "there is no number of capsules", expression=f"{at}.quantity"
        )
    return int(value)


def _reason(request: fhir.MedicationRequest) -> str:
    """Return the reason in words, or in codes where there are none."""
    words = [reason.text for reason in request.reason_code if reason.text.strip()]
    codes = [each.code for reason in request.reason_code for each in reason.coding if each.code]
    return "; ".join(words or codes)


def _to_read(request: fhir.MedicationRequest) -> tuple[str, ...]:
    """Return codes of words that no program here understands."""
    dosages = request.dosage_instruction
    codes = []
    if request.note:
        codes.append("note-unread")
    if any(each.additional_instruction or each.patient_instruction for each in dosages):
        codes.append("instruction-unread")
    return tuple(codes)
