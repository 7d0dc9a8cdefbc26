"""Dates, strengths and counts in the words of a label. Never the machine's language settings."""

from collections.abc import Sequence
from datetime import date
from typing import Final

from pharmacy.kernel.quantities import Mass
from pharmacy.labels.rules.texts import Texts


def day(on: date, words: Texts) -> str:
    """Return `2 Mar 2026`."""
    return f"{day_and_month(on, words)} {on.year}"


def day_and_month(on: date, words: Texts) -> str:
    """Return `2 Mar`."""
    return f"{on.day} {words.listed('date.months')[on.month - 1]}"


def weekday(on: date, words: Texts) -> str:
    """Return `Mon 2 Mar 2026`."""
    return f"{_day_name(on, words)} {day(on, words)}"


def _day_name(on: date, words: Texts) -> str:
    return words.listed("date.weekdays")[on.weekday()]


def span(first: date, last: date, words: Texts) -> str:
    """Return `Mon 5 Jan to Sun 1 Feb 2026`, with both years where they differ."""
    if first == last:
        return weekday(first, words)
    until = words["date.until"]
    if first.year == last.year:
        begins = f"{_day_name(first, words)} {day_and_month(first, words)}"
        return f"{begins} {until} {weekday(last, words)}"
    return f"{weekday(first, words)} {until} {weekday(last, words)}"


def counted(count: int, key: str, words: Texts) -> str:
    """Return `1 dose`, `28 doses`: `dose.one` or `dose.many`, or those of another key."""
    return words[f"{key}.one"] if count == 1 else words.filled(f"{key}.many", count=count)


def capsules(count: int) -> str:
    """Return `28 capsules`: a fact for the pharmacy, in English on every label."""
    return f"{count} capsule" if count == 1 else f"{count} capsules"


def step(no: int, of: int, words: Texts) -> str:
    """Return `Step 2 of 3`, or that the dose stays the same where there is but one."""
    return words.filled("step", no=no, steps=of) if of > 1 else words["steady"]


def strength(micrograms: int) -> str:
    """Return `1.5 mg`, `0.25 mg`: a leading zero, no trailing one (ISMP)."""
    return str(Mass.of_micrograms(micrograms))


def refills(left: int, doses_ug: Sequence[int], until: date, words: Texts) -> str:
    """
    Return `1, until 1 Mar 2027`, or `2 (4.5 mg), until 1 Mar 2027`.

    Args:
        doses_ug: What the next fill is of, where that is not what this one is of. A vial of 1.5 mg
            is not refilled as such when the prescription goes on with 4.5 mg.
    """
    if left and len(doses_ug) == 1:
        return words.filled(
            "refills.of", left=left, strength=strength(doses_ug[0]), date=day(until, words)
        )
    return words.filled("refills", left=left, date=day(until, words))


def phone(number: str) -> str:
    """Return a US number as people read it: `(555) 010-0142`. Any other stays as it is."""
    digits = "".join(letter for letter in number if letter.isascii() and letter.isdigit())
    national = digits[1:] if len(digits) == US_DIGITS + 1 and digits[0] == "1" else digits
    plain = all(letter in "+-.() 0123456789" for letter in number)
    if len(national) != US_DIGITS or not plain:
        return number
    return f"({national[:3]}) {national[3:6]}-{national[6:]}"


US_DIGITS: Final = 10
