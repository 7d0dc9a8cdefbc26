"""
The profile "LDN prescription Bundle": a Bundle is read as a signed set or refused. What a sender
needs to know of it is in docs/integrate-an-ehr.md.

What breaks the form is refused here. What is clinical, or said in two ways, is not: it is read as
it stands, and `reconcile` names it.
"""

import re
from collections.abc import Container
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from pharmacy.prescriptions.rules import fhir, people
from pharmacy.prescriptions.rules.contents import BusinessId, Request, SignedSet
from pharmacy.prescriptions.rules.requests import request_of
from pharmacy.prescriptions.rules.violations import ProfileViolation

FORBIDDEN: Final = frozenset({"contained", "implicitRules", "modifierExtension"})
FULL_URL: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:Z|[+-](?:0[0-9]|1[0-4]):[0-5][0-9])"
)
PLACE: Final = re.compile(r" - at `\$([^`]*)`$")
LONGEST_IDENTIFIER: Final = 255
MOST_REQUESTS: Final = 2

Kind = TypeVar("Kind", bound=fhir.Resource)
Places = dict[str, tuple[str, fhir.AnyResource]]
"""By fullUrl: where an entry stands, and what it holds."""


def read_set(value: Any) -> SignedSet:
    """
    Return what a parsed payload orders.

    Raises:
        ProfileViolation: It is not a Bundle of this profile. Nothing of it is repeated.
    """
    bundle = _typed(value)
    _require_bundle(bundle)
    places = _places(bundle)
    _require_nothing_hidden(value, known=places.keys())
    signed_at = instant(bundle.timestamp)
    if signed_at is None:
        raise ProfileViolation(
            "bundle-timestamp", "the timestamp is no instant", expression="Bundle.timestamp"
        )
    ordered = _requests(places)
    first = ordered[0][1]
    patient = _resolve(first.subject, fhir.Patient, places, f"{ordered[0][0]}.subject")
    requesters = [
        _resolve(request.requester, fhir.Practitioner, places, f"{at}.requester")
        for at, request in ordered
    ]
    requests = _read_requests(ordered, places, _unread(bundle, patient[1]))
    return SignedSet(
        identifier=business_id(bundle.identifier, "bundle-identifier", "Bundle.identifier"),
        signed_at=signed_at,
        audience_npis=frozenset(_audience(at, request, places) for at, request in ordered),
        requester_npis=frozenset(
            people.prescriber_of(person, at=at).npi for at, person in requesters
        ),
        patient=people.patient_of(patient[1], at=patient[0], on=signed_at.date()),
        address_lines=_address_lines(people.address_of(patient[1], at=patient[0])),
        prescriber=people.prescriber_of(requesters[0][1], at=requesters[0][0]),
        requests=requests,
    )


def instant(text: str) -> datetime | None:
    """Return a FHIR date-time that has seconds and an offset; None for anything less."""
    if not INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def business_id(identifier: fhir.Identifier, rule: str, at: str) -> BusinessId:
    """Return an identifier that has both halves. Raises ProfileViolation."""
    halves = (identifier.system, identifier.value)
    if not all(half.strip() and len(half) <= LONGEST_IDENTIFIER for half in halves):
        raise ProfileViolation(rule, "an identifier is not whole", expression=at)
    return BusinessId(*halves)


def _typed(value: Any) -> fhir.Bundle:
    try:
        return fhir.bundle_of(value)
    except msgspec.ValidationError as error:
        found = PLACE.search(str(error))
        place = found[1] if found else ""
        rule = "bundle-resource-type" if place.endswith(".resourceType") else "bundle-shape"
        # The error itself may repeat what the payload says, so that it is not chained.
        raise ProfileViolation(
            rule,
            "an element is missing, of another type, or not taken",
            expression=f"Bundle{place}",
        ) from None


def _require_bundle(bundle: fhir.Bundle) -> None:
    if bundle.type != "collection":
        raise ProfileViolation(
            "bundle-type", "the Bundle is no collection", expression="Bundle.type"
        )
    if bundle.signature is not None:
        raise ProfileViolation(
            "bundle-signature", "the Bundle signs itself", expression="Bundle.signature"
        )


def _places(bundle: fhir.Bundle) -> Places:
    places: Places = {}
    for index, entry in enumerate(bundle.entry):
        at = f"Bundle.entry[{index}]"
        if not FULL_URL.fullmatch(entry.full_url) or entry.full_url in places:
            raise ProfileViolation(
                "bundle-full-url", "an entry has no name of its own", expression=f"{at}.fullUrl"
            )
        places[entry.full_url] = (f"{at}.resource", entry.resource)
    return places


