"""Every rule of domain.md 4.1: what makes it speak, and what leaves it silent."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from pharmacy.patients.rules import Details, Medicine, Reply, Topic
from pharmacy.screening.rules.facts import DoseStep, Facts, Limits, Said
from pharmacy.screening.rules.rule import Raised, Severity
from pharmacy.screening.rules.rulebook import RULES, screen
from pharmacy.screening.rules.washout import earliest_first_dose

TODAY = date(2026, 3, 2)
BLOCK, REVIEW, COUNSEL = Severity.BLOCK, Severity.REVIEW, Severity.COUNSEL
ALL_NO = {topic: Said(reply=Reply.NO, asked_on=TODAY) for topic in Topic}
CLINIC = (
    DoseStep(no=1, dose_ug=1500, days=28, text="Take 1.5 mg by mouth at bedtime for 28 days."),
    DoseStep(no=2, dose_ug=3000, days=28, text="Then take 3 mg by mouth at bedtime for 28 days."),
    DoseStep(no=3, dose_ug=4500, days=28, text="Then take 4.5 mg by mouth at bedtime."),
)
QUIET = Facts(
    today=TODAY,
    birth_date=date(1981, 7, 14),
    gender="female",
    had_ldn_before=False,
    steps=CLINIC,
    answers=ALL_NO,
    fillers=("microcrystalline-cellulose",),
    reason="Fibromyalgia (off-label use)",
)


def yes(*kinds: str, on: date | None = None) -> Said:
    return Said(reply=Reply.YES, asked_on=TODAY, details=Details(kinds=kinds, on=on))


def takes(*medicines: Medicine) -> Said:
    return Said(reply=Reply.YES, asked_on=TODAY, details=Details(medicines=medicines))


def medicine(name: str = "", rxnorm: str = "", last: date | None = None) -> Medicine:
    return Medicine(name=name, rxnorm=rxnorm, last_taken_on=last)


def facts(answers: dict[Topic, Said] | None = None, **changes: Any) -> Facts:
    return replace(QUIET, answers={**ALL_NO, **(answers or {})}, **changes)


def said(found: list[Raised]) -> list[tuple[str, Severity]]:
    return [(one.rule.id, one.severity) for one in found]


def test_a_patient_who_was_asked_everything_and_has_nothing_hears_nothing() -> None:
    assert screen(QUIET) == []


def test_every_rule_of_the_domain_is_here_once_with_words_and_a_source() -> None:
    ids = [rule.id for rule in RULES]

    assert len(set(ids)) == len(ids)
    assert {f"R{number:02d}" for number in range(1, 29)} <= set(ids)
    assert all(rule.wording and rule.source and rule.version >= 1 for rule in RULES)


@pytest.mark.parametrize(
    ("last", "group", "expected"),
    [
        (date(2026, 3, 1), "oxycodone", date(2026, 3, 11)),
        (date(2026, 3, 1), "buprenorphine", date(2026, 3, 15)),
        (date(2026, 3, 1), "methadone", date(2026, 3, 15)),
    ],
)
def test_the_first_dose_waits_for_the_opioid_to_leave(
    last: date, group: str, expected: date
) -> None:
    """domain.md V31."""
    days = Limits().opioid_free_days if group == "oxycodone" else Limits().long_opioid_free_days

    assert earliest_first_dose(last, free_days=days) == expected


def test_seven_days_are_the_labels_shortest_wait() -> None:
    """domain.md V31: 8 March, only with a pharmacist's plan."""
    assert earliest_first_dose(date(2026, 3, 1), free_days=7) == date(2026, 3, 8)


