"""Dates, strengths and counts in the words of a label. Never the machine's language settings."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from pharmacy.kernel.quantities import Mass
from pharmacy.labels.rules import texts

DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)


MONTH_NAMES: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def day(on: date) -> str:
    """Return `2 Mar 2026`."""
    return f"{day_and_month(on)} {on.year}"


def day_and_month(on: date) -> str:
    """Return `2 Mar`."""
    return f"{on.day} {MONTHS[on.month - 1]}"


def weekday(on: date) -> str:
    """Return `Mon 2 Mar 2026`."""
    return f"{DAYS[on.weekday()]} {day(on)}"


def span(first: date, last: date) -> str:
    """Return `Mon 5 Jan to Sun 1 Feb 2026`, with both years where they differ."""
    if first == last:
        return weekday(first)
    if first.year == last.year:
        return f"{DAYS[first.weekday()]} {day_and_month(first)} to {weekday(last)}"
    return f"{weekday(first)} to {weekday(last)}"


def counted(count: int, one: str) -> str:
    """Return `1 dose`, `28 doses`."""
    return f"{count} {one}" if count == 1 else f"{count} {one}s"


def step(no: int, of: int) -> str:
    """Return `Step 2 of 3`, or that the dose stays the same where there is but one."""
    return f"Step {no} of {of}" if of > 1 else texts.STEADY.text


def strength(micrograms: int) -> str:
    """Return `1.5 mg`, `0.25 mg`: a leading zero, no trailing one (ISMP)."""
    return str(Mass.of_micrograms(micrograms))


def refills(left: int, doses_ug: Sequence[int], until: date) -> str:
    """
    Return `1, until 1 Mar 2027`, or `2 (4.5 mg), until 1 Mar 2027`.

    Args:
        doses_ug: What the next fill is of, where that is not what this one is of. A vial of 1.5 mg
            is not refilled as such when the prescription goes on with 4.5 mg.
    """
    of = f" ({strength(doses_ug[0])})" if left and len(doses_ug) == 1 else ""
    return f"{left}{of}, until {day(until)}"


def phone(number: str) -> str:
    """Return a US number as people read it: `(555) 010-0142`. Any other stays as it is."""
    digits = "".join(letter for letter in number if letter.isascii() and letter.isdigit())
    national = digits[1:] if len(digits) == US_DIGITS + 1 and digits[0] == "1" else digits
    plain = all(letter in "+-.() 0123456789" for letter in number)
    if len(national) != US_DIGITS or not plain:
        return number
    return f"({national[:3]}) {national[3:6]}-{national[6:]}"


US_DIGITS: Final = 10
