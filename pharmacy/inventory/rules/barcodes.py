"""
What a scanner read: GS1 element strings, our own codes, or a plain lot number.

Source: GS1 General Specifications 24: 3 (application identifiers), 5.10.1 and 7.8 (FNC1),
7.9 (check digit), 7.12 (century of a year), and 3.4.7 (a day of 00 is the month's last).
"""

import calendar
import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from pharmacy.kernel import ids
from pharmacy.kernel.quantities import EXACT
from pharmacy.kernel.refusals import Invalid, NotFound

SEPARATOR: Final = "\x1d"
"""How scanners send FNC1, which ends an element of variable length."""
SYMBOLOGIES: Final = ("]C1", "]d2", "]Q3", "]e0", "]J1")
"""AIM identifiers of carriers that hold GS1 element strings: GS1-128, DataMatrix, QR, DataBar."""
FIXED: Final = {"00": 18, "01": 14, "02": 14, "11": 6, "13": 6, "15": 6, "16": 6, "17": 6, "20": 2}
"""Length of the data after an identifier of fixed length."""
VARIABLE: Final = {"10": 20, "21": 20, "22": 20, "30": 8, "37": 8, "240": 30, "241": 30, "250": 30}
"""Most letters after an identifier of variable length."""
NET_WEIGHT: Final = re.compile(r"310[0-5]")
"""Kilograms; the last figure says how many of the six digits are decimals."""
WEIGHT_DIGITS: Final = 6
LETTERS: Final = re.compile(r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]+")
"""GS1's character set 82."""
BRACKETED: Final = re.compile(r"\((\d{2,4})\)([^()]*)")
OWN: Final = re.compile(r"(ing|shl|lot|ctr)_[0-9a-z]{26}")
LONGEST: Final = 120
CENTURY_BACK: Final = 51
CENTURY_AHEAD: Final = -50


class BarcodeInvalid(Invalid):
    """The code is damaged or of no form that is known."""

    code = "barcode-invalid"
    remedy = "Scan it again, or type the lot number as the container shows it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What a code says; None where it says nothing."""

    lot_number: str | None = None
    gtin: str | None = None
    expires_on: date | None = None
    produced_on: date | None = None
    serial: str | None = None
    count: int | None = None
    net_weight_mg: Decimal | None = None
    own_prefix: str | None = None
    own_id: UUID | None = None


def read(text: str, *, today: date) -> Scan:
    """
    Return what a scanned or typed code says.

    Args:
        today: Two figures of a year are read as the nearest such year.

    Raises:
        BarcodeInvalid: A wrong check digit, a date that is none, an element that is cut off.
    """
    text = text.strip("\r\n\t ")
    if not text or len(text) > LONGEST:
        raise BarcodeInvalid(f"a code has 1 to {LONGEST} letters")
    if OWN.fullmatch(text):
        return _own(text)
    for symbology in SYMBOLOGIES:
        if text.startswith(symbology):
            return _scan(_elements(text.removeprefix(symbology).lstrip(SEPARATOR)), today)
    if text.startswith(SEPARATOR) or SEPARATOR in text:
        return _scan(_elements(text.lstrip(SEPARATOR)), today)
    if text.startswith("("):
        return _scan(_bracketed(text), today)
    if LETTERS.fullmatch(text):
        return Scan(lot_number=text)
    raise BarcodeInvalid("the code holds letters that no lot number has")


def _own(text: str) -> Scan:
    prefix = text.partition("_")[0]
    try:
        return Scan(own_prefix=prefix, own_id=ids.decode(prefix, text))
    except NotFound as error:
        raise BarcodeInvalid("the code is damaged") from error


def _bracketed(text: str) -> dict[str, str]:
    found = BRACKETED.findall(text)
    if "".join(f"({key}){value}" for key, value in found) != text:
        raise BarcodeInvalid("brackets of the code do not match")
    return _once([_checked(key, value) for key, value in found])


def _elements(text: str) -> dict[str, str]:
    """Cut an element string into its elements."""
    found = []
    while text:
        key = _identifier(text)
        rest = text[len(key) :]
        if (length := _length(key)) is not None:
            value, text = rest[:length], rest[length:].removeprefix(SEPARATOR)
        else:
            value, _, text = rest.partition(SEPARATOR)
        found.append(_checked(key, value))
    return _once(found)


def _identifier(text: str) -> str:
    for size in (2, 3, 4):
        key = text[:size]
        if key in FIXED or key in VARIABLE or NET_WEIGHT.fullmatch(key):
            return key
    raise BarcodeInvalid(f"the element {text[:4]!r} is not one that lots carry")


def _length(key: str) -> int | None:
    return WEIGHT_DIGITS if NET_WEIGHT.fullmatch(key) else FIXED.get(key)


def _checked(key: str, value: str) -> tuple[str, str]:
    length = _length(key)
    if length is not None:
        sound = len(value) == length and value.isascii() and value.isdigit()
    elif key in VARIABLE:
        sound = 0 < len(value) <= VARIABLE[key] and LETTERS.fullmatch(value) is not None
    else:
        raise BarcodeInvalid(f"the element {key!r} is not one that lots carry")
    if not sound:
        raise BarcodeInvalid(f"the element ({key}) is cut off or damaged", element=key)
    return key, value


def _once(elements: list[tuple[str, str]]) -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in elements:
        if found.setdefault(key, value) != value:
            raise BarcodeInvalid(f"the element ({key}) says two things", element=key)
    return found


def _scan(elements: dict[str, str], today: date) -> Scan:
    gtin = elements.get("01", elements.get("02"))
    if gtin is not None and not has_check_digit(gtin):
        raise BarcodeInvalid("the check digit of the GTIN is wrong", element="01")
    count = elements.get("30", elements.get("37"))
    if count is not None and not count.isdigit():
        raise BarcodeInvalid("a count is a number", element="30")
    expiry = elements.get("17")
    produced = elements.get("11")
    return Scan(
        lot_number=elements.get("10"),
        gtin=gtin,
        expires_on=day(expiry, today=today) if expiry else None,
        produced_on=day(produced, today=today) if produced else None,
        serial=elements.get("21"),
        count=int(count) if count else None,
        net_weight_mg=_net_weight(elements),
    )


def _net_weight(elements: dict[str, str]) -> Decimal | None:
    for key, value in elements.items():
        if NET_WEIGHT.fullmatch(key):
            kilograms = EXACT.scaleb(Decimal(value), -int(key[-1]))
            return EXACT.multiply(kilograms, Decimal(1_000_000))
    return None


def has_check_digit(digits: str) -> bool:
    """Say whether the last digit is the check digit of those before: weights 3 and 1, modulo 10."""
    if not (digits.isascii() and digits.isdigit()):
        return False
    total = sum(
        int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))
    )
    return total % 10 == 0


def day(yymmdd: str, *, today: date) -> date:
    """
    Return the day that six digits name; day 00 is the last of the month.

    A year whose two figures are 51 to 99 more than this year's lies in the century before, and one
    that is 50 to 99 less in the century after.
    """
    year, month, number = int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:])
    century = today.year - today.year % 100
    difference = year - today.year % 100
    if difference >= CENTURY_BACK:
        century -= 100
    elif difference <= CENTURY_AHEAD:
        century += 100
    try:
        last = calendar.monthrange(century + year, month)[1]
        return date(century + year, month, number or last)
    except ValueError as error:
        raise BarcodeInvalid(f"{yymmdd} is no day", element="17") from error
