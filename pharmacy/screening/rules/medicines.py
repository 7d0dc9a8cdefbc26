"""
Lists of medicines that matter for naltrexone, and how a named medicine is found in them.

Codes are RxNorm ingredients, and one of two together. `is_code_confirmed` is False where the code
was not seen in a stored source; a medicine that is found by such a code alone, or that stands in a
list by memory alone (`is_listed_surely`), asks for a review instead of a block, and never passes
in silence.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pharmacy.patients.rules import Medicine


class Group(StrEnum):
    """Why a medicine is on a list."""

    OPIOID = "opioid"
    LONG_OPIOID = "long-acting-opioid"
    BOWEL_OPIOID = "antidiarrheal-opioid"
    BOWEL_AGENT = "loperamide"
    COUGH_AGENT = "dextromethorphan"
    IMMUNOSUPPRESSANT = "immunosuppressant"
    ANTAGONIST = "opioid-antagonist"
    THIORIDAZINE = "thioridazine"
    DISULFIRAM = "disulfiram"
    THYROID = "thyroid-hormone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """One entry of a list."""

    name: str
    rxnorm: str
    group: Group
    is_code_confirmed: bool = True
    is_listed_surely: bool = True


@dataclass(frozen=True, slots=True)
class Found:
    """A medicine that is on a list."""

    ingredient: Ingredient
    is_sure: bool
    medicine: Medicine


def _entries(group: Group, *pairs: tuple[str, str], confirmed: bool = True) -> list[Ingredient]:
    return [
        Ingredient(name=name, rxnorm=code, group=group, is_code_confirmed=confirmed)
        for name, code in pairs
    ]


_OPIOIDS: Final = (
    ("codeine", "2670"),
    ("hydrocodone", "5489"),
    ("morphine", "7052"),
    ("oxycodone", "7804"),
    ("fentanyl", "4337"),
    ("hydromorphone", "3423"),
    ("meperidine", "6754"),
    ("tramadol", "10689"),
    ("dihydrocodeine", "23088"),
    ("oxymorphone", "7814"),
    ("tapentadol", "787390"),
    ("propoxyphene", "8785"),
    ("butorphanol", "1841"),
    ("pentazocine", "8001"),
    ("nalbuphine", "7238"),
    ("levorphanol", "6378"),
    ("opium", "7676"),
    ("alfentanil", "480"),
)
_IMMUNOSUPPRESSANTS: Final = (
    ("tacrolimus", "42316"),
    ("cyclosporine", "3008"),
    ("azathioprine", "1256"),
    ("mycophenolic acid", "7145"),
    ("mycophenolate", "68149"),
    ("sirolimus", "35302"),
    ("everolimus", "141704"),
    ("methotrexate", "6851"),
    ("mercaptopurine", "103"),
    ("rituximab", "121191"),
    ("cyclophosphamide", "3002"),
    ("prednisone", "8640"),
    ("dexamethasone", "3264"),
    ("methylprednisolone", "6902"),
)
_BY_MEMORY: Final = (
    ("belatacept", "1112973"),
    ("tofacitinib", "1357536"),
    ("leflunomide", "27169"),
    ("adalimumab", ""),
    ("etanercept", ""),
    ("infliximab", ""),
    ("certolizumab", ""),
    ("golimumab", ""),
)

LIST: Final[tuple[Ingredient, ...]] = (
    *_entries(Group.OPIOID, *_OPIOIDS),
    *_entries(Group.OPIOID, ("sufentanil", "56795"), ("remifentanil", "73032"), confirmed=False),
    *_entries(Group.OPIOID, ("hydrocodone and acetaminophen", "214182")),
    *_entries(
        Group.LONG_OPIOID,
        *(("methadone", "6813"), ("buprenorphine", "1819"), ("levomethadyl", "237005")),
    ),
    *_entries(
        Group.BOWEL_OPIOID, ("diphenoxylate", "3500"), ("eluxadoline", "1653781"), confirmed=False
    ),
    *_entries(Group.BOWEL_AGENT, ("loperamide", "6468"), confirmed=False),
    *_entries(Group.COUGH_AGENT, ("dextromethorphan", "3289")),
    *_entries(Group.IMMUNOSUPPRESSANT, *_IMMUNOSUPPRESSANTS),
    *(
        Ingredient(
            name=name,
            rxnorm=code,
            group=Group.IMMUNOSUPPRESSANT,
            is_code_confirmed=False,
            is_listed_surely=False,
        )
        for name, code in _BY_MEMORY
    ),
    *_entries(Group.ANTAGONIST, ("naltrexone", "7243"), ("naloxone", "7242")),
    *_entries(Group.ANTAGONIST, ("nalmefene", ""), confirmed=False),
    *_entries(Group.THIORIDAZINE, ("thioridazine", "10502")),
    *_entries(Group.DISULFIRAM, ("disulfiram", "3554"), confirmed=False),
    *_entries(Group.THYROID, ("levothyroxine", "10582"), confirmed=False),
)
"""Sources: domain.md 4.2 and 4.3. Codes from memory are marked as such."""

_BY_CODE: Final = {entry.rxnorm: entry for entry in LIST if entry.rxnorm}
_LETTERS: Final = re.compile(r"[^a-z]+")


def identify(medicine: Medicine) -> list[Found]:
    """
    Return every entry that a medicine is, by its code or by an ingredient's name within its name.

    A product of two ingredients gives both, whatever its code says.
    """
    said = f" {_LETTERS.sub(' ', medicine.name.casefold())} "
    found = {
        entry.name: Found(entry, entry.is_listed_surely, medicine)
        for entry in LIST
        if f" {entry.name} " in said
    }
    by_code = _BY_CODE.get(medicine.rxnorm)
    if by_code is not None and by_code.name not in found:
        is_sure = by_code.is_code_confirmed and by_code.is_listed_surely
        found[by_code.name] = Found(by_code, is_sure, medicine)
    return list(found.values())
