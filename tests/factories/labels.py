"""Facts of labels and leaflets, without a database."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from pharmacy.labels import operations
from pharmacy.labels.rules.container import container_label
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.facts import ContainerFacts, OrderFacts, StepFacts
from pharmacy.labels.rules.texts import KEYS, SHIPPED_ENGLISH, Part, Texts, shipped
from pharmacy.staff.rules import Actor

FIRST_DOSE = date(2026, 1, 5)


def make_order_facts(**changes: Any) -> OrderFacts:
    """Return what the labels of the sample order have in common."""
    facts = OrderFacts(
        rx_number=100001,
        filled_on=date(2026, 1, 4),
        patient="Avery M Testpatient",
        prescriber="Jordan Testprescriber, MD",
        refills_left=1,
        valid_until=date(2026, 9, 1),
        signed_sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        pharmacy="Example Compounding Pharmacy",
        address=("100 Sample Avenue", "Houston, TX 77002"),
        phone="+1-555-010-0100",
        phone_hours="Mon to Sat, 9 am to 6 pm",
    )
    return replace(facts, **changes)


def make_container_facts(no: int = 1, **changes: Any) -> ContainerFacts:
    """Return one container of the clinic's titration: 1.5, 3 and 4.5 mg, 28 nights each."""
    first_on = FIRST_DOSE + timedelta(days=28 * (no - 1))
    facts = ContainerFacts(
        code=f"ctr_06a1b2c3d4e5f6g7h8j9k0m1n{no}",
        part_no=no,
        parts=3,
        step_no=no,
        steps=3,
        strength_ug=1500 * no,
        capsules_per_dose=1,
        quantity=28,
        directions="take-1-bedtime",
        first_dose_on=first_on,
        last_dose_on=first_on + timedelta(days=27),
        lot_number=f"LDN{15 * no}-260103",
        beyond_use_on=date(2026, 7, 1),
        description="white, size 3",
        filler="microcrystalline cellulose",
    )
    return replace(facts, **changes)


def make_steps(
    doses_ug: tuple[int, ...] = (1500, 3000, 4500), *, days: int = 28
) -> list[StepFacts]:
    """Return dated steps of one capsule each at bedtime."""
    return [
        StepFacts(
            no=no,
            steps=len(doses_ug),
            dose_ug=dose_ug,
            strength_ug=dose_ug,
            days=days,
            directions="take-1-bedtime",
            first_on=FIRST_DOSE + timedelta(days=days * (no - 1)),
            last_on=FIRST_DOSE + timedelta(days=days * no - 1),
        )
        for no, dose_ug in enumerate(doses_ug, start=1)
    ]


def make_spanish() -> Texts:
    """Return Spanish words as a pharmacist approved them; the directions are made up for tests."""
    directions = {
        f"take-{count}-{time}": f"Tome {count} cápsula{'s' * (count > 1)} {phrase}"
        for count in (1, 2, 3)
        for time, phrase in (("bedtime", "al acostarse"), ("morning", "en la mañana"))
    }
    texts = {key: text for part in Part for key, text in shipped("es", part).items()}
    return Texts(language="es", by_key=texts | directions, versions="all 1")


def make_label(**changes: Any) -> ContainerLabel:
    """Return the first container's label, with some of its texts changed."""
    return replace(worded(make_order_facts(), make_container_facts()), **changes)


def worded(
    order: OrderFacts, container: ContainerFacts, words: Texts = SHIPPED_ENGLISH
) -> ContainerLabel:
    """Return a container's label in the words that this program brings along, or in others."""
    return container_label(order, container, words, SHIPPED_ENGLISH)


def approve_spanish(session: Session, *, writer: Actor, approver: Actor, now: datetime) -> None:
    """Put Spanish in force: the directions written in, the rest as it is shipped."""
    words = make_spanish()
    directions = {key: words[key] for key in KEYS[Part.DIRECTIONS]}
    for part in Part:
        edition = operations.draft_texts(
            session,
            "es",
            part,
            directions if part is Part.DIRECTIONS else {},
            reason="For patients who read Spanish",
            by=writer,
            now=now,
        )
        operations.approve_texts(session, "es", part, edition.version, by=approver, now=now)
