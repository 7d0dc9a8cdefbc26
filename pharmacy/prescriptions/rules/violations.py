"""How a signed Bundle can break the profile: every rule has a code, and the place is named."""

from typing import Final

from pharmacy.kernel.refusals import Invalid

REMEDIES: Final = {
    "bundle-shape": "Send FHIR R4 JSON; the expression names the element of another type.",
    "bundle-type": "Set Bundle.type to collection.",
    "bundle-identifier": "Give the Bundle an identifier with system and value.",
    "bundle-timestamp": "Give the Bundle a timestamp with date, time and offset.",
    "bundle-full-url": "Give every entry its own fullUrl of the form urn:uuid.",
    "bundle-reference": "Put what is referred to into the Bundle and refer to it by urn:uuid.",
    "bundle-forbidden-element": "Leave out contained, implicitRules and modifierExtension.",
    "bundle-signature": "Leave Bundle.signature out; the JWS is the signature.",
    "bundle-resource-type": "Leave out resources that a prescription does not need.",
    "bundle-requests": "Send one request, or a titration and the maintenance that continues it.",
    "bundle-one-patient": "Let every request name the one patient of the Bundle.",
    "request-identifier": "Give every request an identifier with system and value of its own.",
    "request-status": "Send an active order that is not a report.",
    "request-authored-on": "Give authoredOn a date, a time and an offset.",
    "request-group": "Give both requests one groupIdentifier.",
    "request-medication": "Refer to a Medication in the Bundle.",
    "request-substitution": "Set substitution.allowedBoolean to false: this is compounded.",
    "request-reason": "Give each reason words, or an ICD-10-CM or SNOMED CT code.",
    "request-dispense": "Give the request a dispenseRequest.",
    "request-validity": "Give validityPeriod a start and an end of at most 12 months.",
    "request-repeats": "Set numberOfRepeatsAllowed to 0 to 11, or leave it out for none.",
    "request-supply": "Give expectedSupplyDuration in whole days (UCUM d).",
    "request-quantity": "Give the quantity of each fill in capsules (CAP).",
    "request-performer": "Name this pharmacy, with its NPI, as the performer.",
    "medication-drug": "Order naltrexone (RxNorm 7243), with the salt in words.",
    "medication-form": "Order capsules (CAP).",
    "medication-strength": "Leave strength out of the Medication: it belongs to each step.",
    "steps-count": "Give 1 to 12 dosage instructions.",
    "steps-sequence": "Number the steps 1, 2, 3 … without gaps or repeats.",
    "step-text": "Give every step directions in words, of at most 1,000 characters.",
    "step-bounds": "Give every step but the last a boundsDuration in whole days or weeks.",
    "step-frequency": "Order one dose a day: frequency 1, period 1, periodUnit d.",
    "step-when": "Say HS or MORN, or one timeOfDay in the morning or at night, not both.",
    "step-as-needed": "Set asNeededBoolean to false.",
    "step-route": "Set the route to oral (SNOMED CT 26643006).",
    "step-dose": "Give one dose in mg (UCUM) with at most three decimals.",
    "patient-identifier": "Give the patient an identifier with system and value.",
    "patient-name": "Give the patient a family and a given name.",
    "patient-birth-date": "Give the birth date with year, month and day.",
    "patient-gender": "Give the administrative gender.",
    "patient-address": "Give street, city, two-letter State and ZIP code.",
    "patient-phone": "Give a phone number of the patient.",
    "prescriber-npi": "Give the prescriber an NPI with a correct check digit.",
    "prescriber-name": "Give the prescriber a family and a given name.",
    "prescriber-license": "Give the medical license (type MD), with the State's system.",
    "prescriber-taxonomy": "Give a NUCC taxonomy code as qualification.",
}
"""What an integrator does about each rule. The keys are the codes, and never change."""


class ProfileViolation(Invalid):
    """
    The signature is good, and the Bundle is not a prescription that this pharmacy can take.

    Args:
        rule: A key of REMEDIES; the refusal's code is `rx-` and this.
        expression: Where, as a FHIRPath. Never anything that the Bundle says there.
    """

    def __init__(self, rule: str, message: str, *, expression: str) -> None:
        super().__init__(message, expression=expression)
        self.code = f"rx-{rule}"
        self.remedy = REMEDIES[rule]
