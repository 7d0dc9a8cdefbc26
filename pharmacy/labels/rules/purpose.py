"""
Why a medicine is taken: whether the label says it, and in which words.

In California it is the fourth item of the patient's cluster wherever the prescription gives it
(16 CCR 1707.5(a)(1)(D)). Elsewhere it is the pharmacy's decision: it helps a patient with many
vials, and tells whoever sees the vial what they have. Source: domain.md 3.6 and 5.1.
"""

import re
from collections.abc import Collection
from typing import Final

REQUIRED_IN: Final = {"CA": "16 CCR 1707.5(a)(1)(D)"}
"""States whose law wants it on the label, and where it says so."""

SEPARATOR: Final = "; "
"""Between the reasons of one prescription."""
_ICD: Final = r"[A-TV-Z]\d[0-9A-Z]"
CODE: Final = re.compile(rf"{_ICD}(?:\.?[0-9A-Z]{{1,4}})?|\d{{6,18}}")
"""A diagnosis code that stands alone: ICD-10-CM or SNOMED CT."""
AMONG_WORDS: Final = re.compile(
    rf"[(\[]\s*(?:ICD-?10(?:-CM)?:?\s*)?{_ICD}(?:\.?[0-9A-Z]{{1,4}})?\s*[)\]]"
    rf"|\b(?:ICD-?10(?:-CM)?:?\s*)?{_ICD}\.[0-9A-Z]{{1,4}}\b[:,]?"
)
"""A code beside words: in brackets, or with the point that no word has. `B12` is a vitamin."""


def prints_purpose(
    states: Collection[str], *, by_default: bool, left_off_in: Collection[str]
) -> bool:
    """
    Say whether a label says why the medicine is taken, where the prescription does.

    Args:
        states: The pharmacy's and the patient's.
        by_default: The pharmacy's policy where no State says otherwise.
        left_off_in: States for which the pharmacy leaves it off, for privacy. A State that
            requires it counts before them.
    """
    if any(state in REQUIRED_IN for state in states):
        return True
    return by_default and not any(state in left_off_in for state in states)


def plain_words(reason: str) -> str:
    """
    Return the prescriber's own words of a reason, without codes of diagnoses; "" for codes alone.

    No word is changed or cut. Blanks and ends of lines between words become one blank.
    """
    said = (AMONG_WORDS.sub(" ", each) for each in reason.split(SEPARATOR))
    words = (" ".join(each.split()) for each in said)
    return SEPARATOR.join(each for each in words if each and not CODE.fullmatch(each))
