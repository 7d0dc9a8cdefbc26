"""
The English words of labels and leaflets: data that a pharmacist reviews, each with its source.

Other languages add a table of the same keys. Words that a State's board has published are taken
from there, never translated by a machine; the English then stands beside them.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """Some reviewed words."""

    text: str
    source: str
    confirmed: bool = False
    """A pharmacist has compared them with the source."""


NOTE: Final = "domain.md 5.2"
BOARD: Final = "16 CCR 1707.5(a)(4)"

DIRECTIONS: Final = {
    "take-1-bedtime": Words("Take 1 capsule at bedtime", f"{BOARD}(A)"),
    "take-2-bedtime": Words("Take 2 capsules at bedtime", f"{BOARD}(B)"),
    "take-3-bedtime": Words("Take 3 capsules at bedtime", f"{BOARD}(C)"),
    "take-1-morning": Words("Take 1 capsule in the morning", f"{BOARD}(D)"),
    "take-2-morning": Words("Take 2 capsules in the morning", f"{BOARD}(E)"),
    "take-3-morning": Words("Take 3 capsules in the morning", f"{BOARD}(F)"),
}
"""By the keys of `titration.rules.directions`."""

STEADY: Final = Words("Steady dose", "policy")
"""Instead of "Step 1 of 1", which reads like a titration that begins again."""
DRUG: Final = Words("Naltrexone hydrochloride", "domain.md 5.1; label strength is the salt")
ROUTE: Final = Words("By mouth.", "USP <795>")
STORAGE: Final = Words(
    "Store at room temperature, keep dry, protect from light.", "domain.md 5.1; USP <795>"
)
COMPOUNDED: Final = Words("This medicine was compounded by our pharmacy for you.", "domain.md 3.6")

AUXILIARIES: Final = (
    Words("Do not take with opioid medicines.", "domain.md 3.7"),
    Words("Keep out of reach of children.", "domain.md 3.7"),
)
"""Printed on every container, the first in bold."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One part of the leaflet: a title and its sentences."""

    key: str
    title: str
    words: tuple[Words, ...]


