"""Every rule of the profile, by its code, and the place that it names."""

import copy
import json
from datetime import date

import pytest
from fhir.resources.R4B.bundle import Bundle

from pharmacy.kernel import strict_json
from pharmacy.prescriptions.rules.kinds import PrescriptionKind
from pharmacy.prescriptions.rules.profile import read_set
from pharmacy.prescriptions.rules.regimen import TimeOfDay
from pharmacy.prescriptions.rules.violations import REMEDIES, ProfileViolation
from tests.factories.bundles import (
    SAMPLE,
    maintenance,
    maintenance_alone,
    payload_of,
    resource,
    sample_bundle,
    step,
    titration,
    titration_alone,
)


def read(bundle):
    return read_set(strict_json.read(payload_of(bundle)))


def put(path, value, of=lambda bundle: bundle):
    """Return a change that sets a member, `a.0.b`, of the bundle or of a part of it."""

    def change(bundle):
        *way, last = path.split(".")
        found = of(bundle)
        for name in way:
            found = found[int(name) if name.isdigit() else name]
        found[int(last) if last.isdigit() else last] = value

    return change


def drop(name, of=lambda bundle: bundle):
    return lambda bundle: of(bundle).pop(name)


def first(bundle):
    return step(bundle, 1)


def repeat(bundle):
    return first(bundle)["timing"]["repeat"]


def dispense(bundle):
    return titration(bundle)["dispenseRequest"]


def refill(bundle):
    return maintenance(bundle)["dispenseRequest"]


def of(kind):
    return lambda bundle: resource(bundle, kind)


def add(kind, **members):
    def change(bundle):
        url = f"urn:uuid:00000000-0000-4000-8000-{len(bundle['entry']):012d}"
        bundle["entry"].append({"fullUrl": url, "resource": {"resourceType": kind, **members}})

    return change


def many_steps(bundle):
    steps = titration(bundle)["dosageInstruction"]
    while len(steps) < 13:
        steps.append(copy.deepcopy(steps[-1]) | {"sequence": len(steps) + 1})


def third_request(bundle):
    add("MedicationRequest")(bundle)


def other_patient(bundle):
    add("Patient")(bundle)
    maintenance(bundle)["subject"] = {"reference": bundle["entry"][-1]["fullUrl"]}


def same_identifier(bundle):
    maintenance(bundle)["identifier"] = titration(bundle)["identifier"]


