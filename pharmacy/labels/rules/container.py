"""The words of one container label."""

from pharmacy.kernel.refusals import Invalid
from pharmacy.labels.rules import wording
from pharmacy.labels.rules.content import ContainerLabel
from pharmacy.labels.rules.copies import DATED_ANEW, code_of
from pharmacy.labels.rules.facts import ContainerFacts, OrderFacts
from pharmacy.labels.rules.texts import ENGLISH, KEYS, Part, Texts


class DirectionsUnknown(Invalid):
    """A plan asks for directions that we have no reviewed words for."""

    code = "label-directions-unknown"
    remedy = "Choose a strategy that has a standard direction."


class DosesDoNotAddUp(Invalid):
    """The capsules of a container are not a whole number of doses for its dates."""

    code = "label-doses-do-not-add-up"
    remedy = "Allocate the order again; do not dispense from these containers."


def container_label(
    order: OrderFacts, container: ContainerFacts, words: Texts, english: Texts
) -> ContainerLabel:
    """
    Put the facts of one container into the words of its label.

    What the patient acts on is in their language: directions, dates, doses and statements. The
    name and strength of the medicine, and the facts that a pharmacy asks about, are in English on
    every label; so are the directions once more, outside of the patient's cluster, since a
    translation never stands alone (BPC 4076.6; domain.md 3.6).

    Args:
        words: In the patient's language.
        english: The English words, which are the same where the patient reads English.

    Raises:
        DirectionsUnknown: There are no words for the directions.
        DosesDoNotAddUp: Capsules, dates and capsules a dose contradict each other.
    """
    days = _doses(container)
    when = (container.first_dose_on, container.last_dose_on)
    return ContainerLabel(
        patient=order.patient,
        drug=english["drug"],
        strength=f"{wording.strength(container.strength_ug)} capsule",
        directions=directions(container.directions, words),
        dates=wording.span(*when, words),
        doses=f"({wording.counted(days, 'dose', words)})",
        rx_number=str(order.rx_number),
        container_code=code_of(container.code, container.copy_no),
        step=wording.step(container.step_no, container.steps, words),
        part=f"{container.part_no} of {container.parts}",
        filled_on=wording.day(order.filled_on, english),
        quantity=wording.capsules(container.quantity),
        prescriber=order.prescriber,
        refills=wording.refills(
            order.refills_left, order.refill_doses_ug, order.valid_until, english
        ),
        lot=container.lot_number,
        discard_after=wording.day(container.beyond_use_on, english),
        capsule=_sentence(container.description),
        filler=f"Filler: {container.filler}." if container.filler.strip() else "",
        pharmacy=order.pharmacy,
        address=order.address,
        phone=wording.phone(order.phone),
        route=words["route"],
        storage=words["storage"],
        compounded=words["compounded"],
        auxiliaries=_warnings(container, words),
        purpose=_purpose(order, words, english),
        reprint=DATED_ANEW if container.copy_no > 1 else "",
        **_translated(container, words, english),
    )


def _warnings(container: ContainerFacts, words: Texts) -> tuple[str, ...]:
    """Return what is printed on every container, the first in bold."""
    beyond_use = words.filled("warn.discard", date=wording.day(container.beyond_use_on, words))
    return (
        words["warn.opioids"],
        *([] if words.language == ENGLISH else [beyond_use]),
        words["warn.children"],
    )


def _purpose(order: OrderFacts, words: Texts, english: Texts) -> str:
    """Say why it is taken. The words are the prescriber's own, in every language."""
    if not order.purpose:
        return ""
    known = words if "purpose" in words.by_key else english  # a version from before it was added
    return known.filled("purpose", purpose=order.purpose)


def _translated(container: ContainerFacts, words: Texts, english: Texts) -> dict[str, str]:
    """Return what only a translated label has; the rest of them stays as it was before."""
    if words.language == ENGLISH:
        return {}
    return {
        "language": words.language,
        "also": english.filled(
            "also",
            directions=directions(container.directions, english),
            dates=wording.span(container.first_dose_on, container.last_dose_on, english),
        ),
        "until": words["date.until"],
        "onward": words["onward"],
        "second": words["second"],
    }


def directions(key: str, words: Texts) -> str:
    """Return the standard phrase of a key. Raises DirectionsUnknown."""
    if key not in KEYS[Part.DIRECTIONS]:
        raise DirectionsUnknown("there are no words for these directions", directions=key)
    return words[key]


def _doses(container: ContainerFacts) -> int:
    days = (container.last_dose_on - container.first_dose_on).days + 1
    if days * container.capsules_per_dose != container.quantity:
        raise DosesDoNotAddUp(
            "the capsules are not one dose for each date",
            days=days,
            capsules=container.quantity,
            each=container.capsules_per_dose,
        )
    return days


def _sentence(words: str) -> str:
    text = words.strip()
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""
