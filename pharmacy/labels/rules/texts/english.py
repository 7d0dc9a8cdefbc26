"""The English words that this program brings along: each with its source, reviewed and in force."""

from typing import Final

from pharmacy.labels.rules.texts.catalog import Part, Shipped, Words

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

LABEL: Final = {
    "drug": Words("Naltrexone hydrochloride", "domain.md 5.1; label strength is the salt"),
    "route": Words("By mouth.", "USP <795>"),
    "storage": Words(
        "Store at room temperature, keep dry, protect from light.", "domain.md 5.1; USP <795>"
    ),
    "compounded": Words("This medicine was compounded by our pharmacy for you.", "domain.md 3.6"),
    "warn.opioids": Words("Do not take with opioid medicines.", "domain.md 3.7"),
    "warn.children": Words("Keep out of reach of children.", "domain.md 3.7"),
    "warn.discard": Words("Do not use it after {date}.", NOTE),
    "also": Words("In English: {directions}, {dates}.", "BPC 4076.6"),
    "purpose": Words("For: {purpose}", "16 CCR 1707.5(a)(1)(D)"),
    "onward": Words("More on label 2 of 2.", "policy"),
    "second": Words("Label 2 of 2 of this container", "policy"),
    "step": Words("Step {no} of {steps}", "domain.md 5.1"),
    "steady": Words("Steady dose", "policy"),
    "dose.one": Words("1 dose", "domain.md 5.1"),
    "dose.many": Words("{count} doses", "domain.md 5.1"),
    "refills": Words("{left}, until {date}", "Cal. HSC 111480"),
    "refills.of": Words("{left} ({strength}), until {date}", "domain.md rule 7"),
    "date.weekdays": Words("Mon Tue Wed Thu Fri Sat Sun", "policy"),
    "date.months": Words("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", "policy"),
    "date.until": Words("to", "policy"),
}
"""`steady` stands instead of "Step 1 of 1", which reads like a titration that begins again."""