BROKEN = [
    ("bundle-shape", put("entry", "none"), "Bundle.entry"),
    ("bundle-shape", put("count", 28, repeat), "timing.repeat"),
    ("bundle-shape", put("frequencyMax", 2, repeat), "timing.repeat"),
    ("bundle-shape", put("dayOfWeek", ["mon"], repeat), "timing.repeat"),
    ("bundle-shape", put("boundsPeriod", {"start": "2026-03-02"}, repeat), "timing.repeat"),
    ("bundle-shape", put("asNeededCodeableConcept", {"text": "pain"}, first), "dosageInstruction"),
    ("bundle-shape", put("maxDosePerPeriod", {}, first), "dosageInstruction"),
    ("bundle-shape", put("doseAndRate.0.doseRange", {}, first), "doseAndRate"),
    ("bundle-shape", put("doseAndRate.0.rateRatio", {}, first), "doseAndRate"),
    ("bundle-shape", put("initialFill", {}, dispense), "dispenseRequest"),
    ("bundle-shape", put("doseAndRate.0.doseQuantity.value", "1.5", first), "value"),
    ("bundle-shape", put("numberOfRepeatsAllowed", "0", dispense), "numberOfRepeatsAllowed"),
    ("bundle-shape", put("status", None, titration), "status"),
    ("bundle-type", put("type", "message"), "Bundle.type"),
    ("bundle-type", drop("type"), "Bundle.type"),
    ("bundle-identifier", drop("identifier"), "Bundle.identifier"),
    ("bundle-identifier", put("identifier.value", " "), "Bundle.identifier"),
    ("bundle-identifier", put("identifier.value", "x" * 256), "Bundle.identifier"),
    ("bundle-timestamp", put("timestamp", "2026-03-02T16:20:11"), "Bundle.timestamp"),
    ("bundle-timestamp", put("timestamp", "2026-03-02"), "Bundle.timestamp"),
    ("bundle-timestamp", put("timestamp", "2026-02-30T16:20:11Z"), "Bundle.timestamp"),
    ("bundle-timestamp", put("timestamp", "2026-03-02T16:20:60Z"), "Bundle.timestamp"),
    ("bundle-timestamp", put("timestamp", "2026-03-02T16:20:11+15:00"), "Bundle.timestamp"),
    ("bundle-timestamp", put("timestamp", "0000-03-02T16:20:11Z"), "Bundle.timestamp"),
    ("bundle-full-url", put("entry.3.fullUrl", "https://ehr.example.org/Patient/1"), "entry[3]"),
    ("bundle-full-url", put("entry.3.fullUrl", "urn:uuid:1"), "entry[3]"),
    (
        "bundle-full-url",
        put("entry.5.fullUrl", "urn:uuid:0f1c6a0e-1f42-4f6f-9a1d-1c3a3c1b0001"),
        "entry[5]",
    ),
    ("bundle-reference", put("subject.reference", "Patient/1", titration), "reference"),
    ("bundle-reference", put("encounter", {"reference": "Encounter/9"}, titration), "reference"),
    (
        "bundle-reference",
        put("requester.reference", "urn:uuid:0f1c6a0e-1f42-4f6f-9a1d-1c3a3c1b0003", titration),
        "requester",
    ),
    ("bundle-reference", drop("requester", titration), "requester"),
    ("bundle-forbidden-element", put("modifierExtension", [], titration), "descendants"),
    ("bundle-forbidden-element", put("name.0.modifierExtension", [], of("Patient")), "descendants"),
    ("bundle-forbidden-element", put("implicitRules", "urn:x", of("Patient")), "descendants"),
    ("bundle-forbidden-element", put("contained", [], of("Medication")), "descendants"),
    ("bundle-signature", put("signature", {"data": "AA=="}), "Bundle.signature"),
    ("bundle-resource-type", add("Binary", contentType="application/pdf"), "resourceType"),
    ("bundle-resource-type", add("Questionnaire"), "resourceType"),
    ("bundle-requests", third_request, "Bundle.entry"),
    ("bundle-requests", drop("priorPrescription", maintenance), "priorPrescription"),
    ("bundle-requests", lambda b: (titration_alone(b), b["entry"].pop(0)), "Bundle.entry"),
    ("bundle-one-patient", other_patient, "subject"),
    ("request-identifier", drop("identifier", titration), "identifier"),
    ("request-identifier", same_identifier, "identifier"),
    ("request-status", put("status", "draft", titration), "entry[0].resource"),
    ("request-status", put("status", "on-hold", titration), "entry[0].resource"),
    ("request-status", put("intent", "plan", titration), "entry[0].resource"),
    ("request-status", put("reportedBoolean", True, titration), "entry[0].resource"),
    ("request-status", put("doNotPerform", True, titration), "entry[0].resource"),
    ("request-authored-on", put("authoredOn", "2026-03", titration), "authoredOn"),
    ("request-authored-on", put("authoredOn", "2026-03-02", titration), "authoredOn"),
    ("request-group", put("groupIdentifier.value", "another", maintenance), "groupIdentifier"),
    ("request-group", drop("groupIdentifier", maintenance), "groupIdentifier"),
    ("request-medication", drop("medicationReference", titration), "medication"),
    ("request-substitution", put("substitution.allowedBoolean", True, titration), "substitution"),
    ("request-substitution", drop("substitution", titration), "substitution"),
    ("request-reason", put("reasonCode", [{"coding": []}], titration), "reasonCode[0]"),
    ("request-dispense", drop("dispenseRequest", titration), "entry[0].resource"),
    ("request-validity", drop("validityPeriod", dispense), "validityPeriod"),
    ("request-validity", put("validityPeriod.end", "2026-03-01", dispense), "validityPeriod"),
    ("request-validity", put("validityPeriod.end", "2027-03-03", dispense), "validityPeriod"),
    ("request-validity", put("validityPeriod.end", "2026-09", dispense), "validityPeriod"),
    ("request-repeats", put("numberOfRepeatsAllowed", 12, dispense), "numberOfRepeatsAllowed"),
    ("request-repeats", put("numberOfRepeatsAllowed", -1, dispense), "numberOfRepeatsAllowed"),
    ("request-supply", drop("expectedSupplyDuration", dispense), "expectedSupplyDuration"),
    ("request-supply", put("expectedSupplyDuration.code", "mo", dispense), "expectedSupply"),
    ("request-supply", put("expectedSupplyDuration.value", 84.5, dispense), "expectedSupply"),
    ("request-quantity", drop("quantity", refill), "quantity"),
    ("request-quantity", put("quantity.code", "TAB", refill), "quantity"),
    ("request-quantity", put("quantity.value", 84.5, refill), "quantity"),
    ("request-performer", drop("performer", dispense), "performer"),
    ("medication-drug", put("code.coding.0.code", "7804", of("Medication")), "code"),
    ("medication-drug", put("code.text", "", of("Medication")), "code"),
    ("medication-form", put("form.coding.0.code", "TAB", of("Medication")), "form"),
    ("medication-strength", put("ingredient", [{"strength": {}}], of("Medication")), "resource"),
    ("steps-count", put("dosageInstruction", [], titration), "dosageInstruction"),
    ("steps-count", many_steps, "dosageInstruction"),
    ("steps-sequence", put("sequence", 2, first), "sequence"),
    ("steps-sequence", put("sequence", 0, first), "sequence"),
    ("steps-sequence", drop("sequence", first), "sequence"),
    ("steps-sequence", lambda b: titration(b)["dosageInstruction"].pop(1), "sequence"),
    ("step-text", put("text", " ", first), "dosageInstruction[0].text"),
    ("step-text", put("text", "x" * 1001, first), "dosageInstruction[0].text"),
    ("step-bounds", drop("boundsDuration", repeat), "boundsDuration"),
    ("step-bounds", put("boundsDuration.value", 0, repeat), "boundsDuration"),
    ("step-bounds", put("boundsDuration.value", 0.5, repeat), "boundsDuration"),
    ("step-bounds", put("boundsDuration.code", "mo", repeat), "boundsDuration"),
    ("step-bounds", put("boundsDuration.comparator", "<", repeat), "boundsDuration"),
    ("step-frequency", put("frequency", 2, repeat), "timing.repeat"),
    ("step-frequency", put("period", 2, repeat), "timing.repeat"),
    ("step-frequency", put("period", 1.5, repeat), "timing.repeat"),
    ("step-frequency", put("periodUnit", "wk", repeat), "timing.repeat"),
    ("step-frequency", drop("timing", first), "timing.repeat"),
    ("step-when", put("when", ["HS", "MORN"], repeat), "timing.repeat"),
    ("step-when", put("when", ["C"], repeat), "timing.repeat"),
    ("step-when", put("when", [], repeat), "timing.repeat"),
    ("step-when", put("timeOfDay", ["21:00:00"], repeat), "timing.repeat"),
    ("step-as-needed", put("asNeededBoolean", True, first), "asNeededBoolean"),
    ("step-route", put("route.coding.0.code", "46713006", first), "route"),
    ("step-route", drop("route", first), "route"),
    ("step-dose", put("doseAndRate", [], first), "doseAndRate"),
    ("step-dose", put("doseAndRate.0.doseQuantity.code", "g", first), "doseAndRate"),
    ("step-dose", put("doseAndRate.0.doseQuantity.value", 0, first), "doseAndRate"),
    ("step-dose", put("doseAndRate.0.doseQuantity.value", -1.5, first), "doseAndRate"),
    ("step-dose", put("doseAndRate.0.doseQuantity.value", 1.5001, first), "doseAndRate"),
    ("step-dose", put("doseAndRate.0.doseQuantity.value", 1001, first), "doseAndRate"),
    ("step-dose", put("doseAndRate.0.doseQuantity.comparator", ">", first), "doseAndRate"),
    ("patient-identifier", put("identifier", [], of("Patient")), "identifier"),
    ("patient-name", put("name.0.given", [], of("Patient")), "name"),
    ("patient-name", put("name.0.family", "", of("Patient")), "name"),
    ("patient-birth-date", put("birthDate", "1981-07", of("Patient")), "birthDate"),
    ("patient-birth-date", put("birthDate", "2026-03-03", of("Patient")), "birthDate"),
    ("patient-birth-date", put("birthDate", "1899-12-31", of("Patient")), "birthDate"),
    ("patient-gender", drop("gender", of("Patient")), "gender"),
    ("patient-address", put("address.0.state", "Texas", of("Patient")), "address"),
    ("patient-address", put("address.0.line", [], of("Patient")), "address"),
    ("patient-address", put("address", [], of("Patient")), "address"),
    ("patient-phone", put("telecom", [], of("Patient")), "telecom"),
    ("prescriber-npi", put("identifier.0.value", "1234567890", of("Practitioner")), "identifier"),
    ("prescriber-npi", put("identifier", [], of("Practitioner")), "identifier"),
    ("prescriber-name", put("name", [], of("Practitioner")), "name"),
    ("prescriber-license", put("identifier.1.value", "", of("Practitioner")), "identifier"),
    ("prescriber-taxonomy", put("qualification", [], of("Practitioner")), "qualification"),
]