@pytest.mark.parametrize(
    ("today", "last", "name", "expected"),
    [
        (date(2026, 3, 10), date(2026, 3, 1), "oxycodone", [("R02", BLOCK)]),
        (date(2026, 3, 11), date(2026, 3, 1), "oxycodone", []),
        (date(2026, 3, 10), date(2026, 3, 1), "tramadol 50 mg", [("R02", BLOCK)]),
        (date(2026, 3, 14), date(2026, 3, 1), "methadone", [("R03", BLOCK)]),
        (date(2026, 3, 15), date(2026, 3, 1), "methadone", []),
        (date(2026, 3, 14), date(2026, 3, 1), "buprenorphine/naloxone", [("R03", BLOCK)]),
        (date(2026, 3, 10), date(2026, 3, 1), "diphenoxylate-atropine", [("R02", BLOCK)]),
    ],
)
def test_a_recent_opioid_blocks_until_its_day(
    today: date, last: date, name: str, expected: list[tuple[str, Severity]]
) -> None:
    answers = {topic: Said(reply=Reply.NO, asked_on=today) for topic in Topic}
    answers[Topic.OPIOIDS] = takes(medicine(name, last=last))
    found = said(screen(replace(QUIET, today=today, answers=answers)))

    assert [one for one in found if one[0] in {"R01", "R02", "R03"}] == expected


def test_the_finding_says_from_which_day_on() -> None:
    answers = {Topic.OPIOIDS: takes(medicine("oxycodone", last=date(2026, 3, 1)))}

    assert screen(facts(answers))[0].inputs == {
        "medicines": ["oxycodone"],
        "earliest_first_dose": "2026-03-11",
    }


def test_an_opioid_that_no_list_knows_waits_the_longest() -> None:
    answers = {Topic.OPIOIDS: takes(medicine("heroin", last=date(2026, 2, 18)))}

    assert ("R03", BLOCK) in said(screen(facts(answers)))


