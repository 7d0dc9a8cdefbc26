"""What is said in two ways, or beyond a limit, holds the order under a name (domain.md 1.6)."""

from dataclasses import replace
from datetime import date

import pytest

from pharmacy.kernel import strict_json
from pharmacy.practice.rules import Policy
from pharmacy.prescriptions.rules.profile import read_set
from pharmacy.prescriptions.rules.reconcile import WORDS, disagreements
from pharmacy.prescriptions.rules.sig_text import CAUTIONS
from tests.factories.bundles import (
    maintenance,
    maintenance_alone,
    payload_of,
    resource,
    sample_bundle,
    step,
    titration,
    titration_alone,
)

TODAY = date(2026, 3, 2)
POLICY = Policy()
UCUM = "http://unitsofmeasure.org"


def found(*changes, policy=POLICY, today=TODAY, which=0):
    signed = read_set(strict_json.read(payload_of(sample_bundle(*changes))))
    named = disagreements(signed.requests[which], policy=policy, today=today)
    return [(each.code, each.step) for each in named]


def says(number, text):
    return lambda bundle: step(bundle, number).update(text=text)


def doses(number, value, text=None):
    def change(bundle):
        changed = step(bundle, number)
        changed["doseAndRate"][0]["doseQuantity"]["value"] = value
        changed["text"] = text or f"Take {value} mg at bedtime for 28 days."

    return change


def dispense(**members):
    return lambda bundle: titration(bundle)["dispenseRequest"].update(members)


def refill(**members):
    return lambda bundle: maintenance(bundle)["dispenseRequest"].update(members)


def days(value):
    return {"value": value, "system": UCUM, "code": "d"}


def capsules(value):
    system = "http://terminology.hl7.org/CodeSystem/v3-orderableDrugForm"
    return {"value": value, "system": system, "code": "CAP"}


def bounds(value, of):
    def change(bundle):
        repeat = of(bundle)["timing"]["repeat"]
        repeat.pop("boundsDuration", None)
        if value is not None:
            repeat["boundsDuration"] = days(value)

    return change


def third(bundle):
    return step(bundle, 3)


def only(bundle):
    return maintenance(bundle)["dosageInstruction"][0]


def drug(text):
    return lambda bundle: resource(bundle, "Medication")["code"].update(text=text)


def test_the_sample_says_everything_once():
    assert found() == []
    assert found(which=1) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (says(1, "Take 3 mg at bedtime for 28 days."), [("text-dose-differs", 1)]),
        (says(2, "Then take 3 mg at bedtime for 14 days."), [("text-days-differ", 2)]),
        (says(2, "Then take 3 mg at bedtime for 4 weeks."), []),
        (says(2, "Then take 3000 mcg PO QHS x 4 wks"), []),
        (says(1, "Take 1.5 mg in the morning for 28 days."), [("text-time-differs", 1)]),
        (says(1, "Take 1.5 mg for 28 days."), []),
        (says(1, "Take 1.5 mg at bedtime."), [("text-without-days", 1)]),
        (says(1, "Take it at bedtime for 28 days."), [("text-without-dose", 1)]),
        (says(1, "Take 0.0015 mg at bedtime for 28 days."), [("text-dose-differs", 1)]),
        (
            says(1, "1 cap hs titrate up"),
            [
                ("text-counts-capsules", 1),
                ("text-vague", 1),
                ("text-without-dose", 1),
                ("text-without-days", 1),
            ],
        ),
        (
            says(1, "1.5 mg QHS x 28 days, then 3 mg QHS x 28 days, then 4.5 mg QHS x 28 days"),
            [],
        ),
        (
            says(1, "1.5 mg QHS x 28 days, then 3 mg QHS x 28 days, then 4.5 mg QHS"),
            [("text-steps-differ", 1)],
        ),
        (says(1, "1.5 mg x 14 days, then 3 mg x 14 days, then 4.5 mg"), [("text-steps-differ", 1)]),
        (says(1, "Take 1.5 mg at bedtime for 28 days as needed."), [("text-as-needed", 1)]),
        (says(3, "4.5 mg SR qhs for 28 days"), [("text-slow-release", 3)]),
        (doses(3, 4.75), []),
        (doses(1, 0.05), [("dose-too-low", 1)]),
        (doses(3, 6), []),
        (doses(3, 6.001), [("dose-too-high", 3), ("dose-rises-fast", 3)]),
        (doses(3, 45), [("dose-too-high", 3), ("dose-rises-fast", 3)]),
        (doses(2, 4.5), []),
        (doses(2, 4.501), [("dose-rises-fast", 2), ("dose-falls", 3)]),
        (doses(2, 1), [("dose-falls", 2), ("dose-rises-fast", 3)]),
        (dispense(expectedSupplyDuration=days(90)), [("supply-differs-from-steps", None)]),
        (bounds(34, third), [("text-days-differ", 3), ("supply-differs-from-steps", None)]),
        (dispense(quantity=capsules(84)), []),
        (dispense(quantity=capsules(168)), [("quantity-differs", None)]),
        (dispense(dispenseInterval=days(28)), [("interval-differs", None)]),
        (dispense(numberOfRepeatsAllowed=1), [("repeats-on-titration", None)]),
        (drug("Naltrexone capsule"), [("drug-salt-not-said", None)]),
        (drug("Naltrexone HCl, dose as base"), [("drug-as-base", None)]),
        (drug("naltrexone hydrochloride capsule"), []),
        (lambda b: titration(b).update(note=[{"text": "call me"}]), [("note-unread", None)]),
        (
            lambda b: step(b, 1).update(patientInstruction="with food"),
            [("instruction-unread", None)],
        ),
        (
            lambda b: step(b, 1).update(additionalInstruction=[{"text": "with food"}]),
            [("instruction-unread", None)],
        ),
        (
            lambda b: resource(b, "Patient").update(deceasedBoolean=True),
            [("patient-not-active", None)],
        ),
        (
            lambda b: step(b, 1)["doseAndRate"][0]["doseQuantity"].update(unit="mcg"),
            [("dose-unit-differs", 1)],
        ),
    ],
)
def test_each_disagreement_of_a_titration_has_a_name(change, expected):
    assert found(change) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (refill(quantity=capsules(90)), [("quantity-differs", None)]),
        (
            refill(expectedSupplyDuration=days(90)),
            [
                ("quantity-differs", None),
                ("interval-differs", None),
            ],
        ),
        (bounds(84, only), [("text-without-days", 1)]),
        (bounds(168, only), [("text-without-days", 1)]),
        (bounds(28, only), [("text-without-days", 1), ("supply-differs-from-steps", None)]),
        (refill(numberOfRepeatsAllowed=3), []),
    ],
)
def test_each_disagreement_of_a_maintenance_has_a_name(change, expected):
    assert found(change, which=1) == expected