@pytest.mark.parametrize(("rule", "change", "place"), BROKEN)
def test_what_breaks_the_profile_is_refused_by_name(rule, change, place):
    with pytest.raises(ProfileViolation) as refusal:
        read(sample_bundle(change))

    assert refusal.value.code == f"rx-{rule}"
    assert place in refusal.value.facts["expression"]
    assert refusal.value.remedy


def test_every_rule_has_a_test():
    assert {rule for rule, _, _ in BROKEN} == REMEDIES.keys()


def test_a_refusal_repeats_nothing_of_the_payload():
    def secret(bundle):
        resource(bundle, "Patient")["gender"] = {"Testpatient": "secret-words"}
        bundle["secret-words"] = {"resourceType": "secret-words"}

    with pytest.raises(ProfileViolation) as refusal:
        read(sample_bundle(secret))

    assert "secret" not in f"{refusal.value} {refusal.value.facts}"
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


@pytest.mark.parametrize(
    "value", ["[]", "{}", '"text"', "1", "null", "true", '{"resourceType": []}']
)
def test_json_that_is_no_bundle_is_refused(value):
    with pytest.raises(ProfileViolation):
        read_set(strict_json.read(value.encode()))


def test_the_sample_is_valid_r4_for_another_reader_too():
    Bundle.model_validate_json(SAMPLE)