@pytest.mark.parametrize(
    ("topic", "answer", "expected"),
    [
        (Topic.OPIOIDS, yes(), ("R01", BLOCK)),
        (Topic.OPIOIDS, takes(medicine("tramadol")), ("R01", BLOCK)),
        (Topic.OPIOIDS, takes(medicine(rxnorm="10689")), ("R01", BLOCK)),
        (Topic.OPIOIDS, takes(medicine("Some brand")), ("R01", BLOCK)),
        (Topic.MEDICINES, takes(medicine("hydrocodone/acetaminophen", "214182")), ("R01", BLOCK)),
        (Topic.MEDICINES, takes(medicine("codeine cough syrup")), ("R01", BLOCK)),
        (Topic.MEDICINES, takes(medicine(rxnorm="56795")), ("R01", REVIEW)),
        (Topic.OPIOID_HISTORY, yes("dependence"), ("R04", BLOCK)),
        (Topic.TRANSPLANT, yes(), ("R05", BLOCK)),
        (Topic.IMMUNOSUPPRESSANTS, yes(), ("R06", BLOCK)),
        (Topic.IMMUNOSUPPRESSANTS, takes(medicine("an unknown one")), ("R06", BLOCK)),
        (Topic.MEDICINES, takes(medicine("methotrexate 2.5 mg tablet")), ("R06", BLOCK)),
        (Topic.MEDICINES, takes(medicine(rxnorm="68149")), ("R06", BLOCK)),
        (Topic.MEDICINES, takes(medicine("Mycophenolate Mofetil")), ("R06", BLOCK)),
        (Topic.MEDICINES, takes(medicine("belatacept")), ("R06", REVIEW)),
        (Topic.MEDICINES, takes(medicine(rxnorm="27169")), ("R06", REVIEW)),
        (Topic.MEDICINES, takes(medicine("adalimumab")), ("R06", REVIEW)),
        (Topic.IMMUNOSUPPRESSANTS, takes(medicine("adalimumab")), ("R06", BLOCK)),
        (Topic.ALLERGIES, yes("naltrexone"), ("R07", BLOCK)),
        (Topic.ALLERGIES, yes("naloxone"), ("R07", BLOCK)),
        (Topic.LIVER, yes("acute-hepatitis"), ("R08", BLOCK)),
        (Topic.LIVER, yes("liver-failure", "raised-tests"), ("R08", BLOCK)),
        (Topic.LIVER, yes(), ("R08", BLOCK)),
        (Topic.LIVER, yes("raised-tests"), ("R09", REVIEW)),
        (Topic.KIDNEY, yes("severe"), ("R09", REVIEW)),
        (Topic.KIDNEY, yes(), ("R09", REVIEW)),
        (Topic.PREGNANCY, yes("planning"), ("R10", REVIEW)),
        (Topic.BREASTFEEDING, yes(), ("R11", REVIEW)),
        (Topic.SURGERY, yes(on=date(2026, 5, 4)), ("R13", COUNSEL)),
        (Topic.MEDICINES, takes(medicine("diphenoxylate and atropine")), ("R14", BLOCK)),
        (Topic.MEDICINES, takes(medicine(rxnorm="3500")), ("R14", REVIEW)),
        (Topic.MEDICINES, takes(medicine("loperamide")), ("R15", COUNSEL)),
        (Topic.MEDICINES, takes(medicine(rxnorm="3289")), ("R15", COUNSEL)),
        (Topic.MEDICINES, takes(medicine("levothyroxine 50 mcg")), ("R16", REVIEW)),
        (Topic.THYROID, yes(), ("R16", REVIEW)),
        (Topic.ALCOHOL, yes(), ("R17", COUNSEL)),
        (Topic.MEDICINES, takes(medicine("thioridazine")), ("R18", REVIEW)),
        (Topic.MEDICINES, takes(medicine("disulfiram")), ("R19", REVIEW)),
        (Topic.MOOD, yes(), ("R20", REVIEW)),
        (Topic.ALLERGIES, yes("gelatin"), ("R21", BLOCK)),
        (Topic.ALLERGIES, yes("cellulose"), ("R21", BLOCK)),
        (Topic.NALTREXONE, yes("tablet"), ("R25", BLOCK)),
        (Topic.LAST_STEP, yes("stayed-lower"), ("D01", BLOCK)),
        (Topic.LAST_STEP, yes("stopped"), ("D01", BLOCK)),
        (Topic.LAST_STEP, yes(), ("D01", BLOCK)),
        (Topic.LAST_STEP, yes("sleep"), ("D02", REVIEW)),
        (Topic.MEDICINES, takes(medicine("naltrexone/bupropion")), ("R25", BLOCK)),
        (Topic.MEDICINES, takes(medicine(rxnorm="7242")), ("R25", BLOCK)),
        (Topic.MEDICINES, takes(medicine("a green herb tea")), ("M01", REVIEW)),
        (Topic.MEDICINES, takes(medicine("something", "999999")), ("M01", REVIEW)),
        (Topic.ALLERGIES, yes(), ("A01", REVIEW)),
        (Topic.ALLERGIES, yes("other"), ("A01", REVIEW)),
    ],
)
def test_an_answer_makes_its_rule_speak(
    topic: Topic, answer: Said, expected: tuple[str, Severity]
) -> None:
    assert expected in said(screen(facts({topic: answer})))


@pytest.mark.parametrize(
    ("topic", "answer", "rule"),
    [
        (Topic.KIDNEY, yes("mild"), "R09"),
        (Topic.ALLERGIES, yes("lactose"), "R21"),
        (Topic.ALLERGIES, yes("lactose"), "A01"),
        (Topic.MEDICINES, takes(medicine("dextromethorphan")), "R01"),
        (Topic.MEDICINES, takes(medicine("loperamide")), "M01"),
    ],
)
def test_an_answer_leaves_other_rules_silent(topic: Topic, answer: Said, rule: str) -> None:
    assert rule not in [name for name, _ in said(screen(facts({topic: answer})))]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"birth_date": date(2008, 3, 3)}, [("R12", BLOCK)]),
        ({"birth_date": date(2008, 3, 2)}, []),
        ({"reason": "Hashimoto's thyroiditis"}, [("R16", REVIEW)]),
        ({"fillers": ("lactose",)}, []),
        ({"fillers": ("calcium-carbonate",)}, [("R28", BLOCK)]),
        ({"other_supplies": ("rx_1",)}, [("R25", BLOCK)]),
        ({"other_profiles": 1}, [("P01", REVIEW)]),
    ],
)
def test_what_is_known_of_the_patient_is_judged(
    changes: dict[str, Any], expected: list[tuple[str, Severity]]
) -> None:
    assert said(screen(facts(**changes))) == expected


