"""Rules about the patient's conditions. Source of all: domain.md 4.1."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final

from pharmacy.patients.rules import Topic
from pharmacy.screening.rules.facts import Facts
from pharmacy.screening.rules.medicine_rules import found
from pharmacy.screening.rules.medicines import Group
from pharmacy.screening.rules.rule import Rule, Severity, Spoken

ADULT: Final = 18
ACTIVE_ALLERGIES: Final = frozenset({"naltrexone", "naloxone", "nalmefene"})
SHELL_ALLERGIES: Final = frozenset({"dye", "gelatin"})
FILLER_HOLDS: Final[Mapping[str, frozenset[str]]] = {
    "microcrystalline-cellulose": frozenset({"cellulose"}),
    "lactose": frozenset({"lactose"}),
    "sucrose": frozenset({"sucrose"}),
    "acidophilus": frozenset({"lactose", "other"}),
    "sodium-bicarbonate": frozenset(),
    "calcium-carbonate": frozenset(),
    "hypromellose": frozenset({"cellulose"}),
}
"""What a person may not tolerate in each filler. A filler that is missing holds everything.
*unconfirmed*: whether a lot of acidophilus is free of milk stands on its certificate."""
OTHER_DOSE: Final = frozenset({"stayed-lower", "went-back", "stopped"})
THYROID_WORDS: Final = ("hashimoto", "thyroid")


def says_yes(topic: Topic) -> Callable[[Facts], Spoken | None]:
    """Return the question whether the patient said yes to a topic."""

    def speaks(facts: Facts) -> Spoken | None:
        if not facts.says_yes(topic):
            return None
        return Spoken({"answer": "yes", "kinds": list(facts.kinds(topic))})

    return speaks


def _allergy_to_active(facts: Facts) -> Spoken | None:
    kinds = sorted(ACTIVE_ALLERGIES.intersection(facts.kinds(Topic.ALLERGIES)))
    return Spoken({"to": kinds}) if kinds else None


def _other_allergy(facts: Facts) -> Spoken | None:
    if not facts.says_yes(Topic.ALLERGIES):
        return None
    kinds = facts.kinds(Topic.ALLERGIES)
    return Spoken({"kinds": list(kinds)}) if not kinds or "other" in kinds else None


def _acute_liver(facts: Facts) -> Spoken | None:
    kinds = {"acute-hepatitis", "liver-failure"}.intersection(facts.kinds(Topic.LIVER))
    if kinds:
        return Spoken({"kinds": sorted(kinds)})
    if facts.says_yes(Topic.LIVER) and not facts.kinds(Topic.LIVER):
        return Spoken({"kinds": ["not told"]})
    return None


def _liver_or_kidney(facts: Facts) -> Spoken | None:
    kinds = {"active-disease", "raised-tests"}.intersection(facts.kinds(Topic.LIVER))
    kidney = facts.kinds(Topic.KIDNEY)
    untold = facts.says_yes(Topic.KIDNEY) and not kidney
    if kinds or "severe" in kidney or untold:
        told = ["not told"] if untold else list(kidney)
        return Spoken({"liver": sorted(kinds), "kidney": told})
    return None


def _under_age(facts: Facts) -> Spoken | None:
    return Spoken({"age_years": facts.age}) if facts.age < ADULT else None


def _surgery(facts: Facts) -> Spoken | None:
    if not facts.says_yes(Topic.SURGERY):
        return None
    on = facts.answers[Topic.SURGERY].details.on
    if on is None:
        return Spoken({"surgery_on": None})
    stop_on = on - timedelta(days=facts.limits.pause_before_surgery_days)
    return Spoken({"surgery_on": on.isoformat(), "last_dose_before": stop_on.isoformat()})


def _thyroid(facts: Facts) -> Spoken | None:
    medicines = sorted({one.ingredient.name for one in found(facts, Group.THYROID)})
    in_reason = any(word in facts.reason.casefold() for word in THYROID_WORDS)
    says = facts.says_yes(Topic.THYROID)
    if not (medicines or in_reason or says):
        return None
    return Spoken({"medicines": medicines, "in_reason": in_reason, "says_yes": says})


def _filler(facts: Facts) -> Spoken | None:
    kinds = frozenset(facts.kinds(Topic.ALLERGIES)) - ACTIVE_ALLERGIES
    against = {
        filler: sorted(kinds & FILLER_HOLDS.get(filler, kinds))
        for filler in facts.fillers
        if kinds & FILLER_HOLDS.get(filler, kinds)
    }
    shell = sorted(kinds & SHELL_ALLERGIES)
    return Spoken({"fillers": against, "capsule_shell": shell}) if against or shell else None


def _other_dose(facts: Facts) -> Spoken | None:
    kinds = OTHER_DOSE.intersection(facts.kinds(Topic.LAST_STEP))
    untold = facts.says_yes(Topic.LAST_STEP) and not facts.kinds(Topic.LAST_STEP)
    return Spoken({"kinds": sorted(kinds) or ["not told"]}) if kinds or untold else None


def _troubles(facts: Facts) -> Spoken | None:
    kinds = frozenset(facts.kinds(Topic.LAST_STEP)) - OTHER_DOSE
    return Spoken({"kinds": sorted(kinds)}) if kinds else None


def _other_profile(facts: Facts) -> Spoken | None:
    return Spoken({"profiles": facts.other_profiles}) if facts.other_profiles else None


RULES: Final = (
    Rule(
        id="R04",
        severity=Severity.BLOCK,
        wording=(
            "Opioid dependence, withdrawal, a failed naloxone challenge or a positive opioid urine"
            " screen: contraindicated."
        ),
        source="FDA label; domain.md R04",
        speaks=says_yes(Topic.OPIOID_HISTORY),
    ),
    Rule(
        id="R05",
        severity=Severity.BLOCK,
        wording=(
            "Organ transplant: contraindicated per prescriber guidance. LDN may counter"
            " anti-rejection treatment."
        ),
        source="clinic note; domain.md R05",
        speaks=says_yes(Topic.TRANSPLANT),
    ),
    Rule(
        id="R07",
        severity=Severity.BLOCK,
        wording=(
            "Hypersensitivity to naltrexone or a component; cross-reaction with naloxone and"
            " nalmefene is unknown."
        ),
        source="FDA label; domain.md R07",
        speaks=_allergy_to_active,
    ),
    Rule(
        id="R08",
        severity=Severity.BLOCK,
        wording="Acute hepatitis or liver failure: contraindicated.",
        source="FDA label; domain.md R08",
        speaks=_acute_liver,
    ),
    Rule(
        id="R09",
        severity=Severity.REVIEW,
        wording="Liver disease, raised liver tests or severe kidney disease: ask for LFT and eGFR.",
        source="domain.md R09",
        speaks=_liver_or_kidney,
    ),
    Rule(
        id="R10",
        severity=Severity.REVIEW,
        wording=(
            "Pregnant or planning: no adequate controlled studies in pregnancy. The prescriber must"
            " confirm."
        ),
        source="clinic note; domain.md R10",
        speaks=says_yes(Topic.PREGNANCY),
        needs_prescriber=True,
    ),
    Rule(
        id="R11",
        severity=Severity.REVIEW,
        wording="Breastfeeding: naltrexone passes into milk.",
        source="domain.md R11",
        speaks=says_yes(Topic.BREASTFEEDING),
    ),
    Rule(
        id="R12",
        severity=Severity.BLOCK,
        wording="Under 18 years: not recommended, unless the prescriber confirms.",
        source="domain.md R12",
        speaks=_under_age,
    ),
    Rule(
        id="R13",
        severity=Severity.COUNSEL,
        wording=(
            "Planned procedure: stop 2 to 3 days before, tell the anesthetist, resume when off"
            " opioids. After more than 14 days without LDN start the titration again."
        ),
        source="domain.md R13",
        speaks=_surgery,
    ),
    Rule(
        id="R16",
        severity=Severity.REVIEW,
        wording=(
            "Hashimoto's disease or thyroid hormone: start lowest; the hormone dose may soon need"
            " to be lower. Watch for signs of too much, and plan a TSH."
        ),
        source="domain.md R16, E9",
        speaks=_thyroid,
    ),
    Rule(
        id="R17",
        severity=Severity.COUNSEL,
        wording="Avoid or limit alcohol: the liver.",
        source="domain.md R17",
        speaks=says_yes(Topic.ALCOHOL),
    ),
    Rule(
        id="R20",
        severity=Severity.REVIEW,
        wording="Depression or thoughts of suicide: both were reported with naltrexone.",
        source="domain.md R20",
        speaks=says_yes(Topic.MOOD),
    ),
    Rule(
        id="R21",
        severity=Severity.BLOCK,
        wording="The patient does not tolerate this filler or capsule shell: substitute it.",
        source="domain.md R21",
        speaks=_filler,
    ),
    Rule(
        id="D01",
        severity=Severity.BLOCK,
        wording=(
            "The patient does not take the dose after which this fill goes on: ask the prescriber"
            " what it is to be. Another dose is a newly signed prescription."
        ),
        source="clinic note; domain.md 1.4",
        speaks=_other_dose,
    ),
    Rule(
        id="D02",
        severity=Severity.REVIEW,
        wording=(
            "Trouble with sleep or the stomach: it may be taken in the daytime, or the titration"
            " halted at the dose best tolerated. The prescriber decides."
        ),
        source="clinic note; domain.md 1.4",
        speaks=_troubles,
    ),
    Rule(
        id="A01",
        severity=Severity.REVIEW,
        wording="An allergy that no list knows: a pharmacist reads it.",
        source="policy",
        speaks=_other_allergy,
    ),
    Rule(
        id="P01",
        severity=Severity.REVIEW,
        wording="Another patient has the same name and birth date: perhaps the same person.",
        source="domain.md E12",
        speaks=_other_profile,
    ),
)