def test_the_sample_is_the_clinics_regimen():
    found = read(sample_bundle())
    first_fill, refills = found.requests

    assert [(step.dose_ug, step.days) for step in first_fill.regimen.steps] == [
        (1500, 28),
        (3000, 28),
        (4500, 28),
    ]
    assert {step.time_of_day for step in first_fill.regimen.steps} == {TimeOfDay.BEDTIME}
    assert (first_fill.kind, refills.kind) == (
        PrescriptionKind.TITRATION,
        PrescriptionKind.MAINTENANCE,
    )
    assert (first_fill.authorised_fills, refills.authorised_fills) == (1, 2)
    assert (first_fill.days_per_fill, refills.days_per_fill) == (84, 84)
    assert (first_fill.quantity, refills.quantity) == (None, 84)
    assert (first_fill.continues, refills.continues) == (None, 0)
    assert (refills.valid_from, refills.valid_until) == (date(2026, 5, 18), date(2027, 3, 1))
    assert found.patient.given == "Avery M"
    assert found.address_lines == ("100 Example Street", "Houston, TX 77002")
    assert found.prescriber.name == "Jordan Testprescriber"


def test_absent_repeats_are_none():
    found = read(sample_bundle(titration_alone, drop("numberOfRepeatsAllowed", dispense)))

    assert found.requests[0].authorised_fills == 1