def test_a_filler_that_the_patient_does_not_tolerate_is_blocked() -> None:
    found = screen(facts({Topic.ALLERGIES: yes("lactose")}, fillers=("lactose", "sucrose")))

    assert [(one.rule.id, one.inputs["fillers"]) for one in found] == [
        ("R21", {"lactose": ["lactose"]})
    ]


def test_a_filler_that_nobody_described_is_not_assumed_to_be_free_of_anything() -> None:
    found = screen(facts({Topic.ALLERGIES: yes("gluten")}, fillers=("new-powder",)))

    assert said(found) == [("R21", BLOCK)]


def steps(*doses: tuple[int, int], text: str = "") -> tuple[DoseStep, ...]:
    return tuple(
        DoseStep(no=no, dose_ug=dose, days=days, text=text)
        for no, (dose, days) in enumerate(doses, start=1)
    )


@pytest.mark.parametrize(
    ("ordered", "had_ldn", "expected"),
    [
        (steps((4500, 84)), True, []),
        (steps((4501, 84)), True, [("R22", REVIEW)]),
        (steps((6000, 84)), True, [("R22", REVIEW)]),
        (steps((6001, 84)), True, [("R23", BLOCK)]),
        (steps((10_000, 84)), True, [("R23", BLOCK), ("R26", BLOCK)]),
        (steps((45_000, 84)), True, [("R23", BLOCK), ("R26", BLOCK)]),
        (steps((1500, 28)), False, []),
        (steps((1501, 28)), False, [("R24", REVIEW)]),
        (steps((4500, 84)), False, [("R24", REVIEW)]),
        (steps((1500, 28), (3001, 28)), False, [("R24", REVIEW)]),
        (steps((1500, 6), (3000, 28)), False, [("R24", REVIEW)]),
        (steps((1500, 7), (3000, 28)), False, []),
        (steps((1500, 28), (3000, 6)), False, []),
        (steps((99, 28)), False, [("R26", BLOCK)]),
        (steps((100, 28)), False, []),
        (steps((1500, 28), text="Take 1500 mcg at bedtime"), False, [("R26", BLOCK)]),
        (steps((1500, 28), text="Take 1500 \u03bcg at bedtime"), False, [("R26", BLOCK)]),
        (steps((500, 28), text="Take .5 mg at bedtime"), False, [("R26", BLOCK)]),
        (steps((1000, 28), text="Take 1.0 mg at bedtime"), False, [("R26", BLOCK)]),
        (steps((500, 28), text="Take 0.5 mg at bedtime"), False, []),
        (steps((1500, 28), text="Take 1.5 mg SR at bedtime"), False, [("R27", BLOCK)]),
        (steps((1500, 28), text="Take 1.5 mg as needed"), False, [("R27", BLOCK)]),
        (steps((1500, 28), text="Take 0.75 mg twice a day"), False, [("R27", BLOCK)]),
        (steps((1500, 28), text="Increase slowly, per our plan"), False, []),
    ],
)
def test_doses_are_judged(
    ordered: tuple[DoseStep, ...], had_ldn: bool, expected: list[tuple[str, Severity]]
) -> None:
    assert said(screen(facts(steps=ordered, had_ldn_before=had_ldn))) == expected


