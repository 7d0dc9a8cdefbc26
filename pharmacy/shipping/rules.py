"""
Carriers, their tracking numbers, and what may become of a parcel.

Check digits. UPS 1Z: letters count as (code - 3) mod 10 of their place in ASCII, every second
character twice, to the next ten. USPS: GS1's mod 10, every second digit from the right three times
(USPS Publication 199, "Intelligent Mail Package Barcode"). FedEx: 12 digits weighted 3, 1, 7,
mod 11, mod 10; 15 and 20 digits as GS1's mod 10, the latter behind the application identifier 92.

Barcodes hold more than the number that people read. USPS's (GS1-128): the application identifier
420 with the ZIP code of 5 or 9 digits, then the number of 22. FedEx's: 34 digits that end with the
number of 12, and 22 digits from 96 that end with the number of 15.

The algorithms, the layouts, and numbers to test them with, are gathered in the public data of
https://github.com/jkeen/tracking_number_data.
"""

import re
from contextlib import suppress
from enum import StrEnum
from typing import Final

from pharmacy.kernel.refusals import Conflict, Invalid


class Carrier(StrEnum):
    """Who carries parcels for us."""

    UPS = "ups"
    USPS = "usps"
    FEDEX = "fedex"


class ParcelStatus(StrEnum):
    """Where a parcel is."""

    SHIPPED = "shipped"
    DELIVERED = "delivered"
    RETURNED = "returned"
    """It came back; it is destroyed, never restocked."""
    LOST = "lost"


ENDS: Final = (ParcelStatus.DELIVERED, ParcelStatus.RETURNED, ParcelStatus.LOST)


class CarrierUnclear(Invalid):
    """More carriers than one give out numbers of this form, and the check digit fits them all."""

    code = "carrier-unclear"
    remedy = "Say which carrier takes the parcel, and scan the number again."


class TrackingNumberWrong(Invalid):
    """It is not a tracking number of this carrier, or a digit of it is mistyped."""

    code = "tracking-number-wrong"
    remedy = "Scan the carrier's label again, or compare the number with it digit by digit."


class CheckDigitWrong(TrackingNumberWrong):
    """It has the form of this carrier's numbers, and a digit of it is mistyped."""


class NotLicensedThere(Conflict):
    """This pharmacy may not ship into the patient's State today."""

    code = "site-not-licensed-in-state"
    remedy = "An administrator records the licence, or the patient collects the order."


class ParcelEnded(Conflict):
    """What became of the parcel is known already."""

    code = "parcel-ended"
    remedy = "Look at the parcel; its last event stands."


FORMS: Final = {
    Carrier.UPS: re.compile(r"1Z[0-9A-Z]{16}"),
    Carrier.USPS: re.compile(r"[0-9]{20}|9[1-5][0-9]{20}"),
    Carrier.FEDEX: re.compile(r"[0-9]{12}|[0-9]{15}|[0-9]{20}"),
}
BARCODES: Final = {
    Carrier.USPS: (re.compile(r"420(?:[0-9]{5}|[0-9]{9})(9[1-5][0-9]{20})"),),
    Carrier.FEDEX: (
        re.compile(r"(?:100[0-9]{17}|96[0-9]{18})00([0-9]{12})"),
        re.compile(r"96[0-9]{5}([0-9]{15})"),
    ),
}
"""What a scanner reads, with the number in it."""
FEDEX_EXPRESS: Final = 12
FEDEX_SMARTPOST: Final = 20
USPS_SHORT: Final = 20
WEIGHTS: Final = (3, 1, 7)


def tracking_number(carrier: Carrier, text: str) -> str:
    """
    Return a tracking number as it is kept: without spaces, in capitals.

    Args:
        text: As it was typed, or scanned with the routing data around it.

    Raises:
        TrackingNumberWrong: Another form, or a wrong check digit.
    """
    number = _without_routing(carrier, plain(text))
    if not number.isascii() or FORMS[carrier].fullmatch(number) is None:
        raise TrackingNumberWrong(f"this is not the form of a number of {carrier}")
    if not _fits(carrier, number):
        raise CheckDigitWrong("the check digit does not fit the number")
    return number


def carrier_of(number: str) -> Carrier:
    """Return whose tracking number it is. Raises TrackingNumberWrong, CarrierUnclear."""
    fits = []
    wrong = TrackingNumberWrong("no carrier that we know gives out such numbers")
    for carrier in Carrier:
        try:
            tracking_number(carrier, number)
        except CheckDigitWrong as error:
            wrong = error
        except TrackingNumberWrong:
            continue
        else:
            fits.append(carrier)
    if not fits:
        raise TrackingNumberWrong(str(wrong), field="number")
    if len(fits) > 1:
        raise CarrierUnclear("this may be a number of several carriers", field="carrier")
    return fits[0]


def numbers_in(text: str) -> frozenset[str]:
    """Return the tracking numbers, of any carrier, that something typed or scanned may mean."""
    found = {plain(text)}
    for carrier in Carrier:
        with suppress(TrackingNumberWrong):
            found.add(tracking_number(carrier, text))
    return frozenset(found)


def plain(text: str) -> str:
    """Return a number without spaces, hyphens and a scanner's separators, in capitals."""
    return re.sub(r"[\s-]", "", text).upper()


def _without_routing(carrier: Carrier, scanned: str) -> str:
    for form in BARCODES.get(carrier, ()):
        if scanned.isascii() and (match := form.fullmatch(scanned)):
            return match[1]
    return scanned


def _fits(carrier: Carrier, number: str) -> bool:
    body, check = number[:-1], number[-1]
    if carrier is Carrier.UPS:
        return _ups(body[2:]) == check
    if carrier is Carrier.FEDEX and len(number) == FEDEX_EXPRESS:
        return _fedex_express(body) == check
    if carrier is Carrier.FEDEX and len(number) == FEDEX_SMARTPOST:
        return _gs1(f"92{body}") == check
    if carrier is Carrier.USPS and len(number) == USPS_SHORT:
        return check in {_gs1(body), _gs1(f"91{body}")}  # older forms leave out the identifier
    return _gs1(body) == check


def _ups(body: str) -> str:
    values = [int(each) if each.isdigit() else (ord(each) - 3) % 10 for each in body]
    return str(-(sum(values[::2]) + 2 * sum(values[1::2])) % 10)


def _gs1(body: str) -> str:
    digits = [int(each) for each in reversed(body)]
    return str(-(3 * sum(digits[::2]) + sum(digits[1::2])) % 10)


def _fedex_express(body: str) -> str:
    total = sum(int(each) * WEIGHTS[place % 3] for place, each in enumerate(body))
    return str(total % 11 % 10)