BEDTIME: Final = Passage(
    "how",
    "How to take it",
    (
        Words("Take this medicine by mouth once a day at bedtime.", NOTE),
        Words(
            "Taking it at night is meant to match your body's own night-time endorphin cycle.",
            NOTE,
        ),
        Words("It acts between 2 and 4 in the morning.", "clinic note; domain.md 5.2"),
    ),
)
MORNING: Final = Passage(
    "how",
    "How to take it",
    (Words("Take this medicine by mouth once a day in the morning.", NOTE),),
)
BY_STEP: Final = Passage(
    "how",
    "How to take it",
    (
        Words("Take this medicine by mouth once a day.", NOTE),
        Words("Each label says when: at bedtime or in the morning.", "domain.md 1.4"),
        Words("Never take two doses on the same day.", NOTE),
    ),
)
STEPS: Final = Passage(
    "steps",
    "Before the next strength",
    (
        Words("Start each container on the first date on its label.", NOTE),
        Words("Do not go to the next strength before the date shown.", NOTE),
        Words(
            "If you start late, move every date by as many days. Each step keeps its length.",
            "domain.md 1.3, 1.4",
        ),
        Words("Stay at your present dose if you do not feel well and call us.", NOTE),
        Words("Take from one container at a time.", "policy: strengths are not swapped"),
    ),
)
MISSED: Final = Passage(
    "missed",
    "If you miss a dose",
    (
        Words("If you remember the same night, take it. If not, skip it.", NOTE),
        Words("Never take two doses at once.", NOTE),
    ),
)
MISSED_MORNING: Final = Passage(
    "missed",
    "If you miss a dose",
    (
        Words("If you remember the same day, take it. If not, skip it.", "domain.md 1.4"),
        Words("Never take two doses at once.", NOTE),
    ),
)
SLEEP: Final = Passage(
    "sleep",
    "Sleep and dreams",
    (
        Words(
            "You may have trouble sleeping or vivid dreams or nightmares, mostly in the first "
            "weeks.",
            NOTE,
        ),
        Words(
            "If this bothers you, call us or your prescriber. You may be able to take it in the "
            "morning instead. Do not take both.",
            NOTE,
        ),
    ),
)
SLEEP_MORNING: Final = Passage(
    "sleep",
    "Sleep and dreams",
    (
        *SLEEP.words[:1],
        Words("If this bothers you, call us or your prescriber.", NOTE),
    ),
)
STOMACH: Final = Passage(
    "stomach",
    "Upset stomach",
    (
        Words(
            "If you get diarrhea, stomach pain or nausea, do not increase the dose.",
            NOTE,
        ),
        Words(
            "Stay at the highest dose that did not bother you and tell your prescriber.",
            NOTE,
        ),
    ),
)
TIME: Final = Passage(
    "time",
    "Give it time",
    (Words("It can take 3 to 6 months of regular use to feel the full effect.", NOTE),),
)
OPIOIDS: Final = Passage(
    "opioids",
    "Do not take opioid medicines",
    (
        Words(
            "Do not take opioid pain, cough or diarrhea medicines. Some of these are codeine, "
            "hydrocodone, oxycodone, tramadol, morphine, methadone and buprenorphine.",
            NOTE,
        ),
        Words("They may not work, or you may go into sudden withdrawal.", NOTE),
        Words("Tell every doctor and dentist that you take naltrexone.", NOTE),
        Words("After you stop, you can be more sensitive to opioids.", NOTE),
    ),
)
SURGERY: Final = Passage(
    "surgery",
    "If you need surgery",
    (
        Words("Tell the surgeon that you take naltrexone.", NOTE),
        Words("Ask when to stop. It is usually 2 to 3 days before.", NOTE),
        Words("Ask us before you start again.", "domain.md 1.4"),
    ),
)
ALCOHOL: Final = Passage(
    "alcohol",
    "Alcohol and your liver",
    (
        Words("Limit alcohol.", NOTE),
        Words("Call us if you get yellow skin or eyes, dark urine or feel very tired.", NOTE),
    ),
)
PREGNANCY: Final = Passage(
    "pregnancy",
    "Pregnancy and breastfeeding",
    (
        Words("There is not enough information about use in pregnancy.", NOTE),
        Words("Tell us if you are or may become pregnant, or if you breastfeed.", NOTE),
    ),
)
KEEPING: Final = Passage(
    "keeping",
    "Keeping and throwing away",
    (
        Words(
            "Keep it at room temperature, dry, away from light and out of reach of children.", NOTE
        ),
        Words("Do not use it after the date on the label.", NOTE),
        Words("Take what is left to a drug take-back site. Do not flush it.", NOTE),
    ),
)
ABOUT: Final = Passage(
    "about",
    "About this medicine",
    (
        Words("This medicine was made for you by a compounding pharmacy.", NOTE),
        Words("Compounded medicines are not FDA-approved.", NOTE),
        Words(
            "This use of naltrexone is not an FDA-approved use. The approved uses are treatment of "
            "alcohol dependence and opioid blockade.",
            NOTE,
        ),
    ),
)
HELP: Final = Passage(
    "help",
    "Get help",
    (
        Words("In an emergency call 911.", NOTE),
        Words("If somebody took too much, call Poison Control at 1-800-222-1222.", NOTE),
        Words("You have the right to talk with our pharmacist about this medicine.", "1707.2"),
    ),
)


COUNSEL: Final = {
    "R13": Words(
        "You told us that surgery or a procedure is planned. Ask us now when to stop and when to "
        "start again.",
        "domain.md R13",
    ),
    "R15": Words(
        "You told us of a cough or diarrhea medicine. Loperamide may not work as well now. Ask us "
        "before you take it.",
        "domain.md R15, unconfirmed",
    ),
    "R17": Words(
        "You told us that you drink alcohol. It is safer to drink little or none.", "domain.md R17"
    ),
}
"""What screening found worth saying to this patient, by the rule's id (domain.md 4.1)."""


def told(rules: Collection[str]) -> tuple[Passage, ...]:
    """Return the passage about what this patient told us, if anything is to be said to it."""
    words = tuple(words for rule, words in COUNSEL.items() if rule in rules)
    return (Passage("told", "What you told us", words),) if words else ()


def passages(*, bedtime: bool, morning: bool, several_steps: bool) -> tuple[Passage, ...]:
    """
    Return the passages that a fill's leaflet has, in reading order.

    Args:
        bedtime: At least one step is taken at bedtime.
        morning: At least one step is taken in the morning.
    """
    how = (BY_STEP if morning else BEDTIME) if bedtime else MORNING
    return (
        how,
        *((STEPS,) if several_steps else ()),
        MISSED_MORNING if morning else MISSED,
        SLEEP_MORNING if morning else SLEEP,
        STOMACH,
        TIME,
        OPIOIDS,
        SURGERY,
        ALCOHOL,
        PREGNANCY,
        KEEPING,
        ABOUT,
        HELP,
    )