def test_clinical_content_waits_for_a_reader():
    def allergy(bundle):
        url = "urn:uuid:00000000-0000-4000-8000-000000000001"
        resource = {"resourceType": "AllergyIntolerance"}
        bundle["entry"].append({"fullUrl": url, "resource": resource})

    assert found(allergy) == [("clinical-content-unread", None)]


def test_a_window_that_ended_is_named():
    assert found(today=date(2026, 9, 1)) == []
    assert found(today=date(2026, 9, 2)) == [("validity-ended", None)]


OPEN_END = (
    titration_alone,
    bounds(None, third),
    says(3, "Then take 4.5 mg at bedtime."),
    dispense(numberOfRepeatsAllowed=1),
)


def test_a_repeat_goes_on_at_the_last_dose_where_policy_and_prescriber_say_so():
    going_on = replace(POLICY, continue_final=True)
    thereafter = says(3, "Then take 4.5 mg at bedtime for 28 days and continue thereafter.")

    assert found(*OPEN_END, policy=going_on) == []
    assert found(dispense(numberOfRepeatsAllowed=1), thereafter, policy=going_on) == []


def test_a_repeat_is_held_where_only_the_policy_says_so():
    going_on = replace(POLICY, continue_final=True)

    assert found(dispense(numberOfRepeatsAllowed=1), policy=going_on) == [
        ("repeats-on-titration", None)
    ]


def test_a_repeat_is_held_where_only_the_prescriber_says_so():
    assert found(*OPEN_END) == [("repeats-on-titration", None), ("last-step-open", 3)]


def test_an_open_titration_without_repeats_is_held():
    no_repeats = dispense(numberOfRepeatsAllowed=0)

    assert found(*OPEN_END, no_repeats) == [("last-step-open", 3)]


def test_a_supply_that_never_reaches_the_open_step_is_named():
    short = dispense(expectedSupplyDuration=days(56))

    assert ("supply-differs-from-steps", None) in found(*OPEN_END, short)


def test_a_maintenance_alone_is_read_alike():
    assert found(maintenance_alone) == []


def test_limits_are_policies():
    strict = replace(POLICY, dose_block_ug=4_000, step_increase_hold_ug=1_000)

    assert found(policy=strict) == [
        ("dose-rises-fast", 2),
        ("dose-too-high", 3),
        ("dose-rises-fast", 3),
    ]


def test_every_caution_has_words():
    assert CAUTIONS.keys() | {"text-vague"} <= WORDS.keys()