def _require_nothing_hidden(value: Any, *, known: Container[str]) -> None:
    """Look through everything, also what we do not read, for what must not be there."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting.extend(each)
        elif isinstance(each, dict):
            if not FORBIDDEN.isdisjoint(each):
                raise ProfileViolation(
                    "bundle-forbidden-element",
                    "an element changes the meaning of others",
                    expression="Bundle.descendants()",
                )
            reference = each.get("reference")
            if isinstance(reference, str) and reference not in known:
                raise ProfileViolation(
                    "bundle-reference",
                    "a reference leads outside the Bundle",
                    expression="Bundle.descendants().reference",
                )
            waiting.extend(each.values())


def _requests(places: Places) -> list[tuple[str, fhir.MedicationRequest]]:
    """Return the requests, what is continued before what continues it."""
    found = [
        (url, at, resource)
        for url, (at, resource) in places.items()
        if isinstance(resource, fhir.MedicationRequest)
    ]
    found.sort(key=lambda each: each[2].prior_prescription is not None)
    if not 1 <= len(found) <= MOST_REQUESTS:
        raise ProfileViolation(
            "bundle-requests", "there are not one or two requests", expression="Bundle.entry"
        )
    priors = [
        each.prior_prescription.reference if each.prior_prescription else None
        for _, _, each in found
    ]
    if priors != [None, found[0][0]][: len(found)]:
        raise ProfileViolation(
            "bundle-requests",
            "the second request does not continue the first",
            expression="Bundle.entry.resource.priorPrescription",
        )
    ordered = [(at, request) for _, at, request in found]
    _require_together([request for _, request in ordered])
    return ordered


def _require_together(requests: list[fhir.MedicationRequest]) -> None:
    if len({request.subject.reference for request in requests}) > 1:
        raise ProfileViolation(
            "bundle-one-patient",
            "the requests are for different patients",
            expression="Bundle.entry.resource.subject",
        )
    groups = {
        (each.group_identifier.system, each.group_identifier.value)
        if each.group_identifier
        else None
        for each in requests
    }
    if len(requests) > 1 and (len(groups) > 1 or None in groups):
        raise ProfileViolation(
            "request-group",
            "the requests do not name one group",
            expression="Bundle.entry.resource.groupIdentifier",
        )


def _read_requests(
    ordered: list[tuple[str, fhir.MedicationRequest]], places: Places, unread: tuple[str, ...]
) -> tuple[Request, ...]:
    read = []
    for index, (at, request) in enumerate(ordered):
        authored_at = instant(request.authored_on)
        if authored_at is None:
            raise ProfileViolation(
                "request-authored-on", "authoredOn is no instant", expression=f"{at}.authoredOn"
            )
        if request.medication_reference is None:
            raise ProfileViolation(
                "request-medication", "no Medication is named", expression=f"{at}.medication"
            )
        medication = _resolve(
            request.medication_reference, fhir.Medication, places, f"{at}.medicationReference"
        )
        identifier = next(iter(request.identifier), fhir.Identifier())
        read.append(
            request_of(
                request,
                at=at,
                identifier=business_id(identifier, "request-identifier", f"{at}.identifier"),
                authored_at=authored_at,
                medication=medication,
                continues=0 if index else None,
                unread=unread,
            )
        )
    if len({request.identifier for request in read}) < len(read):
        raise ProfileViolation(
            "request-identifier",
            "two requests have one identifier",
            expression="Bundle.entry.resource.identifier",
        )
    return tuple(read)


def _audience(at: str, request: fhir.MedicationRequest, places: Places) -> str:
    performer = request.dispense_request.performer if request.dispense_request else None
    organization = _resolve(
        performer or fhir.Reference(),
        fhir.Organization,
        places,
        f"{at}.dispenseRequest.performer",
        rule="request-performer",
    )[1]
    return next((each.value for each in organization.identifier if each.system == people.NPI), "")


def _resolve(
    reference: fhir.Reference,
    kind: type[Kind],
    places: Places,
    at: str,
    *,
    rule: str = "bundle-reference",
) -> tuple[str, Kind]:
    found = places.get(reference.reference)
    if found is None or not isinstance(found[1], kind):
        raise ProfileViolation(rule, "a reference leads nowhere", expression=at)
    return found[0], found[1]


def _unread(bundle: fhir.Bundle, patient: fhir.Patient) -> tuple[str, ...]:
    codes = []
    if any(isinstance(entry.resource, fhir.Unread) for entry in bundle.entry):
        codes.append("clinical-content-unread")
    if patient.deceased_boolean or patient.deceased_date_time or not patient.active:
        codes.append("patient-not-active")
    return tuple(codes)


def _address_lines(address: fhir.Address) -> tuple[str, ...]:
    lines = tuple(line for line in address.line if line.strip())
    return (*lines, f"{address.city}, {address.state} {address.postal_code}")