LEAFLET: Final = {
    "title": Words("Your low-dose naltrexone", "policy"),
    "capsules": Words("{drug} capsules", "domain.md 5.1"),
    "ordered": Words("{drug}, ordered by {prescriber}", "domain.md 5.1"),
    "filled": Words("Filled {date}. Refills left: {refills}.", "domain.md 5.1"),
    "discard": Words("Discard after {date}.", "domain.md 5.1"),
    "steps.label": Words("Label", "policy"),
    "steps.dose": Words("Dose", "policy"),
    "steps.dates": Words("From and to", "policy"),
    "steps.take": Words("What to take", "policy"),
    "each": Words("{directions} ({strength} each)", "domain.md 1.3"),
    "night.one": Words("1 night", "policy"),
    "night.many": Words("{count} nights", "policy"),
    "day.one": Words("1 day", "policy"),
    "day.many": Words("{count} days", "policy"),
    "calendar": Words("Your calendar", "policy"),
    "calendar.hint": Words(
        "Each shade is one step. Cross out each dose that you have taken.", "policy"
    ),
    "date.month-names": Words(
        "January February March April May June July August September October November December",
        "policy",
    ),
    "date.initials": Words("S M T W T F S", "policy"),
    "questions": Words("Questions? Call our pharmacist: {phone}", "1707.2"),
    "page": Words("Page {no} of {pages}", "policy"),
    "signed": Words("Signed prescription: SHA-256 {digest}", "policy"),
    "how": Words("How to take it", NOTE),
    "how.bedtime": Words("Take this medicine by mouth once a day at bedtime.", NOTE),
    "how.why": Words(
        "Taking it at night is meant to match your body's own night-time endorphin cycle.", NOTE
    ),
    "how.acts": Words("It acts between 2 and 4 in the morning.", "clinic note; domain.md 5.2"),
    "how.morning": Words("Take this medicine by mouth once a day in the morning.", NOTE),
    "how.once": Words("Take this medicine by mouth once a day.", NOTE),
    "how.label": Words("Each label says when: at bedtime or in the morning.", "domain.md 1.4"),
    "how.never": Words("Never take two doses on the same day.", NOTE),
    "told": Words("What you told us", "domain.md 4.1"),
    "told.R13": Words(
        "You told us that surgery or a procedure is planned. Ask us now when to stop and when to "
        "start again.",
        "domain.md R13",
    ),
    "told.R15": Words(
        "You told us of a cough or diarrhea medicine. Loperamide may not work as well now. Ask us "
        "before you take it.",
        "domain.md R15, unconfirmed",
    ),
    "told.R17": Words(
        "You told us that you drink alcohol. It is safer to drink little or none.", "domain.md R17"
    ),
    "next": Words("Before the next strength", NOTE),
    "next.start": Words("Start each container on the first date on its label.", NOTE),
    "next.wait": Words("Do not go to the next strength before the date shown.", NOTE),
    "next.late": Words(
        "If you start late, move every date by as many days. Each step keeps its length.",
        "domain.md 1.3, 1.4",
    ),
    "next.unwell": Words("Stay at your present dose if you do not feel well and call us.", NOTE),
    "next.one": Words("Take from one container at a time.", "policy: strengths are not swapped"),
    "missed": Words("If you miss a dose", NOTE),
    "missed.night": Words("If you remember the same night, take it. If not, skip it.", NOTE),
    "missed.day": Words("If you remember the same day, take it. If not, skip it.", "domain.md 1.4"),
    "missed.never": Words("Never take two doses at once.", NOTE),
    "sleep": Words("Sleep and dreams", NOTE),
    "sleep.dreams": Words(
        "You may have trouble sleeping or vivid dreams or nightmares, mostly in the first weeks.",
        NOTE,
    ),
    "sleep.morning": Words(
        "If this bothers you, call us or your prescriber. You may be able to take it in the "
        "morning instead. Do not take both.",
        NOTE,
    ),
    "sleep.call": Words("If this bothers you, call us or your prescriber.", NOTE),
    "stomach": Words("Upset stomach", NOTE),
    "stomach.stay": Words(
        "If you get diarrhea, stomach pain or nausea, do not increase the dose.", NOTE
    ),
    "stomach.best": Words(
        "Stay at the highest dose that did not bother you and tell your prescriber.", NOTE
    ),
    "time": Words("Give it time", NOTE),
    "time.months": Words("It can take 3 to 6 months of regular use to feel the full effect.", NOTE),
    "opioids": Words("Do not take opioid medicines", NOTE),
    "opioids.which": Words(
        "Do not take opioid pain, cough or diarrhea medicines. Some of these are codeine, "
        "hydrocodone, oxycodone, tramadol, morphine, methadone and buprenorphine.",
        NOTE,
    ),
    "opioids.why": Words("They may not work, or you may go into sudden withdrawal.", NOTE),
    "opioids.tell": Words("Tell every doctor and dentist that you take naltrexone.", NOTE),
    "opioids.after": Words("After you stop, you can be more sensitive to opioids.", NOTE),
    "surgery": Words("If you need surgery", NOTE),
    "surgery.tell": Words("Tell the surgeon that you take naltrexone.", NOTE),
    "surgery.stop": Words("Ask when to stop. It is usually 2 to 3 days before.", NOTE),
    "surgery.again": Words("Ask us before you start again.", "domain.md 1.4"),
    "alcohol": Words("Alcohol and your liver", NOTE),
    "alcohol.limit": Words("Limit alcohol.", NOTE),
    "alcohol.call": Words(
        "Call us if you get yellow skin or eyes, dark urine or feel very tired.", NOTE
    ),
    "pregnancy": Words("Pregnancy and breastfeeding", NOTE),
    "pregnancy.known": Words("There is not enough information about use in pregnancy.", NOTE),
    "pregnancy.tell": Words(
        "Tell us if you are or may become pregnant, or if you breastfeed.", NOTE
    ),
    "keeping": Words("Keeping and throwing away", NOTE),
    "keeping.where": Words(
        "Keep it at room temperature, dry, away from light and out of reach of children.", NOTE
    ),
    "keeping.until": Words("Do not use it after the date on the label.", NOTE),
    "keeping.away": Words("Take what is left to a drug take-back site. Do not flush it.", NOTE),
    "about": Words("About this medicine", NOTE),
    "about.made": Words("This medicine was made for you by a compounding pharmacy.", NOTE),
    "about.compounded": Words("Compounded medicines are not FDA-approved.", NOTE),
    "about.use": Words(
        "This use of naltrexone is not an FDA-approved use. The approved uses are treatment of "
        "alcohol dependence and opioid blockade.",
        NOTE,
    ),
    "help": Words("Get help", NOTE),
    "help.emergency": Words("In an emergency call 911.", NOTE),
    "help.poison": Words("If somebody took too much, call Poison Control at 1-800-222-1222.", NOTE),
    "help.talk": Words(
        "You have the right to talk with our pharmacist about this medicine.", "1707.2"
    ),
}

SHIPPED: Final[Shipped] = {
    Part.DIRECTIONS: DIRECTIONS,
    Part.LABEL: LABEL,
    Part.LEAFLET: LEAFLET,
}