def test_a_maintenance_stands_alone_too():
    found = read(sample_bundle(maintenance_alone))

    assert [request.kind for request in found.requests] == [PrescriptionKind.MAINTENANCE]


def test_entries_and_steps_may_stand_in_any_order():
    def reverse(bundle):
        titration(bundle)["dosageInstruction"].reverse()
        bundle["entry"].reverse()

    assert read(sample_bundle(reverse)).requests == read(sample_bundle()).requests


@pytest.mark.parametrize(
    ("change", "days"),
    [
        (
            put(
                "boundsDuration", {"value": 4, "system": "http://unitsofmeasure.org", "code": "wk"}
            ),
            28,
        ),
        (put("boundsDuration.value", 28.0), 28),
        (put("boundsDuration.value", 366), 366),
    ],
)
def test_weeks_are_seven_days(change, days):
    found = read(sample_bundle(lambda bundle: change(repeat(bundle))))

    assert found.requests[0].regimen.steps[0].days == days


@pytest.mark.parametrize(
    ("when", "time"),
    [
        ({"when": ["MORN"]}, TimeOfDay.MORNING),
        ({"when": [], "timeOfDay": ["08:00:00"]}, TimeOfDay.MORNING),
        ({"when": [], "timeOfDay": ["21:30:00"]}, TimeOfDay.BEDTIME),
    ],
)
def test_a_dose_has_a_time_of_day(when, time):
    found = read(sample_bundle(lambda bundle: repeat(bundle).update(when)))

    assert found.requests[0].regimen.steps[0].time_of_day is time


def test_doses_are_exact():
    """`1.50` is 1500 micrograms; one part in 10^25 more is no whole number of them."""
    exact = SAMPLE.replace('"value": 1.5,', '"value": 1.50,')
    finer = SAMPLE.replace('"value": 1.5,', '"value": 1.5000000000000000000000001,')

    assert read_set(strict_json.read(exact.encode())).requests[0].regimen.steps[0].dose_ug == 1500
    with pytest.raises(ProfileViolation, match="one exact dose"):
        read_set(strict_json.read(finer.encode()))


def test_what_us_core_sends_besides_is_no_obstacle():
    def more(bundle):
        add("Encounter", status="finished")(bundle)
        request = titration(bundle)
        request["encounter"] = {"reference": bundle["entry"][-1]["fullUrl"]}
        request["extension"] = [{"url": "https://ehr.example.org/x", "valueString": "y"}]
        request["priority"] = "routine"
        first(bundle)["extension"] = [{"url": "https://ehr.example.org/x", "valueBoolean": True}]
        resource(bundle, "Patient")["communication"] = [{"language": {"text": "English"}}]

    assert read(sample_bundle(more)).requests[0].unread == ()


def test_a_year_from_leap_day_ends_on_the_28th():
    """domain.md E4: 29 February 2028 and 12 months is 28 February 2029."""

    def window(start, end):
        return lambda b: dispense(b)["validityPeriod"].update({"start": start, "end": end})

    read(sample_bundle(window("2028-02-29", "2029-02-28")))
    with pytest.raises(ProfileViolation):
        read(sample_bundle(window("2028-02-29", "2029-03-01")))


def test_a_window_may_end_with_the_calendar():
    change = lambda b: dispense(b)["validityPeriod"].update(  # noqa: E731
        {"start": "9999-01-01", "end": "9999-12-31"}
    )

    assert read(sample_bundle(change)).requests[0].valid_until == date(9999, 12, 31)


def test_the_factory_changes_copies():
    assert json.loads(SAMPLE) == sample_bundle()