def test_the_ten_fold_error_is_named() -> None:
    """domain.md E14: `45 mg` for `4.5 mg`."""
    found = screen(facts(steps=steps((45_000, 84)), had_ldn_before=True))

    assert found[0].inputs["ten_times_a_usual_dose"] == ["1"]


@pytest.mark.parametrize("topic", list(Topic))
def test_not_asked_is_not_no(topic: Topic) -> None:
    asked = {one: answer for one, answer in ALL_NO.items() if one is not topic}
    found = screen(replace(QUIET, answers=asked, had_ldn_before=True))

    counselled = topic in {Topic.ALCOHOL, Topic.SURGERY}
    assert [one.severity for one in found] == [COUNSEL if counselled else BLOCK]
    assert found[0].inputs == {"topic": topic.value, "state": "not-asked"}
    assert not found[0].rule.is_overridable


def test_a_patient_of_whom_nothing_is_known_is_asked_everything() -> None:
    """How the last step went is asked of nobody who had none."""
    anew, again = replace(QUIET, answers={}), replace(QUIET, answers={}, had_ldn_before=True)

    assert [len(screen(each)) for each in (anew, again)] == [15, 16]


@pytest.mark.parametrize(
    ("gender", "missing"), [("male", 0), ("female", 2), ("other", 2), ("unknown", 2)]
)
def test_only_of_men_pregnancy_is_not_asked(gender: str, missing: int) -> None:
    left_out = {Topic.PREGNANCY, Topic.BREASTFEEDING}
    asked = {topic: answer for topic, answer in ALL_NO.items() if topic not in left_out}

    assert len(screen(replace(QUIET, gender=gender, answers=asked))) == missing


@pytest.mark.parametrize(
    ("topic", "severity"),
    [(Topic.OPIOIDS, BLOCK), (Topic.TRANSPLANT, BLOCK), (Topic.MOOD, REVIEW)],
)
def test_not_known_is_not_no_either(topic: Topic, severity: Severity) -> None:
    unknown = Said(reply=Reply.UNKNOWN, asked_on=TODAY)

    found = screen(facts({topic: unknown}))

    assert [(one.severity, one.inputs["state"]) for one in found] == [(severity, "not-known")]


@pytest.mark.parametrize(
    ("topic", "days", "states"),
    [
        (Topic.LIVER, 180, []),
        (Topic.LIVER, 181, ["asked-too-long-ago"]),
        (Topic.OPIOIDS, 30, []),
        (Topic.OPIOIDS, 31, ["asked-too-long-ago"]),
    ],
)
def test_an_answer_counts_for_a_time(topic: Topic, days: int, states: list[str]) -> None:
    old = Said(reply=Reply.NO, asked_on=TODAY - timedelta(days=days))

    assert [one.inputs["state"] for one in screen(facts({topic: old}))] == states


def test_at_a_later_fill_opioids_are_asked_about_again() -> None:
    asked = Said(reply=Reply.NO, asked_on=TODAY - timedelta(days=15))
    later = Limits(opioid_answer_days=14)

    assert screen(facts({Topic.OPIOIDS: asked})) == []
    assert said(screen(facts({Topic.OPIOIDS: asked}, limits=later))) == [("N01", BLOCK)]


def test_surgery_is_counselled_with_the_day_to_stop() -> None:
    found = screen(facts({Topic.SURGERY: yes(on=date(2026, 5, 4))}))

    assert found[0].inputs == {"surgery_on": "2026-05-04", "last_dose_before": "2026-05-01"}


def test_a_code_of_two_ingredients_is_the_opioid_in_it() -> None:
    """domain.md 4.2: hydrocodone with acetaminophen is RxNorm 214182."""
    found = screen(facts({Topic.MEDICINES: takes(medicine(rxnorm="214182"))}))

    assert said(found) == [("R01", BLOCK)]
