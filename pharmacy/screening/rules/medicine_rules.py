"""Rules about what else the patient takes. Source of all: domain.md 4.1 to 4.3."""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from pharmacy.patients.rules import Reply, Topic
from pharmacy.screening.rules.facts import Facts
from pharmacy.screening.rules.medicines import Found, Group, identify
from pharmacy.screening.rules.rule import Rule, Severity, Spoken
from pharmacy.screening.rules.washout import earliest_first_dose

OPIOIDS: Final = frozenset({Group.OPIOID, Group.LONG_OPIOID, Group.BOWEL_OPIOID})


def found(facts: Facts, *groups: Group) -> list[Found]:
    """Return the patient's medicines that are in one of the groups."""
    return [
        one
        for medicine in facts.medicines()
        for one in identify(medicine)
        if one.ingredient.group in groups
    ]


def _spoken(entries: list[Found], **more: Any) -> Spoken | None:
    """Speak of medicines; where none is found surely, ask for a review only."""
    if not entries:
        return None
    names = sorted({one.ingredient.name for one in entries})
    sure = any(one.is_sure for one in entries)
    return Spoken({"medicines": names, "sure": sure, **more}, None if sure else Severity.REVIEW)


def takes(*groups: Group) -> Callable[[Facts], Spoken | None]:
    """Return the question whether the patient takes a medicine of one of the groups."""

    def speaks(facts: Facts) -> Spoken | None:
        return _spoken(found(facts, *groups))

    return speaks


def _current_opioid(facts: Facts) -> Spoken | None:
    current = [
        one
        for one in found(facts, Group.OPIOID, Group.LONG_OPIOID)
        if one.medicine.last_taken_on is None
    ]
    if spoken := _spoken(current):
        return spoken
    said = facts.answers.get(Topic.OPIOIDS)
    if said is None or said.reply is not Reply.YES:
        return None
    unlisted = [one for one in said.details.medicines if not _is_opioid(identify(one))]
    current_unlisted = [one.name or one.rxnorm for one in unlisted if one.last_taken_on is None]
    if not said.details.medicines or current_unlisted:
        return Spoken({"answer": "yes", "unlisted": sorted(current_unlisted)})
    return None


def _is_opioid(entries: list[Found]) -> bool:
    return any(one.ingredient.group in OPIOIDS for one in entries)


def _recent(facts: Facts, taken: list[tuple[str, date, bool]], free_days: int) -> Spoken | None:
    """Speak while the washout of any of these lasts."""
    waiting = {
        name: (earliest_first_dose(last, free_days=free_days), sure)
        for name, last, sure in sorted(taken)
        if earliest_first_dose(last, free_days=free_days) > facts.today
    }
    if not waiting:
        return None
    earliest = max(day for day, _ in waiting.values())
    sure = any(is_sure for _, is_sure in waiting.values())
    inputs = {"medicines": sorted(waiting), "earliest_first_dose": earliest.isoformat()}
    return Spoken(inputs, None if sure else Severity.REVIEW)


def _recent_opioid(facts: Facts) -> Spoken | None:
    taken = [
        (one.ingredient.name, one.medicine.last_taken_on, one.is_sure)
        for one in found(facts, Group.OPIOID, Group.BOWEL_OPIOID)
        if one.medicine.last_taken_on is not None
    ]
    return _recent(facts, taken, facts.limits.opioid_free_days)


def _recent_long_opioid(facts: Facts) -> Spoken | None:
    taken = [
        (one.ingredient.name, one.medicine.last_taken_on, one.is_sure)
        for one in found(facts, Group.LONG_OPIOID)
        if one.medicine.last_taken_on is not None
    ]
    said = facts.answers.get(Topic.OPIOIDS)
    # An opioid that no list knows might be a long one: the longer wait is the safe one.
    taken += [
        (one.name or one.rxnorm, one.last_taken_on, True)
        for one in (said.details.medicines if said else ())
        if one.last_taken_on is not None and not _is_opioid(identify(one))
    ]
    return _recent(facts, taken, facts.limits.long_opioid_free_days)


