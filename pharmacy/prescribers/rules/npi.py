"""The National Provider Identifier and its check digit."""

from typing import Final

from pharmacy.kernel.refusals import Invalid

LENGTH: Final = 10
DIGITS: Final = frozenset("0123456789")
PREFIX_SUM: Final = 24
"""What the ISO prefix 80840 adds to the Luhn sum."""


class NpiInvalid(Invalid):
    """Ten digits, the first 1 or 2, the last the check digit of the others."""

    code = "npi-invalid"
    remedy = "Copy the NPI again; one digit is wrong or two stand in each other's place."


def is_npi(text: str) -> bool:
    """
    Say whether a text has the form and the check digit of an NPI.

    It does not say that the NPI was ever given to anybody: the check digit is blind to 09 written
    as 90, and to invention.

    Source: domain.md 3.10 (Luhn over 80840 and the NPI).
    """
    if len(text) != LENGTH or not DIGITS.issuperset(text) or text[0] not in "12":
        return False
    doubled = sum(sum(divmod(2 * int(digit), 10)) for digit in text[0:9:2])
    plain = sum(int(digit) for digit in text[1::2])
    return (doubled + plain + PREFIX_SUM) % 10 == 0


def require_npi(text: str) -> str:
    """Return the NPI. Raises NpiInvalid."""
    if not is_npi(text):
        raise NpiInvalid("an NPI is ten digits, the first 1 or 2, ending in its check digit")
    return text