def _bowel_opioid(facts: Facts) -> Spoken | None:
    entries = found(facts, Group.BOWEL_OPIOID)
    return _spoken([one for one in entries if one.medicine.last_taken_on is None])


def _immunosuppressant(facts: Facts) -> Spoken | None:
    if spoken := _spoken(found(facts, Group.IMMUNOSUPPRESSANT)):
        says_yes = facts.says_yes(Topic.IMMUNOSUPPRESSANTS)
        return Spoken(spoken.inputs, None if says_yes else spoken.severity)
    if facts.says_yes(Topic.IMMUNOSUPPRESSANTS):
        return Spoken({"answer": "yes", "medicines": []})
    return None


def _duplicate(facts: Facts) -> Spoken | None:
    entries = found(facts, Group.ANTAGONIST)
    kinds = list(facts.kinds(Topic.NALTREXONE))
    says_yes = facts.says_yes(Topic.NALTREXONE)
    if not (entries or says_yes or facts.other_supplies):
        return None
    return Spoken(
        {
            "medicines": sorted({one.ingredient.name for one in entries}),
            "elsewhere": says_yes,
            "kinds": kinds,
            "other_prescriptions": sorted(facts.other_supplies),
        }
    )


def _unlisted(facts: Facts) -> Spoken | None:
    names = sorted(
        {one.name or f"RxNorm {one.rxnorm}" for one in facts.medicines() if not identify(one)}
    )
    return Spoken({"medicines": names}) if names else None


RULES: Final = (
    Rule(
        id="R01",
        severity=Severity.BLOCK,
        wording=(
            "Naltrexone is contraindicated with opioid pain medicine; it can cause sudden severe"
            " withdrawal and block pain relief."
        ),
        source="FDA label; domain.md R01",
        speaks=_current_opioid,
    ),
    Rule(
        id="R02",
        severity=Severity.BLOCK,
        wording="Must be opioid-free at least 7 to 10 days, including tramadol.",
        source="FDA label; domain.md R02, V31",
        speaks=_recent_opioid,
    ),
    Rule(
        id="R03",
        severity=Severity.BLOCK,
        wording="Withdrawal can occur up to two weeks after buprenorphine or methadone.",
        source="domain.md R03, V31",
        speaks=_recent_long_opioid,
    ),
    Rule(
        id="R06",
        severity=Severity.BLOCK,
        wording=(
            "Immunosuppressive medicine: contraindicated per the prescriber guidance; other sources"
            " say caution. Ask the prescriber before overriding."
        ),
        source="clinic note; domain.md R06, 4.3",
        speaks=_immunosuppressant,
    ),
    Rule(
        id="R14",
        severity=Severity.BLOCK,
        wording="Cough, pain or diarrhea medicines may hold an opioid: stop it first.",
        source="domain.md R14",
        speaks=_bowel_opioid,
    ),
    Rule(
        id="R15",
        severity=Severity.COUNSEL,
        wording=(
            "Loperamide may lose its effect. Dextromethorphan is no opioid agonist and is not a"
            " reason to stop."
        ),
        source="domain.md R15, unconfirmed",
        speaks=takes(Group.BOWEL_AGENT, Group.COUGH_AGENT),
    ),
    Rule(
        id="R18",
        severity=Severity.REVIEW,
        wording="With thioridazine more lethargy and sleepiness were reported.",
        source="domain.md R18",
        speaks=takes(Group.THIORIDAZINE),
    ),
    Rule(
        id="R19",
        severity=Severity.REVIEW,
        wording="Disulfiram and naltrexone both strain the liver.",
        source="domain.md R19",
        speaks=takes(Group.DISULFIRAM),
    ),
    Rule(
        id="R25",
        severity=Severity.BLOCK,
        wording="Naltrexone or another opioid antagonist is taken already: a duplication.",
        source="policy; domain.md R25",
        speaks=_duplicate,
    ),
    Rule(
        id="M01",
        severity=Severity.REVIEW,
        wording="No list knows these medicines: a pharmacist reads them.",
        source="domain.md 4.2 (typed medicines go to a pharmacist)",
        speaks=_unlisted,
    ),
)
